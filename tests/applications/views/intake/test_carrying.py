"""From a self-check and a preview to a draft: filled in by choice, marked, and looked at before filing."""

from datetime import date, timedelta

import pytest
from django.test import Client

from applications.models import Application
from applications.queries.intake import drafting as drafting_queries
from applications.services.intake import carrying, drafting
from portal.core.clock import now
from portal.models import User
from portal.templatetags.dates import kdate
from programs.models import SubProgram
from programs.views import eligibility
from tests.api.calling import caller
from tests.applications.views.intake.filling import Controls
from tests.factories import programs
from tests.factories.applications import CompanyFactory, SiteFactory, UserFactory, member_of

pytestmark = pytest.mark.django_db
CHECK = "/programs/2021-1/aftercare/self-check/"
NEW = "/applications/new/2021-1/aftercare/"
SAID = {
    "track": "emergency",
    "company_size": "small",
    "built_on": "2019-05-01",
    "tax_arrears": "false",
}


@pytest.fixture
def program(db: None) -> SubProgram:
    programs.load_open(now())
    return programs.program("aftercare")


@pytest.fixture
def owner(program: SubProgram) -> User:
    company = CompanyFactory(size="", employees=None)
    SiteFactory(company=company)
    return member_of(company)


def answer(client: Client, **changed: str) -> None:
    sent = client.post(CHECK, {**SAID, **changed, "carry": "1"})
    assert sent.status_code == 302
    assert sent["Location"] == NEW


def begin(client: Client, *, carry: str | None = "yes", query: str = "") -> Application:
    sent = {"site": str(member_sites(client)[0])} | ({"carry": carry} if carry else {})
    answered = client.post(NEW + query, sent)
    assert answered.status_code == 302, answered.content.decode()
    return Application.objects.latest("pk")


def member_sites(client: Client) -> list[int]:
    person = User.objects.get(pk=client.session["_auth_user_id"])
    return list(person.memberships.values_list("company__sites", flat=True))


def said(draft: Application) -> dict[str, object]:
    return {code: value for row in draft.sections.all() for code, value in row.data.items()}


def marked(draft: Application) -> set[str]:
    return {
        row.code
        for row in drafting_queries.missing(drafting_queries.load(draft), now=now())
        if row.code.startswith("carried:")
    }


def test_answers_given_before_signing_in_are_offered_and_filled_in(
    client: Client, owner: User
) -> None:
    answer(client)
    client.force_login(owner)
    page = client.get(NEW).content.decode()
    assert "자격 확인에서 답하신 내용입니다" in page
    assert "소기업" in page
    assert kdate(date(2019, 5, 1)) in page
    draft = begin(client)
    assert draft.track is not None
    assert draft.track.code == "emergency"
    found = said(draft)
    assert (found["company_size"], found["built_on"]) == ("small", "2019-05-01")
    assert "tax_arrears" not in found  # the firm states it itself
    assert marked(draft) == {"carried:company_size", "carried:built_on"}
    assert eligibility.KEPT not in client.session


def test_each_step_is_looked_at_before_filing(client: Client, owner: User) -> None:
    client.force_login(owner)
    answer(client)
    draft = begin(client)
    url = f"/applications/{draft.pk}/edit/company/"
    page = client.get(url).content.decode()
    assert "<strong>자격 확인에서 답하신 내용입니다. 맞는지 확인하세요.</strong>" in page
    values = Controls(page).values
    client.post(url, values, headers={"accept": "application/json"})  # saved while typing
    assert "carried:company_size" in marked(draft)
    assert client.post(url, {**values, "act": "stay"}).status_code in (302, 422)
    page = Controls(client.get(url).content.decode()).values
    assert client.post(url, {**page, "act": "stay"}).status_code == 302
    assert marked(draft) == {"carried:built_on"}
    assert "맞는지 확인하세요" not in client.get(url).content.decode()


def test_a_draft_that_says_something_keeps_it(client: Client, owner: User, program) -> None:
    site = owner.memberships.get().company.sites.first()
    draft = drafting.start(program, site=site, by=owner, now=now())
    drafting.save_section(
        draft, name="plan", data={"built_on": "2020-01-01"}, version=0, by=owner, now=now()
    )
    client.force_login(owner)
    answer(client)
    begin(client)
    assert said(draft)["built_on"] == "2020-01-01"
    assert marked(draft) == {"carried:company_size"}
    before = said(draft)
    carrying.carry(draft, {**SAID, "company_size": "medium"}, by=owner, now=now())
    assert said(draft) == before


def test_whoever_wants_none_of_it_starts_empty(client: Client, owner: User) -> None:
    client.force_login(owner)
    answer(client)
    draft = begin(client, carry="no")
    assert "company_size" not in said(draft)
    assert marked(draft) == set()


def test_answers_end_with_time_and_are_no_other_persons(client: Client, owner: User) -> None:
    client.force_login(owner)
    answer(client)
    assert "답하신 내용입니다" in client.get(NEW).content.decode()
    at = now() + timedelta(seconds=eligibility.KEPT_SECONDS + 60)
    request = type("Asked", (), {"session": client.session, "user": owner})()
    program = programs.program("aftercare")
    assert eligibility.kept_answers(request, program, now())  # the control
    assert eligibility.kept_answers(request, program, at) == {}
    request = type("Asked", (), {"session": client.session, "user": UserFactory()})()
    assert eligibility.kept_answers(request, program, now()) == {}
    assert eligibility.KEPT not in request.session
    request = type("Asked", (), {"session": client.session, "user": owner})()
    assert eligibility.kept_answers(request, programs.program("robot"), now()) == {}


def test_a_check_alone_keeps_nothing(client: Client, owner: User) -> None:
    client.force_login(owner)
    page = client.post(CHECK, SAID).content.decode()
    assert 'name="carry"' in page
    assert eligibility.KEPT not in client.session
    assert "답하신 내용입니다" not in client.get(NEW).content.decode()


def test_a_check_that_blocks_offers_no_start(client: Client, owner: User) -> None:
    page = client.post(CHECK, {**SAID, "company_size": "mid"}).content.decode()
    assert "지금은 신청할 수 없습니다" in page
    assert 'name="carry"' not in page


def test_a_preview_leads_to_its_track_and_sum(client: Client, owner: User) -> None:
    preview = client.get("/programs/2021-1/aftercare/preview/?track=growth&total_cost_won=1")
    page = preview.content.decode()
    assert f'href="{NEW}?track=growth' in page
    client.force_login(owner)
    draft = begin(client, query="?track=growth&total_cost_won=x&requested_won=-1")
    assert draft.track is not None
    assert draft.track.code == "growth"


@pytest.mark.parametrize("query", ["?track=nowhere", "?track=", "?requested_won=abc", "?x=1"])
def test_a_strange_link_fills_in_nothing(client: Client, owner: User, query: str) -> None:
    client.force_login(owner)
    assert "답하신 내용입니다" not in client.get(NEW + query).content.decode()
    assert begin(client, carry=None, query=query).track is None


def test_a_save_by_the_api_is_a_look(client: Client, owner: User) -> None:
    client.force_login(owner)
    answer(client)
    draft = begin(client)
    version = draft.sections.get(name="company").version
    change = {"company": {"version": version, "answers": {"company_size": "small"}}}
    sent = caller(owner).patch(f"applications/{draft.pk}/", {"sections": change})
    assert sent.status_code == 200, sent.content
    assert marked(draft) == {"carried:built_on"}
