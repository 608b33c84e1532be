"""Partners' terms: set by the applicant, confirmed by the partner, frozen with the filing."""

import pytest
from django.test import Client

from applications.models import Application, PartnerTerms
from applications.queries.intake import drafting
from applications.services.intake import partners
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, RuleBroken, StaleVersion
from portal.models import Notice
from programs.models import SubProgram
from tests.factories import drafts, programs
from tests.factories.applications import NOW, UserFactory, member_of

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
    return {row.code.split(":")[0] for row in drafting.missing(read, now=NOW)}


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
    client.force_login(seller(draft))
    link = f'href="/partners/terms/{terms.partner_id}/"'
    assert link in client.get("/applications/").content.decode()
    partners.answer_terms(terms, agree=True, by=terms.partner.company.members.get().user, now=NOW)
    assert link not in client.get("/applications/").content.decode()


def test_the_same_terms_again_keep_the_confirmation(draft: Application) -> None:
    terms = partners.answer_terms(set_terms(draft), agree=True, by=seller(draft), now=NOW)
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
    terms = partners.answer_terms(set_terms(draft), agree=True, by=seller(draft), now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        partners.answer_terms(terms, agree=False, by=seller(draft), now=NOW, note="아니요")
    assert refused.value.code == "terms_answered"


def test_terms_that_were_replaced_cannot_be_confirmed(draft: Application) -> None:
    old = set_terms(draft)
    set_terms(draft, quote_won=6_000_000)
    with pytest.raises(StaleVersion):
        partners.answer_terms(old, agree=True, by=seller(draft), now=NOW)


@pytest.mark.parametrize("who", ["applicant", "stranger"])
def test_only_the_partner_itself_confirms(draft: Application, who: str) -> None:
    by = draft.created_by if who == "applicant" else UserFactory()
    with pytest.raises(NotFound):
        partners.answer_terms(set_terms(draft), agree=True, by=by, now=NOW)


def test_a_quotation_that_is_asked_for_must_be_there(draft: Application) -> None:
    partners.answer_terms(set_terms(draft, quote_won=None), agree=True, by=seller(draft), now=NOW)
    assert missing(draft) == {"partner_quote"}


def test_quotations_stay_within_the_cost(draft: Application) -> None:
    cost = drafting.load(draft).total_cost_won or 0
    terms = set_terms(draft, quote_won=cost + 1)
    partners.answer_terms(terms, agree=True, by=seller(draft), now=NOW)
    assert missing(draft) == {"partner_quotes_over_cost"}


def test_what_was_filed_holds_terms_and_shares_to_the_won(draft: Application) -> None:
    partners.answer_terms(set_terms(draft, share_won=1_000), agree=True, by=seller(draft), now=NOW)
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
