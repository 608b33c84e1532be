"""Every form that saves while it is typed: what is valid is kept, what is refused is named at its
field, and the page learns the version that is on the server."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from applications.models import Application, Report, ScoreSheet
from applications.services.assessment import sheets
from applications.services.intake import drafting
from portal.core.clock import now
from tests.factories import programs, reports, staff
from tests.factories import vouchers as panel
from tests.factories.agreements import World
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    SiteFactory,
    member_of,
)
from vouchers.models import ConsumerReport, PanelApplication

pytestmark = pytest.mark.django_db


@dataclass
class Case:
    """A page, a valid and a refused value, and how to read what is stored."""

    client: Client
    url: str
    first: dict[str, Any]  # a whole valid save
    valid: dict[str, Any]  # what changes and is right
    refused: dict[str, Any]  # what changes and is wrong, by its field
    read: Callable[[], dict[str, Any]]  # version, valid and refused as stored


def _step() -> Case:
    programs.load_open(now())
    company = CompanyFactory()
    user = member_of(company)
    site = SiteFactory(company=company)
    draft = drafting.start(programs.program("robot"), site=site, by=user, now=now())
    client = Client()
    client.force_login(user)

    one, other = (row["code"] for row in draft.sub_program.cost_items[:2])

    def read() -> dict[str, Any]:
        row = Application.objects.get(pk=draft.pk).sections.get(name="cost")
        return {"version": row.version, "valid": row.data[one], "refused": row.data[other]}

    return Case(
        client,
        reverse("application_step", args=[draft.pk, "cost"]),
        {"version": 0, "shown": f"{one} {other}", f"q_{one}": "100", f"q_{other}": "100"},
        {f"q_{one}": "2,000"},
        {f"q_{other}": "많이"},
        read,
    )


def _sheet() -> Case:
    program = staff.program()
    judge = staff.assessors(1)[0]
    application = ApplicationFactory(sub_program=program, assessing=True)
    sheet = sheets.assign(application, assessor=judge, by=staff.officer(program), now=NOW)
    sheets.declare(sheet, tied=False, words="", by=judge, now=NOW)
    first = {"version": 1, "comment": "종합"}
    for code, points, _ in staff.CRITERIA:
        first |= {f"mark_{code}": points - 5, f"reason_{code}": "근거"}

    def read() -> dict[str, Any]:
        row = ScoreSheet.objects.get(pk=sheet.pk)
        return {"version": row.version, "valid": row.reasons["need"], "refused": row.marks["need"]}

    url = reverse("assessor_autosave", args=[sheet.pk])
    client = staff.enter(Client(), judge)
    return Case(client, url, first, {"reason_need": "새 근거"}, {"mark_need": 999}, read)


def _consumer_report() -> Case:
    written = reports.written()
    client = Client()
    client.force_login(written.assignment.monitor.user)
    first = {
        "version": written.version,
        "used_from": "2021-01-04",
        "used_to": "2021-02-01",
        **{f"t_{code}": text for code, text in written.texts.items()},
        **{f"r_{code}": value for code, value in written.ratings.items()},
    }
    section = next(iter(written.texts))

    def read() -> dict[str, Any]:
        row = ConsumerReport.objects.get(pk=written.pk)
        return {
            "version": row.version,
            "valid": row.texts[section],
            "refused": row.used_from.isoformat(),
        }

    url = reverse("panel_report", args=[written.assignment_id])
    return Case(client, url, first, {f"t_{section}": "고친 글"}, {"used_from": "어제"}, read)


def _panel_application() -> Case:
    draft = panel.whole_draft(panel.panel())
    client = Client()
    client.force_login(draft.user)

    def read() -> dict[str, Any]:
        row = PanelApplication.objects.get(pk=draft.pk)
        return {"version": row.version, "valid": row.affiliation, "refused": row.phone}

    url = reverse("panel_application", args=[draft.pk])
    first = {**panel.WHOLE, "version": draft.version}
    return Case(client, url, first, {"affiliation": "새 회사"}, {"phone": "0" * 40}, read)


def _agreement_report() -> Case:
    world = World().conclude()
    client = staff.enter(Client(), world.owner)

    def read() -> dict[str, Any]:
        row = Report.objects.get(agreement=world.agreement, kind="progress")
        return {"version": row.version, "valid": row.data["done"], "refused": row.data["percent"]}

    url = reverse("agreement_report", args=[world.application.pk, "progress"])
    first = {"shown": "done percent problems next", "q_done": "설계", "q_percent": "60"}
    return Case(
        client, url, {**first, "version": 0}, {"q_done": "설치"}, {"q_percent": "반쯤"}, read
    )


CASES = {
    "applications/intake/steps/section.html": _step,
    "applications/assessment/sheet.html": _sheet,
    "applications/settlement/report.html": _agreement_report,
    "vouchers/reports/write.html": _consumer_report,
    "vouchers/recruitment/application.html": _panel_application,
}


@pytest.mark.parametrize("template", CASES)
def test_one_refused_field_loses_no_other(template: str) -> None:
    case = CASES[template]()
    headers = {"accept": "application/json"}
    whole = case.client.post(case.url, case.first, headers=headers)
    assert whole.status_code == 200, whole.content
    before = case.read()
    sent = {**case.first, **case.valid, **case.refused, "version": before["version"]}
    answer = case.client.post(case.url, sent, headers=headers)
    body, after = answer.json(), case.read()
    assert answer.status_code in (400, 422)
    assert [row["field"] for row in body["findings"]] == list(case.refused)
    assert all(row["message"] for row in body["findings"])
    assert "1개 항목" in body["message"]
    assert str(after["valid"]).replace(",", "") == next(iter(case.valid.values())).replace(",", "")
    assert after["refused"] == before["refused"]
    assert body["version"] == after["version"] == before["version"] + 1
    mended = {**case.first, **case.valid, "version": body["version"]}
    assert case.client.post(case.url, mended, headers=headers).status_code == 200


def test_every_form_that_saves_while_it_is_typed_is_in_the_table() -> None:
    folder = Path(settings.BASE_DIR) / "templates"
    found = {
        str(path.relative_to(folder))
        for path in folder.rglob("*.html")
        if re.search(r"<form[^>]*data-autosave", path.read_text())
    }
    assert found == set(CASES)
