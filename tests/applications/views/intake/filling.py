"""Fill in the pages as a person does: read the page, answer its controls, press its button."""

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

from applications.models import Application, Partner
from applications.services.intake import partners
from demo.applications import answers
from portal.core.clock import KST, now
from programs.models import SubProgram, Track
from tests.factories.applications import (
    CompanyFactory,
    SiteFactory,
    member_of,
)


class Controls(HTMLParser):
    """The controls of a page's form that has the field `q_…` or `version`, with their values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        name = found.get("name") or ""
        if tag not in ("input", "textarea", "select") or not name:
            return
        self.names.add(name)
        ticked = found.get("type") not in ("radio", "checkbox") or "checked" in found
        if tag == "input" and ticked and found.get("type") != "file":
            self.values.setdefault(name, []).append(found.get("value") or "")
        self._area = name if tag == "textarea" else ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.values[self._area] = [data.removeprefix("\n")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.values.setdefault(self._area, [""])
            self._area = ""


def form_data(value: Any, name: str) -> dict[str, Any]:
    """Write one answer the way its control sends it."""
    if isinstance(value, bool):
        return {name: "true" if value else "false"}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {
            f"{name}-{place}-{code}": cell
            for place, row in enumerate(value)
            for code, cell in row.items()
        }
    return {name: value}


def send(client: Client, url: str, given: Mapping[str, Any], act: str = "next") -> HttpResponse:
    """Open a step, answer those of its questions that are given, and send it."""
    page = client.get(url).content.decode()
    controls = Controls(page)
    asked = set(controls.values["shown"][0].split())
    sent: dict[str, Any] = {**controls.values, "act": act}
    for code, value in given.items():
        if code in asked:
            sent |= form_data(value, f"q_{code}")
    for name in ("track", *[name for name in controls.names if name.startswith("c_")]):
        if name in given and name in controls.names:
            sent[name] = given[name]
    return client.post(url, sent)


class Applicant:
    """A small company's owner at the keyboard, applying to one sub-programme."""

    def __init__(self, client: Client, program: SubProgram, track: Track | None = None) -> None:
        self.client = client
        self.program = program
        self.track = track or program.tracks.order_by("order").first()
        self.company = CompanyFactory(**self.fitting_company())
        self.site = SiteFactory(company=self.company)
        self.user = member_of(self.company)
        self.answers = answers.find(
            self.track, profile=self.profile(), claim=False, on=now().astimezone(KST).date()
        )
        client.force_login(self.user)

    def fitting_company(self) -> dict[str, Any]:
        """An association where only associations may lead, else a small company."""
        return {"size": "small", "kind": "company"}

    def profile(self) -> dict[str, Any]:
        """The facts that the first condition-free answers are found with."""
        return {
            "company_kind": "company",
            "company_size": "small",
            "industry_code": "25924",
            "founded_on": "2005-01-03",
            "region": "gyeonggi",
            "employees": 30,
        }

    def begin(self) -> Application:
        """Press the button that begins the draft."""
        url = f"/applications/new/{self.program.round.code}/{self.program.code}/"
        answer = self.client.post(url, {"site": self.site.pk})
        assert answer.status_code == 302, answer.content.decode()
        return Application.objects.get(company=self.company)

    def url(self, draft: Application, step: str) -> str:
        return f"/applications/{draft.pk}/edit/{step}/"

    def fill_questions(self, draft: Application) -> None:
        """Walk the steps made of questions; a step is sent until it asks nothing new."""
        given = {**self.answers.profile, **self.answers.values, "track": self.track.code}
        items = [item for item in self.program.cost_items if "sum_of" not in item]
        given |= {item["code"]: 10_000_000 for item in items}  # the page adds up the others
        given["requested_won"] = 20_000_000
        steps = ["company", "plan", "declarations"]
        if self.client.get(self.url(draft, "cost")).status_code == 200:
            steps.insert(2, "cost")
        given |= {f"c_{row['code']}": "yes" for row in self.program.consents}
        for step in steps:
            if step == "cost":  # what the page takes from the tables of the plan stands
                page = self.client.get(self.url(draft, step)).content.decode()
                reckoned = {name for name, (value, *_) in Controls(page).values.items() if value}
                given = {code: v for code, v in given.items() if f"q_{code}" not in reckoned}
            for _ in range(4):
                answer = send(self.client, self.url(draft, step), given)
                assert answer.status_code == 302, errors(answer)
                if answer["Location"] != self.url(draft, step):
                    break

    def fill_documents(self, draft: Application, file: Any) -> None:
        """Upload one file for each required paper."""
        page = self.client.get(self.url(draft, "documents"))
        for row in page.context["rows"]:
            if row["document"]["required"]:
                answer = self.client.post(
                    self.url(draft, "documents"),
                    {"act": "upload", "requirement": row["document"]["code"], "files": file(row)},
                )
                assert answer.status_code == 302, errors(answer)

    def fill_partners(self, draft: Application) -> None:
        """Invite every required partner by the page; each accepts with its own company."""
        for role in self.program.partner_roles:
            if not role["required"]:
                continue
            firm = CompanyFactory()
            answer = self.client.post(
                self.url(draft, "partners"),
                {
                    "act": "invite",
                    "role": role["role"],
                    "company_name": "참여기업",
                    "business_number": firm.business_number,
                    "email": "partner@example.kr",
                },
            )
            assert answer.status_code == 302, errors(answer)
            asked = Partner.objects.get(application=draft, role=role["role"])
            seller = member_of(firm)
            partners.accept(asked, company=firm, by=seller, now=now())
            if "terms" not in role:
                continue
            terms = {"part": "설비 공급", "share_won": "1000", "quote_won": "2000000"}
            answer = self.client.post(
                self.url(draft, "partners"), {"act": "terms", "partner": asked.pk, **terms}
            )
            assert answer.status_code == 302, errors(answer)
            asked.refresh_from_db()
            partners.answer_terms(asked.terms, agree=True, signature="김대표", by=seller, now=now())

    def submit(self, draft: Application) -> HttpResponse:
        """Look at the review page, tick the box and press the button."""
        page = self.client.get(f"/applications/{draft.pk}/review/").content.decode()
        seen = "".join(re.findall(r'name="seen" value="([0-9a-f]{64})"', page))
        sent = {"confirmed": "on", "seen": seen}
        return self.client.post(f"/applications/{draft.pk}/submit/", sent)


def errors(answer: HttpResponse) -> str:
    """The words of the error summary, for a failing test."""
    page = answer.content.decode()
    at = page.find("error-summary")
    return f"{answer.status_code}: {page[at : at + 1500]}" if at >= 0 else str(answer.status_code)
