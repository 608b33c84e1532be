"""A withdrawn, refused or last year's application is written again with what the form still asks."""

from datetime import timedelta

import pytest
from django.test import Client

from applications.models import Application, Consent, Partner
from applications.queries.intake import copying as queries
from applications.queries.intake import drafting as drafts_read
from applications.services import box
from applications.services.intake import copying, filing, partners
from applications.states import ApplicationState, MemberRole
from portal.core.errors import Closed, MoveNotAllowed
from portal.models import Notice
from programs.models import SubProgram
from programs.queries import kept
from tests.factories import drafts, programs, staff
from tests.factories.agreements import pdf
from tests.factories.applications import NOW, CompanyFactory, member_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def robot() -> SubProgram:
    programs.load()
    return programs.program("robot")


@pytest.fixture
def earlier(robot: SubProgram) -> Application:
    """A complete draft that was withdrawn, with a dated paper, an undated one and a partner."""
    draft = drafts.complete(robot)
    by = draft.created_by
    for kind, days in (("national_tax_clearance", 0), ("local_tax_clearance", 20)):
        draft.attachments.filter(requirement=kind).delete()
        paper = box.put(
            draft.company,
            kind=kind,
            issued_on=NOW.date() - timedelta(days=days),
            valid_until=None,
            upload=pdf(),
            by=by,
            now=NOW,
        )
        box.use(draft, requirement=kind, paper=paper, by=by, now=NOW)
    draft.partners.all().delete()
    firm = CompanyFactory()
    asked = partners.invite(
        draft, role="supplier", company_name="공급", email="seller@example.kr", part="로봇 공급",
        business_number=firm.business_number, quote_won=5_000_000, by=by, now=NOW,
    )  # fmt: skip
    partners.accept(asked, company=firm, by=member_of(firm), now=NOW, signature="김공급")
    draft.refresh_from_db()
    filing.withdraw(draft, by=by, now=NOW, note="다시 씁니다")
    draft.refresh_from_db()
    return draft


def again(earlier: Application, days: int = 0) -> copying.Copied:
    return copying.apply_again(earlier, by=earlier.created_by, now=NOW + timedelta(days=days))


def test_plan_cost_valid_papers_and_partners_come_along(earlier: Application) -> None:
    made = again(earlier, days=12)
    draft = made.draft
    old = {row.name: row.data for row in earlier.sections.all()}
    new = {row.name: row.data for row in draft.sections.all()}
    assert (new["plan"], new["cost"]) == (old["plan"], old["cost"])
    assert "declarations" not in new
    assert not Consent.objects.filter(application=draft).exists()
    # 20 + 12 days after its issue one certificate is not good any more.
    kept = draft.attachments.get()
    assert (kept.requirement, kept.issued_on) == ("national_tax_clearance", NOW.date())
    assert kept.file != earlier.attachments.get(requirement="national_tax_clearance").file
    asked = draft.partners.get()
    assert (asked.state, asked.terms.part, asked.terms.quote_won, asked.terms.confirmed) == (
        "invited", "로봇 공급", 5_000_000, None,
    )  # fmt: skip
    assert (made.files, made.partners) == (1, 1)
    assert Notice.objects.filter(key=f"partner_invitation:{asked.pk}").exists()
    missing = {row.code for row in drafts_read.missing(drafts_read.load(draft), now=NOW)}
    assert any(code.startswith("partner_pending") for code in missing)


def test_what_the_form_does_not_ask_any_more_stays_behind(earlier: Application) -> None:
    program = earlier.sub_program
    rows = [row for row in program.questions if row["code"] not in ("process", "safety")]
    changed = [{**row, "max_length": 3} if row["code"] == "problem" else row for row in rows]
    SubProgram.objects.filter(pk=program.pk).update(questions=changed)
    plan = again(earlier).draft.sections.get(name="plan").data
    assert not {"process", "safety"} & set(plan)
    assert "plan" in plan


def test_it_is_offered_only_where_a_new_one_can_be_started(earlier: Application) -> None:
    assert queries.is_offered(earlier, kept.catalogue(), now=NOW)
    made = again(earlier)
    assert not queries.is_offered(earlier, kept.catalogue(), now=NOW)
    with pytest.raises(MoveNotAllowed) as twice:
        again(earlier)
    assert twice.value.code == "draft_open"
    assert not queries.is_offered(made.draft, kept.catalogue(), now=NOW)
    Application.objects.filter(pk=made.draft.pk).update(state=ApplicationState.WITHDRAWN)
    later = NOW + timedelta(days=400)
    assert not queries.is_offered(earlier, kept.catalogue(), now=later)
    with pytest.raises(Closed):
        copying.apply_again(earlier, by=earlier.created_by, now=later)


def test_a_refused_one_blocks_its_own_round_and_no_other(earlier: Application) -> None:
    Application.objects.filter(pk=earlier.pk).update(
        state=ApplicationState.INELIGIBLE, number="2021-로봇-1차-000001", submitted_at=NOW
    )
    earlier.refresh_from_db()
    assert not queries.is_offered(earlier, kept.catalogue(), now=NOW)


def test_the_page_offers_it_to_those_who_write(earlier: Application, client: Client, monkeypatch):
    for place in ("application.status", "intake.drafting"):
        monkeypatch.setattr(f"applications.views.{place}.now", lambda: NOW)
    reader = member_of(earlier.company, MemberRole.VIEWER)
    page, press = f"/applications/{earlier.pk}/", f"/applications/{earlier.pk}/again/"
    for person, seen, status in ((reader, False, 404), (earlier.created_by, True, 302)):
        staff.enter(client, person)
        assert ("내용 복사해 다시 신청" in client.get(page).content.decode()) is seen
        assert client.post(press).status_code == status
    staff.enter(client, member_of(CompanyFactory()))
    assert client.post(press).status_code == 404
    assert Partner.objects.filter(application__state=ApplicationState.DRAFT).count() == 1
