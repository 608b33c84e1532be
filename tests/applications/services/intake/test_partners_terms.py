"""Partners' terms: set by the applicant, confirmed by the partner, frozen with the filing."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from applications.models import Application, Company, Partner, PartnerTerms, Pledge
from applications.queries.intake import drafting
from applications.services.intake import partners
from portal.core import clock
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, RuleBroken, StaleVersion
from portal.models import Notice
from portal.records import snapshot
from programs.models import ProgramRound, SubProgram
from tests.factories import drafts, programs
from tests.factories.applications import NOW, CompanyFactory, UserFactory, member_of

pytestmark = pytest.mark.django_db
TERMS = {"part": "로봇 공급", "share_won": None, "quote_won": 5_000_000}


@pytest.fixture
def robot() -> SubProgram:
    programs.load()
    return programs.program("robot")


@pytest.fixture
def draft(robot: SubProgram) -> Application:
    return drafts.complete(robot)


def missing(draft: Application) -> set[str]:
    read = drafting.load(draft)
    found = drafting.missing(read, now=NOW)
    return {row.code.split(":")[0] for row in found if row.blocking}


def set_terms(draft: Application, **changes: object) -> PartnerTerms:
    partner = draft.partners.get()
    return partners.set_terms(partner, **{**TERMS, **changes}, by=draft.created_by, now=NOW)


def seller(draft: Application):
    return member_of(draft.partners.get().company)


def test_confirmed_terms_leave_nothing_missing(draft: Application) -> None:
    assert missing(draft) == set()


def test_changed_terms_must_be_confirmed_anew(draft: Application) -> None:
    set_terms(draft)
    assert missing(draft) == {"partner_unconfirmed"}
    with pytest.raises(RuleBroken):
        drafts.file(draft)


def test_the_partner_finds_terms_to_confirm_in_its_list(draft: Application, client: Client) -> None:
    terms = set_terms(draft)
    ProgramRound.objects.update(closes_at=clock.now() + timedelta(days=1))  # else they have lapsed
    client.force_login(seller(draft))
    link = f'href="/partners/terms/{terms.partner_id}/"'
    assert link in client.get("/applications/").content.decode()
    partners.answer_terms(
        terms, agree=True, signature="김대표", by=terms.partner.company.members.get().user, now=NOW
    )
    assert link not in client.get("/applications/").content.decode()


def test_the_same_terms_again_keep_the_confirmation(draft: Application) -> None:
    terms = partners.answer_terms(
        set_terms(draft), agree=True, signature="김대표", by=seller(draft), now=NOW
    )
    assert set_terms(draft).pk == terms.pk
    assert missing(draft) == set()


def test_who_disagrees_says_why_and_stops_the_filing(draft: Application) -> None:
    terms = set_terms(draft)
    with pytest.raises(BadInput, match="사유"):
        partners.answer_terms(terms, agree=False, by=seller(draft), now=NOW)
    partners.answer_terms(terms, agree=False, by=seller(draft), now=NOW, note="견적이 다릅니다.")
    assert missing(draft) == {"partner_disagrees"}
    told = Notice.objects.get(key=f"partner_terms_answer:{terms.pk}")
    assert "견적이 다릅니다." in told.body


def test_an_answer_is_given_once(draft: Application) -> None:
    terms = partners.answer_terms(
        set_terms(draft), agree=True, signature="김대표", by=seller(draft), now=NOW
    )
    with pytest.raises(MoveNotAllowed) as refused:
        partners.answer_terms(terms, agree=False, by=seller(draft), now=NOW, note="아니요")
    assert refused.value.code == "terms_answered"


def test_terms_that_were_replaced_cannot_be_confirmed(draft: Application) -> None:
    old = set_terms(draft)
    set_terms(draft, quote_won=6_000_000)
    with pytest.raises(StaleVersion):
        partners.answer_terms(old, agree=True, signature="김대표", by=seller(draft), now=NOW)


@pytest.mark.parametrize("who", ["applicant", "stranger"])
def test_only_the_partner_itself_confirms(draft: Application, who: str) -> None:
    by = draft.created_by if who == "applicant" else UserFactory()
    with pytest.raises(NotFound):
        partners.answer_terms(set_terms(draft), agree=True, signature="김대표", by=by, now=NOW)


def test_a_quotation_that_is_asked_for_must_be_there(draft: Application) -> None:
    partners.answer_terms(
        set_terms(draft, quote_won=None), agree=True, signature="김대표", by=seller(draft), now=NOW
    )
    assert missing(draft) == {"partner_quote"}


def test_quotations_stay_within_the_cost(draft: Application) -> None:
    cost = drafting.load(draft).total_cost_won or 0
    terms = set_terms(draft, quote_won=cost + 1)
    partners.answer_terms(terms, agree=True, signature="김대표", by=seller(draft), now=NOW)
    assert missing(draft) == {"partner_quotes_over_cost"}


def test_what_was_filed_holds_terms_and_shares_to_the_won(draft: Application) -> None:
    partners.answer_terms(
        set_terms(draft, share_won=1_000), agree=True, signature="김대표", by=seller(draft), now=NOW
    )
    content = drafts.file(draft).content
    (partner,) = content["partners"]
    assert partner["terms"]["quote_won"] == 5_000_000
    shares = content["shares"]
    assert shares["partners_won"] == 1_000
    assert shares["applicant_won"] + 1_000 == shares["own_won"] == content["preview"]["own_won"]


def test_terms_cannot_change_after_the_filing(draft: Application) -> None:
    drafts.file(draft)
    with pytest.raises(MoveNotAllowed) as refused:
        set_terms(draft)
    assert refused.value.code == "already_submitted"


# Terms in the invitation, and the pledge


def invited(draft: Application, **changes: object) -> tuple[Partner, Company]:
    draft.partners.all().delete()
    firm = CompanyFactory()
    given = {"role": "supplier", "company_name": firm.name, "email": "a@example.kr"}
    given |= {"business_number": firm.business_number, "part": "로봇 공급", "quote_won": 5_000_000}
    made = partners.invite(draft, **{**given, **changes}, by=draft.created_by, now=NOW)
    return made, firm


def test_one_visit_accepts_confirms_and_signs(draft: Application) -> None:
    asked, firm = invited(draft)
    assert "견적금액: 5,000,000원" in Notice.objects.get(key__startswith="partner_inv").body
    person = member_of(firm)
    with pytest.raises(BadInput) as unsigned:
        partners.accept(asked, company=firm, by=person, now=NOW)
    assert unsigned.value.code == "signature_missing"
    asked.refresh_from_db()
    assert asked.state == "invited"
    joined = partners.accept(asked, company=firm, by=person, now=NOW, signature=" 김 공급 ")
    assert (joined.state, joined.terms.confirmed, joined.terms.signed) == ("accepted", True, True)
    assert not missing(draft) & {"partner_unconfirmed", "partner_unsigned", "partner_terms"}
    pledge = Pledge.objects.get()
    assert (pledge.company, pledge.name, pledge.signed_by) == (firm, "김 공급", person)
    assert pledge.sha256 == snapshot.sha256_of_plain(pledge.content)
    assert "견적금액 5,000,000원" in pledge.content["paragraphs"][2]


def test_a_partner_joins_and_objects_in_one_visit(draft: Application) -> None:
    asked, firm = invited(draft)
    person = member_of(firm)
    joined = partners.accept(
        asked, company=firm, by=person, now=NOW, agree=False, note="견적이 다릅니다."
    )
    assert (joined.state, joined.terms.confirmed) == ("accepted", False)
    assert "partner_disagrees" in missing(draft)
    assert not Pledge.objects.exists()


def test_an_invitation_without_terms_works_as_before(draft: Application) -> None:
    asked, firm = invited(draft, part="", quote_won=None)
    person = member_of(firm)
    joined = partners.accept(asked, company=firm, by=person, now=NOW)
    assert (joined.state, joined.terms) == ("accepted", None)
    with pytest.raises(BadInput, match="맡을 일"):
        invited(draft, part=" ")


def test_another_firm_that_accepts_has_confirmed_too_once_it_is_confirmed(draft) -> None:
    asked, _ = invited(draft)
    other = CompanyFactory()
    joined = partners.accept(
        asked, company=other, by=member_of(other), now=NOW, signature="다른 대표"
    )
    assert (joined.state, Pledge.objects.get().company) == ("pending", other)
    partners.confirm(joined, by=draft.created_by, now=NOW)
    assert not missing(draft) & {"partner_unconfirmed", "partner_unsigned"}


def test_confirmed_terms_without_a_signature_keep_a_draft_from_being_filed(draft) -> None:
    asked, firm = invited(draft)
    partners.accept(asked, company=firm, by=member_of(firm), now=NOW, signature="김")
    PartnerTerms.objects.update(signed=False)
    assert "partner_unsigned" in missing(draft)


def test_a_pledge_does_not_change(draft: Application) -> None:
    asked, firm = invited(draft)
    partners.accept(asked, company=firm, by=member_of(firm), now=NOW, signature="김")
    with pytest.raises(IntegrityError), transaction.atomic():
        Pledge.objects.update(name="다른 사람")
    with pytest.raises(IntegrityError), transaction.atomic():
        Pledge.objects.all()._raw_delete("default")


def test_the_page_of_the_invitation_shows_what_is_signed(
    draft, client: Client, monkeypatch
) -> None:
    monkeypatch.setattr("applications.views.intake.partners.now", lambda: NOW)
    asked, firm = invited(draft)
    text = Notice.objects.get(key__startswith="partner_inv").body
    token = text.split("/partners/")[1].split("/")[0]
    client.force_login(member_of(firm))
    body = client.get(f"/partners/{token}/").content.decode()
    assert "로봇 공급" in body
    assert "성실하게 할 것을 확약합니다" in body
    refused = client.post(f"/partners/{token}/", {"act": "accept", "company": firm.pk})
    assert refused.status_code == 400
    assert "서명할 이름을" in refused.content.decode()
    signed = {"act": "accept", "company": firm.pk, "signature": "김공급"}
    assert client.post(f"/partners/{token}/", signed).status_code == 302
    assert Pledge.objects.get().name == "김공급"
    page = client.get(f"/partners/terms/{asked.pk}/").content.decode()
    assert Pledge.objects.get().sha256 in page
