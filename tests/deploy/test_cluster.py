"""A portal on several hosts: firms of all seven programmes file while each process is killed once."""

import io
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.cookies import SimpleCookie

import pytest
import requests
from pypdf import PdfReader

from bench.cluster import Cluster, cluster
from bench.parts.cluster import killing, manage, open_rounds, query
from demo.samples import sample_pdf
from tests.applications.views.intake.filling import Controls
from tests.deploy.drive import Visitor

SEVEN = ["build", "robot", "cloud", "meister", "capability", "level-check", "aftercare"]
OF_EACH, PACE = 2, 4.0  # firms of each programme, and seconds from one to the next
NAME = "쓴 것.pdf"
PATIENCE = 120  # seconds for which a firm comes back
AWAY = (requests.ConnectionError, requests.Timeout)


class Firm(Visitor):
    """A signed-in browser that comes back while the portal cannot serve, as its pages ask."""

    def __init__(self, running: Cluster, cookies: str) -> None:
        super().__init__(running.stack)
        for name, morsel in SimpleCookie(cookies).items():
            self.client.cookies.set(name, morsel.value, secure=True)

    def patiently(self, method: str, path: str, **sent: object) -> requests.Response:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.client.request(method, self.stack.base_url + path, timeout=40, **sent)
                if answer.status_code < 500 and answer.status_code != 202:
                    return answer
                seen = f"{answer.status_code}"
            except AWAY as error:
                seen = type(error).__name__
            assert time.monotonic() < until, f"{path}: {seen}"
            time.sleep(1)

    def page(self, path: str) -> str:
        answer = self.patiently("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    def press(self, path: str, given: dict[str, object], *, on: str, **files: object) -> str:
        """Send a form of the page `on`; return the page to which it leads."""
        token = Controls(self.page(on)).values["csrfmiddlewaretoken"][0]
        answer = self.patiently(
            "POST",
            path,
            data={**given, "csrfmiddlewaretoken": token},
            files=files or None,
            headers={"Referer": self.stack.base_url + on},
        )
        # 404: sent again, it had been done.
        assert answer.status_code in (200, 400, 404, 409), answer.status_code
        return answer.text


@dataclass(frozen=True)
class Filed:
    """What the portal has acknowledged: a receipt's number, and a paper that was uploaded."""

    firm: Firm
    number: int
    receipt: str
    own: bytes


def replace_a_paper(firm: Firm, path: str, own: bytes) -> None:
    """Take a paper out of a draft and put another in its place."""
    page = firm.page(path)
    taken, asked = (
        re.search(rf'name="{name}" value="([\w-]+)"', page)
        for name in ("attachment", "requirement")
    )
    assert taken, page
    assert asked, page
    firm.press(path, {"act": "remove", "attachment": taken[1]}, on=path)
    given = {"act": "upload", "requirement": asked[1]}
    page = firm.press(path, given, on=path, files=(NAME, own, "application/pdf"))
    assert NAME in page, page


def file_one(firm: Firm, number: int, lacking: str) -> Filed:
    """Upload the lacking paper and file, coming back until that is acknowledged."""
    base, own = f"/applications/{number}", sample_pdf(f"cluster {number}")
    documents = f"{base}/edit/documents/"
    for _ in range(5):  # who is told to look again, because a host died meanwhile, does so
        given = {"act": "upload", "requirement": lacking}
        firm.press(documents, given, on=documents, files=(NAME, own, "application/pdf"))
        if NAME in (page := firm.page(documents)):
            break
    else:
        raise AssertionError(page)
    for _ in range(5):  # whoever sends it again gets the same receipt
        seen = Controls(firm.page(f"{base}/review/")).values.get("seen", [""])[0]
        page = firm.press(
            f"{base}/submit/", {"confirmed": "on", "seen": seen}, on=f"{base}/review/"
        )
        if receipt := re.search(r"2021-\S+?-1차-\d{6}", page):
            return Filed(firm, number, receipt[0], own)
    raise AssertionError(page[:3000])


@pytest.fixture(scope="module")
def running() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture(scope="module")
def firms(running: Cluster) -> list[tuple[Firm, int, str]]:
    """Make two drafts of each programme that lack one paper; return firm, number and that paper."""
    open_rounds(running)
    for code in SEVEN:
        words = ["seed_bulk", "--applications", str(OF_EACH), "--program", code, "--stage", "draft"]
        manage(running, "migrate", *words)
    lacking = query(
        running,
        "UPDATE applications_attachment SET removed_at = now() WHERE id IN"
        " (SELECT min(id) FROM applications_attachment GROUP BY application_id)"
        " RETURNING application_id, requirement",
    )
    options = json.dumps({"drafts": OF_EACH * len(SEVEN)})
    made = json.loads(manage(running, "web", "bench", "--run", "cluster", "--options", options))
    found = []
    for text in made["requests"]:
        cookies, number = re.search(r"\r\nCookie: ([^\r]+)", text), int(text.split("/")[2])
        assert cookies
        found.append((Firm(running, cookies[1]), number, dict(lacking)[number]))
    return found


@pytest.mark.compose
@pytest.mark.xdist_group("compose")
def test_what_was_acknowledged_is_stored_whatever_was_killed(
    running: Cluster, firms: list[tuple[Firm, int, str]]
) -> None:
    rows = query(
        running,
        "SELECT DISTINCT p.code FROM applications_application a"
        " JOIN programs_subprogram p ON p.id = a.sub_program_id",
    )
    assert {code for (code,) in rows} == set(SEVEN)
    with killing(running) as killed, ThreadPoolExecutor(len(firms)) as pool:
        begun = []
        for firm in firms:  # one begins about as often as a process is killed
            begun.append(pool.submit(file_one, *firm))
            time.sleep(PACE)
        filed = [each.result() for each in begun]
    assert not killed.failed
    assert killed.names == running.names
    assert len({each.receipt for each in filed}) == len(firms)
    stored = query(running, "SELECT application_id, number FROM applications_submission")
    assert dict(stored) == {each.number: each.receipt for each in filed}
    for each in filed:
        can_be_read(each)
    assert "어긋난 것 0개" in manage(running, "worker", "verify_audit", "--seal")
    manage(running, "worker", "verify_files")


def can_be_read(filed: Filed) -> None:
    """Read the paper back as it was uploaded, and the receipt that a worker printed."""
    base = f"/applications/{filed.number}"
    page = filed.firm.page(f"{base}/")
    papers = [
        filed.firm.patiently("GET", path).content
        for path in sorted(set(re.findall(r"/attachments/\d+/", page)))
    ]
    assert filed.own in papers
    until = time.monotonic() + PATIENCE
    while "download=1" not in filed.firm.page(f"{base}/documents/receipt/"):
        assert time.monotonic() < until, filed.receipt
        time.sleep(1)
    pdf = filed.firm.patiently("GET", f"{base}/documents/receipt/?download=1").content
    text = "".join(leaf.extract_text() for leaf in PdfReader(io.BytesIO(pdf)).pages)
    assert filed.receipt in text
