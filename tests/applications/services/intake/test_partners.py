"""Partners are invited by e-mail and answer for themselves."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from applications.models import Application, Company, Partner
from applications.queries.intake import drafting
from applications.queries.intake import partners as partners_queries
from applications.services import company
from applications.services.intake import filing, partners
from applications.states import ApplicationState, MemberRole, PartnerState
from applications.visibility import shared_applications
from portal.core.clock import KST
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.jobs import queue
from portal.models import Job, JobState, Notice, User
from portal.notices import outbox
from tests.factories import drafts, programs
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    MemberFactory,
    SubProgramFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
ROLES = [{"role": "supplier", "label": "로봇 공급기업", "minimum": 1, "required": True}]


@pytest.fixture
def draft() -> Application:
    return ApplicationFactory(sub_program=SubProgramFactory(partner_roles=ROLES))


def invite(
    draft: Application,
    email: str = "sales@robot.example",
    now: datetime = NOW,
    firm: Company | None = None,
) -> Partner:
    return partners.invite(
        draft,
        role="supplier",
        company_name="한국로봇",
        business_number=firm.business_number if firm else "",
        email=email,
        by=draft.created_by,
        now=now,
    )


def test_an_invitation_is_a_letter_with_a_link(draft: Application):
    asked = invite(draft)
    sent = Notice.objects.get(to_email="sales@robot.example")
    token = next(line for line in sent.body.splitlines() if "/partners/" in line).split("/")[-2]
    assert partners.find_invitation(token) == asked
    assert "로봇 공급기업" in sent.body
    assert "/applications/" not in sent.body


def test_an_invitation_counts_as_a_change_of_the_draft(draft: Application):
    before = draft.version
    invite(draft)
    draft.refresh_from_db()
    assert draft.version == before + 1


def test_nobody_fills_the_mailboxes_of_others(draft: Application, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outbox, "INVITATIONS_A_DAY", 2)
    by = draft.created_by
    partners.cancel(invite(draft), by=by, now=NOW)
    firm = CompanyFactory()
    MemberFactory(company=firm, user=by)
    company.invite(firm, email="x@example.kr", role="viewer", by=by, now=NOW)
    for send in (
        lambda at: invite(draft, now=at),
        lambda at: company.invite(firm, email="x@example.kr", role="viewer", by=by, now=at),
    ):
        with pytest.raises(BadInput) as refused:
            send(NOW + timedelta(hours=23))
        assert refused.value.code == "letters_today"
    assert Notice.objects.count() == 2
    assert invite(draft, now=NOW + timedelta(hours=24)).state == PartnerState.INVITED


def test_the_same_address_is_asked_once_per_role(draft: Application):
    invite(draft)
    with pytest.raises(BadInput) as refused:
        invite(draft, email="Sales@Robot.example")
    assert refused.value.code == "partner_invited"


def test_a_cancelled_invitation_may_be_sent_again(draft: Application):
    partners.cancel(invite(draft), by=draft.created_by, now=NOW)
    assert invite(draft).state == PartnerState.INVITED


def test_a_role_the_scheme_does_not_know_is_refused(draft: Application):
    with pytest.raises(BadInput) as refused:
        partners.invite(
            draft,
            role="broker",
            company_name="x",
            email="x@example.kr",
            by=draft.created_by,
            now=NOW,
        )
    assert refused.value.code == "role"


def test_a_partner_accepts_with_its_own_company_and_the_applicant_is_told(draft: Application):
    supplier = CompanyFactory()
    asked = invite(draft, firm=supplier)
    answered = partners.accept(asked, company=supplier, by=member_of(supplier), now=NOW)
    assert (answered.state, answered.company) == (PartnerState.ACCEPTED, supplier)
    told = Notice.objects.get(user=draft.created_by)
    assert "참여 수락" in told.body


@pytest.mark.parametrize("bound", [True, False])
def test_another_firm_than_the_invited_one_joins_when_the_applicant_confirms_it(
    draft: Application, bound: bool
):
    asked = invite(draft, firm=CompanyFactory() if bound else None)
    stranger = CompanyFactory()
    by = member_of(stranger)
    partners.accept(asked, company=stranger, by=by, now=NOW)
    asked.refresh_from_db()
    assert (asked.state, asked.company) == (PartnerState.PENDING, stranger)
    told = Notice.objects.get(user=draft.created_by)
    assert "참여를 수락했으니 맞는 기업인지" in told.subject
    assert ("초대한 번호의 기업이 아니어서" if bound else "번호 없이 초대하여") in told.body
    codes = {row.code for row in drafting.missing(drafting.load(draft), now=NOW)}
    assert "partner_unconfirmed:supplier" in codes
    assert not shared_applications(by).exists()  # sees nothing before
    partners.confirm(asked, by=draft.created_by, now=NOW)
    assert list(shared_applications(by)) == [draft]
    assert Notice.objects.filter(user=by, key=f"partner_confirmed:{asked.pk}").exists()
    with pytest.raises(MoveNotAllowed):
        partners.confirm(asked, by=draft.created_by, now=NOW)


def test_the_applicant_takes_a_stranger_out_instead(draft: Application):
    asked, stranger = invite(draft, firm=CompanyFactory()), CompanyFactory()
    partners.accept(asked, company=stranger, by=member_of(stranger), now=NOW)
    partners.cancel(asked, by=draft.created_by, now=NOW)
    assert Notice.objects.filter(key__startswith="partner_removed").exists()
    with pytest.raises(MoveNotAllowed):
        partners.confirm(asked, by=draft.created_by, now=NOW)


def test_an_invited_number_is_checked(draft: Application):
    with pytest.raises(BadInput):
        partners.invite(
            draft,
            role="supplier",
            company_name="한국로봇",
            business_number="124-81-00990",
            email="sales@robot.example",
            by=draft.created_by,
            now=NOW,
        )


def test_nobody_accepts_with_a_company_of_others(draft: Application):
    asked = invite(draft)
    supplier = CompanyFactory()
    for role in (None, MemberRole.VIEWER):
        by = member_of(supplier, role) if role else member_of(CompanyFactory())
        with pytest.raises(NotFound):
            partners.accept(asked, company=supplier, by=by, now=NOW)


def test_the_applicant_is_not_its_own_partner(draft: Application):
    asked = invite(draft)
    with pytest.raises(BadInput) as refused:
        partners.accept(asked, company=draft.company, by=draft.created_by, now=NOW)
    assert refused.value.code == "partner_is_applicant"


def test_a_company_takes_part_once(draft: Application):
    supplier = CompanyFactory()
    seller = member_of(supplier)
    partners.accept(invite(draft), company=supplier, by=seller, now=NOW)
    with pytest.raises(BadInput) as refused:
        partners.accept(invite(draft, "two@robot.example"), company=supplier, by=seller, now=NOW)
    assert refused.value.code == "partner_duplicate"


def test_an_answer_is_given_once(draft: Application):
    asked = invite(draft)
    supplier = CompanyFactory()
    seller = member_of(supplier)
    partners.refuse(asked, by=seller, now=NOW, note="일정이 맞지 않습니다.")
    with pytest.raises(MoveNotAllowed) as refused:
        partners.accept(asked, company=supplier, by=seller, now=NOW)
    assert refused.value.code == "invitation_closed"


def test_a_late_answer_is_refused(draft: Application):
    asked = invite(draft)
    supplier = CompanyFactory()
    late = datetime(2021, 2, 25, tzinfo=KST)  # the end of the fourteenth day
    with pytest.raises(MoveNotAllowed) as refused:
        partners.accept(asked, company=supplier, by=member_of(supplier), now=late)
    assert refused.value.code == "invitation_expired"


def test_an_expired_invitation_holds_nothing_up_and_gives_way_to_a_new_one(draft: Application):
    old, late = invite(draft), datetime(2021, 2, 25, tzinfo=KST)
    assert partners_queries.expires_at(old) == late
    open_until = {row.code for row in drafting.missing(drafting.load(draft), now=NOW)}
    assert "partner_pending:supplier" in open_until
    afterwards = {row.code for row in drafting.missing(drafting.load(draft), now=late)}
    assert "partner_pending:supplier" not in afterwards
    assert "partner_missing:supplier" in afterwards
    new = invite(draft, now=late)
    old.refresh_from_db()
    assert (old.state, new.state) == (PartnerState.CANCELLED, PartnerState.INVITED)


def test_only_what_can_still_be_answered_is_asked_for(draft: Application):
    asked = invite(draft)
    late = datetime(2021, 2, 25, tzinfo=KST)
    assert list(partners_queries.still_open(NOW).filter(email__in={asked.email})) == [asked]
    assert not partners_queries.still_open(NOW).filter(email__in={"other@robot.example"}).exists()
    assert (
        partners_queries.still_open(late - timedelta(seconds=1))
        .filter(email__in={asked.email})
        .exists()
    )
    assert not partners_queries.still_open(late).filter(email__in={asked.email}).exists()
    filed(draft)
    assert not partners_queries.still_open(NOW).filter(email__in={asked.email}).exists()


def test_after_filing_nobody_joins_or_leaves(draft: Application):
    asked = invite(draft)
    supplier = CompanyFactory()
    seller = member_of(supplier)
    filed(draft)
    for act in (
        lambda: partners.accept(asked, company=supplier, by=seller, now=NOW),
        lambda: partners.cancel(asked, by=draft.created_by, now=NOW),
        lambda: invite(draft, "new@robot.example"),
    ):
        with pytest.raises(MoveNotAllowed) as refused:
            act()
        assert refused.value.code == "already_submitted"
    asked.refresh_from_db()
    assert asked.state == PartnerState.INVITED


def filed(draft: Application) -> None:
    Application.objects.filter(pk=draft.pk).update(
        state=ApplicationState.SUBMITTED, number="2021-시험-9차-000001", submitted_at=NOW
    )


def test_the_standing_tells_sent_seen_expired_and_answered(draft: Application):
    asked = invite(draft)
    assert partners_queries.invitation_status(asked, now=NOW) == "sent"
    partners.mark_seen(asked, now=NOW)
    asked.refresh_from_db()
    assert partners_queries.invitation_status(asked, now=NOW) == "seen"
    assert partners_queries.invitation_status(asked, now=NOW + timedelta(days=15)) == "expired"
    supplier = CompanyFactory()
    asked = partners.accept(asked, company=supplier, by=member_of(supplier), now=NOW)
    assert partners_queries.invitation_status(asked, now=NOW) == "pending"
    asked = partners.confirm(asked, by=draft.created_by, now=NOW)
    assert partners_queries.invitation_status(asked, now=NOW + timedelta(days=15)) == "accepted"


def test_the_first_look_is_remembered(draft: Application):
    asked = invite(draft)
    partners.mark_seen(asked, now=NOW)
    partners.mark_seen(asked, now=NOW + timedelta(hours=1))
    asked.refresh_from_db()
    assert asked.seen_at == NOW


def token_of(address: str) -> str:
    sent = Notice.objects.filter(to_email=address, key__startswith="partner_invitation").get()
    return next(line for line in sent.body.splitlines() if "/partners/" in line).split("/")[-2]


def page_of(person: User, token: str) -> str:
    browser = Client()
    browser.force_login(person)
    return browser.get(f"/partners/{token}/").content.decode()


def test_a_cancelled_link_says_so_and_answers_nothing(draft: Application):
    asked = invite(draft)
    token = token_of("sales@robot.example")
    partners.cancel(asked, by=draft.created_by, now=NOW)
    supplier = CompanyFactory()
    seller = member_of(supplier)
    with pytest.raises(MoveNotAllowed) as refused:
        partners.accept(partners.find_invitation(token), company=supplier, by=seller, now=NOW)
    assert refused.value.code == "invitation_closed"
    assert "취소했습니다" in page_of(seller, token)
    assert "참여 수락하기" not in page_of(seller, token)
    with pytest.raises(NotFound):
        partners.find_invitation("unknown")


def test_a_partner_who_agreed_and_was_taken_out_is_told(draft: Application):
    supplier = CompanyFactory()
    asked = invite(draft, firm=supplier)
    seller = member_of(supplier)
    partners.accept(asked, company=supplier, by=seller, now=NOW)
    partners.cancel(asked, by=draft.created_by, now=NOW)
    partners.cancel(asked, by=draft.created_by, now=NOW)
    told = Notice.objects.get(key__startswith="partner_removed")
    assert (told.to_email, told.user) == (seller.email, seller)
    assert "참여를 끝냈습니다" in told.body
    assert "참여를 끝냈습니다" in page_of(seller, token_of("sales@robot.example"))
    browser = Client()
    browser.force_login(seller)
    assert "참여를 끝냈습니다" in browser.get(f"/partners/terms/{asked.pk}/").content.decode()


def test_everybody_who_had_agreed_is_told_of_a_withdrawal(draft: Application):
    firms = [CompanyFactory(), CompanyFactory()]
    people = [member_of(firm) for firm in firms]
    waiting = invite(draft, email="other@robot.example")
    agreed = invite(draft, firm=firms[0])
    partners.accept(agreed, company=firms[0], by=people[0], now=NOW)
    partners.accept(waiting, company=firms[1], by=people[1], now=NOW)
    waiting.refresh_from_db()
    assert waiting.state == PartnerState.PENDING
    filing.withdraw(draft, by=draft.created_by, now=NOW, note="사정")
    told = Notice.objects.filter(key__startswith="partner_removed").order_by("pk")
    assert {row.user for row in told} == set(people)
    assert all("취하했습니다" in row.body for row in told)


def test_those_who_take_part_are_told_of_the_filing_by_a_job() -> None:
    programs.load()
    draft = drafts.complete(programs.program("robot"))
    partner = draft.partners.get(state=PartnerState.ACCEPTED)
    filed = drafts.file(draft)
    told = Notice.objects.filter(key__startswith="partner_filed")
    assert not told.exists()
    job = Job.objects.get(kind=partners.FILED_JOB)
    assert queue.run(job.pk) == JobState.DONE, Job.objects.get(pk=job.pk).error
    letter = told.get()
    assert letter.to_email == partner.email
    assert filed.number in letter.body


def test_nobody_is_told_of_a_filing_that_was_withdrawn_before_the_job_ran() -> None:
    programs.load()
    draft = drafts.complete(programs.program("robot"))
    drafts.file(draft)
    draft.refresh_from_db()
    filing.withdraw(draft, by=draft.created_by, now=NOW, note="사정")
    assert queue.run(Job.objects.get(kind=partners.FILED_JOB).pk) == JobState.DONE
    assert not Notice.objects.filter(key__startswith="partner_filed").exists()
    assert Notice.objects.filter(key__startswith="partner_removed").count() == 1
