"""Every page with files beside a text: no button loses the text, and a chosen file is stored by
whatever button sends the form."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from applications.models import Report
from portal.core.clock import now
from tests.factories import reports, staff
from tests.factories import vouchers as panel
from tests.factories.agreements import World
from tests.factories.applications import AttachmentFactory, SupplementFactory

pytestmark = pytest.mark.django_db
WORDS = "정성껏 적은 글 <가나다>"
SHOWN = "정성껏 적은 글 &lt;가나다&gt;"


@dataclass
class Case:
    client: Client
    page: str
    text: str  # the name of the field with the text
    file: str  # the name of the field with the file
    others: dict[str, Any]  # what else the form sends
    upload: tuple[str, dict[str, str]]  # address and button of the upload
    save: dict[str, str]  # a button that saves the text, {} where none does
    remove: Callable[[], tuple[str, dict[str, str]]]
    stored: Callable[[], int]


def _supplement() -> Case:
    asked = SupplementFactory(due_at=now() + timedelta(days=1), requirements=["quote"])
    AttachmentFactory(application=asked.application, supplement=asked, requirement="quote")
    client = Client()
    client.force_login(asked.application.created_by)
    url = reverse("application_supplement", args=[asked.application_id])
    files = asked.attachments.filter(removed_at=None)
    return Case(
        client,
        url,
        "answer",
        "quote-files",
        {},
        (url, {"act": "upload:quote"}),
        {},
        lambda: (url, {"remove": str(files.first().pk)}),
        files.count,
    )


def _panel_application() -> Case:
    draft = panel.whole_draft(panel.panel(closes_at=now() + timedelta(days=1)))
    client = Client()
    client.force_login(draft.user)
    files = draft.evidence.filter(removed_at=None)
    return Case(
        client,
        reverse("panel_application", args=[draft.pk]),
        "expertise",
        "file",
        {name: value for name, value in panel.WHOLE.items() if name != "expertise"},
        (reverse("panel_evidence_add", args=[draft.pk]), {}),
        {"act": "save"},
        lambda: (reverse("panel_evidence_remove", args=[files.first().pk]), {}),
        files.count,
    )


def _agreement_report() -> Case:
    world = World().conclude()
    url = reverse("agreement_report", args=[world.application.pk, "progress"])
    report = Report.objects.get(agreement=world.agreement, kind="progress")
    files = report.files.filter(removed_at=None)
    return Case(
        staff.enter(Client(), world.owner),
        url,
        "q_done",
        "files",
        {"shown": "done percent problems next", "q_percent": "60"},
        (url, {"act": "upload"}),
        {"act": "save"},
        lambda: (url, {"remove": str(files.first().pk)}),
        files.count,
    )


def _consumer_report() -> Case:
    written = reports.written()
    client = Client()
    client.force_login(written.assignment.monitor.user)
    section, *rest = written.texts
    others = {f"t_{code}": written.texts[code] for code in rest}
    others |= {f"r_{code}": value for code, value in written.ratings.items()}
    files = written.evidence.filter(removed_at=None)
    return Case(
        client,
        reverse("panel_report", args=[written.assignment_id]),
        f"t_{section}",
        "upload",
        {**others, "used_from": "2021-01-04", "used_to": "2021-02-01", "caption": "화면"},
        (reverse("panel_picture_add", args=[written.assignment_id]), {}),
        {"act": "stay"},
        lambda: (reverse("panel_picture_remove", args=[files.first().pk]), {}),
        files.count,
    )


CASES = [_supplement, _panel_application, _agreement_report, _consumer_report]


@pytest.fixture(params=CASES, ids=lambda make: make.__name__.strip("_"))
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Case:
    made: Case = request.param()
    return made


def press(case: Case, button: tuple[str, dict[str, str]], **sent: Any):
    """Send the form of the page as it is, with this text and this button."""
    page = case.client.get(case.page)
    form = page.context["form"]
    version = {"version": form.initial["version"]} if "version" in form.fields else {}
    url, pressed = button
    data = {**case.others, **version, case.text: WORDS, **pressed, **sent}
    answer = case.client.post(url, data)
    shown = case.client.get(answer["Location"]) if answer.status_code == 302 else answer
    return answer.status_code, shown.content.decode()


def test_an_upload_keeps_the_text_and_stores_the_file(case: Case) -> None:
    before = case.stored()
    good = SimpleUploadedFile("새 파일.png", reports.picture().read())
    status, page = press(case, case.upload, **{case.file: good})
    assert status in (200, 302)
    assert SHOWN in page
    assert case.stored() == before + 1


def test_a_refused_file_keeps_the_text_and_says_why(case: Case) -> None:
    before = case.stored()
    bad = SimpleUploadedFile("새 파일.png", b"MZ program")
    status, page = press(case, case.upload, **{case.file: bad})
    assert status == 400
    assert SHOWN in page
    assert 'data-code="file_' in page
    if case.upload[0] != case.page:  # the page stands at another address now
        assert f'action="{case.page}"' in page
        assert f'data-autosave="{case.page}"' in page
    assert case.stored() == before


def test_taking_a_file_out_keeps_the_text(case: Case) -> None:
    good = SimpleUploadedFile("새 파일.png", reports.picture(colour="#123456").read())
    press(case, case.upload, **{case.file: good})
    before = case.stored()
    status, page = press(case, case.remove())
    assert status in (200, 302)
    assert SHOWN in page
    assert case.stored() == before - 1


def test_a_chosen_file_is_stored_by_the_button_that_saves(case: Case) -> None:
    if not case.save:
        case.save = {"act": "answer"}
    before = case.stored()
    good = SimpleUploadedFile("새 파일.png", reports.picture(colour="#654321").read())
    status, _ = press(case, (case.page, case.save), **{case.file: good})
    assert status == 302
    assert case.stored() == before + 1
