"""The verdict of the scanner on the pages of firm and staff, in Chromium, wide and narrow."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, expect

from applications.models import Application
from applications.services.intake import drafting
from portal.core.clock import now
from portal.models import ScannedFile
from portal.uploads import files
from tests.factories import programs, staff
from tests.factories.applications import AttachmentFactory, CompanyFactory, SiteFactory, member_of
from tests.portal.browsing import check, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
VERDICTS = {"waiting": "검사 중", "passed": "검사 통과", "quarantined": "격리"}


@pytest.fixture(autouse=True)
def scanned(settings) -> None:
    settings.SCANNER = ("127.0.0.1", 1)  # only asked by jobs


def judged(application: Application) -> None:
    """Give an application a paper of each verdict."""
    for verdict in VERDICTS:
        name = files.store_bytes(verdict.encode())
        title = f"스마트공장 구축 사업 계획서와 견적 비교표 {verdict}.pdf"
        AttachmentFactory(application=application, requirement="quote", file=name, name=title)
        ScannedFile.objects.create(
            name=name,
            title=title,
            size=1,
            sha256="0" * 64,
            verdict=verdict,
            signature="Win.Test.EICAR_HDB-1" if verdict == "quarantined" else "",
            stored_at=timezone.now(),
            checked_at=None if verdict == "waiting" else timezone.now(),
        )


def test_a_firm_reads_the_verdict_beside_each_paper(live_server, context: BrowserContext) -> None:
    programs.load_open(now())
    company = CompanyFactory()
    draft = drafting.start(
        programs.program("robot"),
        site=SiteFactory(company=company),
        by=member_of(company),
        now=now(),
    )
    judged(draft)
    page = signed_in(context, live_server.url, draft.created_by)
    for path in (f"/applications/{draft.pk}/edit/documents/", f"/applications/{draft.pk}/review/"):
        check(page, live_server.url + path)
        for words in VERDICTS.values():
            expect(page.locator(".scan-state", has_text=words)).to_have_count(1)


def test_staff_read_it_beside_the_paper_and_in_the_list(live_server, context) -> None:
    program = staff.program()
    filed = staff.filed(program)
    judged(filed)
    page = signed_in(context, live_server.url, staff.officer(program), second_factor=True)
    shown_at = reverse("admin:applications_application_change", args=[filed.pk])
    check(page, f"{live_server.url}{shown_at}?tab=papers")
    for words in VERDICTS.values():
        expect(page.locator(".scan-state", has_text=words)).to_have_count(1)
    page = signed_in(context, live_server.url, staff.operator(), second_factor=True)
    check(page, live_server.url + reverse("admin:portal_scannedfile_changelist"))
    expect(page.get_by_text("Win.Test.EICAR_HDB-1")).to_have_count(1)
