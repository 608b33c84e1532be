"""One application through the composed processes, as a person's browser would send it."""

import email
import io
import re
import time
from email import policy
from typing import Any

import requests
import yaml
from pypdf import PdfReader

from bench.stack import Stack
from demo.management.commands.seed_applications import SCENARIO
from demo.samples import sample_pdf
from portal.core.validators import check_digit
from tests.applications.views.intake.filling import Controls, form_data
from tests.patience import PATIENCE

PASSWORD = "violet lantern 2021"
ADDRESS = "office@compose.example"
CODE = "aftercare"  # rolling: open whatever the day of the test
PAPERS = (
    "business_registration",
    "sme_certificate",
    "national_tax_clearance",
    "local_tax_clearance",
    "completion",
    "quote",
)
CONSENTS = ("personal_data", "sharing", "verification", "newsletter")


class Visitor:
    """A browser without a screen: reads a page, answers its form, follows where it leads."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.client: requests.Session = stack.session()
        self.filed_by = ""  # the number of the request that filed

    def read(self, path: str) -> requests.Response:
        """Open an address."""
        answer = self.client.get(self.stack.base_url + path, timeout=PATIENCE)
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return answer

    def send(
        self, path: str, given: dict[str, Any], *, to: str = "", **files: Any
    ) -> requests.Response:
        """Fill the form of the page at `path` and send it there or `to` another address."""
        controls = Controls(self.read(path).text)
        token = {"csrfmiddlewaretoken": controls.values["csrfmiddlewaretoken"][0]}
        answer = self.client.post(
            self.stack.base_url + (to or path),
            data=given | token,
            files=files or None,
            headers={"Referer": self.stack.base_url + path},
            timeout=PATIENCE,
        )
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        assert "error-summary" not in answer.text, answer.text[answer.text.find("error-summary") :]
        return answer

    def answer(self, path: str, given: dict[str, Any]) -> requests.Response:
        """Answer those questions of a step that are given, until it asks nothing new."""
        for _ in range(4):
            controls = Controls(self.read(path).text)
            sent: dict[str, Any] = {**controls.values, "act": "next"}
            for code in controls.values["shown"][0].split():
                if code in given:
                    sent |= form_data(given[code], f"q_{code}")
            sent |= {name: "yes" for name in controls.names if name.startswith("c_")}
            if "track" in controls.names:
                sent["track"] = given["track"]
            answer = self.send(path, sent)
            if not answer.url.endswith(path):
                return answer
        raise AssertionError(f"stuck on {path}")

    def letter(self, word: str) -> str:
        """Wait for the letter that has this word: beat and worker send it."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for path in self.stack.mailbox.iterdir():
                for sent in path.read_bytes().split(b"-" * 79):
                    letter = email.message_from_bytes(sent.strip(), policy=policy.default)
                    body = str(letter.get_content()) if letter["Subject"] else ""
                    if word in f"{letter['Subject']}\n{body}":
                        return body
            time.sleep(0.5)
        raise AssertionError(f"no letter with {word}\n{self.stack.log('worker')}")


def drive_one_application(stack: Stack) -> tuple[Visitor, int]:
    """Sign up, register, fill, attach, file; take the receipt that the worker printed, check it.

    Return the visitor and the number of the application. Mails land as files in `stack.mailbox`; the worker and beat of the file do the background work.
    """
    visitor = Visitor(stack)
    programs = visitor.read("/api/v1/programs/").json()["results"]
    assert len(programs) == 7
    sign_up(visitor)
    register(visitor)
    began = visitor.read(f"/applications/new/2021-1/{CODE}/")
    site = Controls(began.text).names and re.search(r'name="site"\s+value="(\d+)"', began.text)
    assert site, began.text
    draft = visitor.send(f"/applications/new/2021-1/{CODE}/", {"site": site.group(1)})
    number = re.search(r"/applications/(\d+)/", draft.url)
    assert number, draft.url
    fill(visitor, int(number.group(1)))
    file_and_check(visitor, int(number.group(1)))
    return visitor, int(number.group(1))


def sign_up(visitor: Visitor) -> None:
    """Make an account with the code that came by mail."""
    visitor.send(
        "/accounts/signup/",
        {"email": ADDRESS, "name": "담당자", "password1": PASSWORD, "password2": PASSWORD},
    )
    body = visitor.letter("코드")
    code = re.search(r"^\s*([A-Z0-9-]{6,9})\s*$", body, re.MULTILINE)
    assert code, body
    visitor.send("/accounts/confirm-email/", {"code": code.group(1)})


def register(visitor: Visitor) -> None:
    """Register a small firm."""
    first = "214810001"
    visitor.send(
        "/companies/new/",
        {
            "business_number": f"{first}{check_digit(first)}",
            "name": "컴포즈정밀",
            "kind": "company",
            "size": "small",
            "industry_code": "25924",
            "founded_on": "2008-05-14",
            "employees": "20",
            "region": "gyeonggi",
            "address": "경기도 안산시 산단로 1",
        },
    )


def fill(visitor: Visitor, draft: int) -> None:
    """Answer every step and attach every paper."""
    scenario = yaml.safe_load(SCENARIO.read_text())
    given = {**scenario["answers"][CODE], **scenario["costs"][CODE], "track": "emergency"}
    declared = dict.fromkeys(
        Controls(visitor.read(f"/applications/{draft}/edit/declarations/").text)
        .values["shown"][0]
        .split(),
        False,
    )
    for step in ("company", "plan", "cost", "declarations"):
        visitor.answer(f"/applications/{draft}/edit/{step}/", declared | given)
    for paper in PAPERS:
        visitor.send(
            f"/applications/{draft}/edit/documents/",
            {"act": "upload", "requirement": paper},
            files=(f"{paper}.pdf", sample_pdf(paper), "application/pdf"),
        )


def file_and_check(visitor: Visitor, draft: int) -> None:
    """File, wait for the receipt, read it back, and check it as anybody may."""
    path = f"/applications/{draft}"
    seen = Controls(visitor.read(f"{path}/review/").text).values["seen"][0]
    given = {"confirmed": "on", "seen": seen}
    filed = visitor.send(f"{path}/review/", given, to=f"{path}/submit/")
    number = re.search(r"2021-사후관리-1차-\d{6}", filed.text)
    assert number, filed.text[:3000]
    visitor.letter(number.group())
    until = time.monotonic() + PATIENCE
    while "download=1" not in (page := visitor.read(f"{path}/documents/receipt/").text):
        assert time.monotonic() < until, page + visitor.stack.log("worker")
        time.sleep(0.5)
    pdf = visitor.read(f"{path}/documents/receipt/?download=1").content
    text = "".join(leaf.extract_text() for leaf in PdfReader(io.BytesIO(pdf)).pages)
    assert number.group() in text
    sha256 = re.search(r"[0-9a-f]{64}", visitor.letter(number.group()))
    assert sha256
    api = f"/api/v1/receipts/{number.group()}/?sha256="
    assert visitor.read(api + sha256.group()).json() == {"valid": True, "withdrawn_at": None}
    assert visitor.read(api + "0" * 64).json() == {"valid": False, "withdrawn_at": None}
    visitor.filed_by = filed.history[0].headers["X-Request-ID"]
