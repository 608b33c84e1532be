"""The rightful firm claims its number with a certificate; two people decide; the rest follows."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from applications.models import (
    Application,
    CompanyClaim,
    CompanyTransfer,
    Member,
    Partner,
)
from applications.services import claims, company
from applications.services.intake import filing
from applications.states import ApplicationState, ClaimState, MemberRole
from applications.visibility import (
    answerable_by,
    applications_of,
    attachments_of,
    companies_of,
    own_applications,
    withdrawable_by,
)
from portal.access.impartiality import Tied
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.models import News, Notice
from tests.factories import staff
from tests.factories.agreements import pdf
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    AttachmentFactory,
    CompanyFactory,
    PartnerFactory,
    SiteFactory,
    UserFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
WORDS = {"firm_name": "한빛산업", "text": "저희 번호를 다른 곳에서 등록했습니다."}


def claimed(firm, by=None) -> CompanyClaim:
    return claims.file(
        number=firm.business_number,
        upload=pdf("사업자등록증.pdf"),
        by=by or UserFactory(),
        now=NOW,
        **WORDS,
    )


def decided(claim, *, uphold: bool) -> CompanyClaim:
    claims.examine(claim, uphold=uphold, opinion="등록증 확인", by=staff.officer(), now=NOW)
    return claims.decide(claim, by=staff.manager(), now=NOW)


@pytest.fixture
def firm():
    return CompanyFactory()


def test_an_upheld_claim_moves_the_firm_with_what_was_filed_and_leaves_the_drafts(firm) -> None:
    squatter = member_of(firm)
    draft = ApplicationFactory(company=firm, site=SiteFactory(company=firm), created_by=squatter)
    paper = AttachmentFactory(application=draft)
    partner = PartnerFactory(application=draft, accepted=True)
    filed = ApplicationFactory(company=firm, site=SiteFactory(company=firm), filed=True)
    claim = claimed(firm)
    rightful = claim.claimant
    decided(claim, uphold=True)
    draft.refresh_from_db()
    assert (draft.state, draft.detached.claim) == (ApplicationState.WITHDRAWN, claim)
    told = Notice.objects.get(key=f"partner_removed:{partner.pk}:closed")
    assert "닫혔습니다" in told.body
    assert list(firm.members.values_list("user", "role")) == [(rightful.pk, MemberRole.OWNER)]
    # The rightful firm: what was filed in its name, and no word of the drafts.
    assert set(own_applications(rightful)) == {filed} == set(answerable_by(rightful))
    assert set(applications_of(rightful)) == {filed} == set(withdrawable_by(rightful))
    assert not attachments_of(rightful).filter(pk=paper.pk).exists()
    # The other side: their drafts to read, nothing else.
    assert list(own_applications(squatter)) == [draft]
    assert attachments_of(squatter).filter(pk=paper.pk).exists()
    assert not companies_of(squatter).exists()
    assert not answerable_by(squatter).exists()
    with pytest.raises(MoveNotAllowed):
        filing.withdraw(draft, by=squatter, now=NOW, note="x")
    made = CompanyTransfer.objects.get()
    assert [row["user"] for row in made.members] == [squatter.pk]
    with pytest.raises(IntegrityError), transaction.atomic():
        CompanyTransfer.objects.update(members=[])
    # The site is free again, so that the rightful firm may apply.
    ApplicationFactory(company=firm, site=draft.site, sub_program=draft.sub_program)


def test_both_sides_and_the_officers_of_filed_applications_are_told(firm) -> None:
    squatter = member_of(firm)
    program = staff.program()
    officer = staff.officer(program)
    ApplicationFactory(company=firm, sub_program=program, filed=True)
    claim = claimed(firm)
    claims.answer(claim, text="저희가 등록했습니다.", by=squatter, now=NOW)
    decided(claim, uphold=True)
    told = set(Notice.objects.values_list("user", "key"))
    for user, what in (
        (claim.claimant, "filed"),
        (squatter, "contested"),
        (claim.claimant, "upheld"),
        (squatter, "lost"),
    ):
        assert (user.pk, f"company-claim:{claim.pk}:{what}:{user.pk}") in told
    assert News.objects.filter(user=officer, key__startswith="company-transferred:").exists()


def test_a_dismissed_claim_changes_nothing(firm) -> None:
    owner = member_of(firm)
    draft = ApplicationFactory(company=firm, created_by=owner)
    claim = decided(claimed(firm), uphold=False)
    assert claim.state == ClaimState.DISMISSED
    assert list(own_applications(owner)) == [draft]
    assert not companies_of(claim.claimant).exists()
    assert not CompanyTransfer.objects.exists()


def test_nothing_leaks_to_the_claimant(client: Client, firm) -> None:
    owner = member_of(firm)
    claim = claimed(firm)
    client.force_login(claim.claimant)
    pages = [client.get("/companies/claims/").text]
    pages += list(Notice.objects.filter(user=claim.claimant).values_list("body", flat=True))
    refused = client.post(
        "/companies/new/",
        {"business_number": firm.business_number, "name": "한빛", "kind": "company"},
    )
    pages.append(refused.text)
    for page in pages:
        for secret in (owner.email, owner.name, owner.email.partition("@")[0], firm.name):
            assert secret not in page
    assert client.get(f"/companies/{firm.pk}/").status_code == 404
    assert client.get(f"/companies/{firm.pk}/claims/{claim.pk}/").status_code == 404
    other = Client()
    other.force_login(UserFactory())
    assert other.get(f"/companies/claims/{claim.pk}/file/").status_code == 404
    sent = client.get(f"/companies/claims/{claim.pk}/file/")
    assert sent.status_code == 200
    sent.close()


def test_a_claim_is_filed_by_its_page_and_the_owner_answers_by_another(
    client: Client, firm
) -> None:
    owner, claimant = member_of(firm), UserFactory()
    client.force_login(claimant)
    empty = client.post("/companies/claims/", {"number": "x"})
    assert empty.status_code == 400
    filed = client.post(
        "/companies/claims/",
        {"number": firm.business_number, **WORDS, "upload": pdf("등록증.pdf")},
    )
    assert filed.status_code == 302, filed.text
    claim = CompanyClaim.objects.get()
    client.force_login(owner)
    page = client.get(f"/companies/{firm.pk}/").text
    assert f"/companies/{firm.pk}/claims/{claim.pk}/" in page
    answered = client.post(
        f"/companies/{firm.pk}/claims/{claim.pk}/", {"text": "저희 기업입니다."}, follow=True
    )
    assert "저희 기업입니다." in answered.text
    assert claimant.email not in answered.text
    with pytest.raises(MoveNotAllowed):
        claims.answer(claim, text="다시", by=owner, now=NOW)


def test_two_people_decide_and_neither_is_tied_to_either_side(firm) -> None:
    boss, claim = staff.manager(), claimed(firm)
    with pytest.raises(MoveNotAllowed) as refused:
        claims.decide(claim, by=boss, now=NOW)
    assert refused.value.code == "claim_closed"
    claims.examine(claim, uphold=True, opinion="확인", by=boss, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        claims.decide(claim, by=boss, now=NOW)
    assert refused.value.code == "same_person"
    insider, other = staff.manager(), staff.manager()
    Member.objects.create(company=firm, user=insider, role=MemberRole.VIEWER, since=NOW)
    with pytest.raises(Tied):
        claims.decide(claim, by=insider, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        CompanyClaim.objects.filter(pk=claim.pk).update(decided_by=insider)
    claims.send_back(claim, by=other, now=NOW)
    assert claim.state == ClaimState.FILED
    own = claimed(CompanyFactory(), by=other)
    with pytest.raises(Tied):
        claims.examine(own, uphold=True, opinion="제 것", by=other, now=NOW)
    with pytest.raises(MoveNotAllowed):
        claims.examine(claim, uphold=True, opinion="x", by=UserFactory(), now=NOW)


def test_what_is_no_claim_is_refused(firm) -> None:
    owner, person = member_of(firm), UserFactory()
    with pytest.raises(BadInput) as refused:
        claimed(firm, by=owner)
    assert refused.value.code == "own_company"
    with pytest.raises(BadInput) as refused:
        claims.file(number="124-81-00998", upload=pdf(), by=person, now=NOW, **WORDS)
    assert refused.value.code == "not_registered"
    claim = claimed(firm, by=person)
    with pytest.raises(MoveNotAllowed) as refused:
        claimed(firm, by=person)
    assert refused.value.code == "claim_open"
    for _ in range(2):
        claimed(CompanyFactory(), by=person)
    with pytest.raises(MoveNotAllowed) as refused:
        claimed(CompanyFactory(), by=person)
    assert refused.value.code == "claims_many"
    with pytest.raises(NotFound):
        claims.answer(claim, text="x", by=person, now=NOW)


def test_open_invitations_end_with_the_transfer(firm) -> None:
    owner = member_of(firm)
    invitation = company.invite(firm, email="x@y.example", role="editor", by=owner, now=NOW)
    decided(claimed(firm), uphold=True)
    invitation.refresh_from_db()
    assert invitation.cancelled_at == NOW
    assert Application.objects.count() == Partner.objects.count() == 0
