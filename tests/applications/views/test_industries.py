"""The industry of a firm and of a draft: found by words, kept with its revision, or not known."""

import pytest
from django.test import Client

from applications.models import Application, Company
from applications.queries.intake import drafting as drafting_queries
from applications.services.intake import drafting
from portal.core.clock import now
from tests.applications.views.intake.filling import Controls
from tests.factories import programs
from tests.factories.applications import (
    CompanyFactory,
    MemberFactory,
    SiteFactory,
    UserFactory,
    member_of,
)

pytestmark = pytest.mark.django_db
GOOD = {"business_number": "124-81-00998", "name": "한빛정밀", "kind": "company"}
FIND = {"industry_code-find": "1"}
MOVED = "28202(11차) 운송장비용 이차전지 제조업"


def kept() -> tuple[str, int]:
    company = Company.objects.get()
    return company.industry_code, company.industry_revision


@pytest.mark.parametrize(
    ("sent", "code", "revision"),
    [
        ({"industry_code": "25924 절삭가공 및 유사처리업"}, "25924", 10),
        ({"industry_code": "28202"}, "28202", 10),
        ({"industry_code": MOVED}, "28202", 11),
        ({"industry_code": "28209"}, "28209", 11),
        ({"industry_code": "이차전지", "industry_code-pick": "28202(11차)"}, "28202", 11),
        ({"industry_code": "99999"}, "99999", 10),
        ({"industry_code-unknown": "1"}, "", 10),
        ({"industry_code": "25924", "industry_code-unknown": "1"}, "", 10),
        # The box was ticked before, so the words are the newer answer.
        (
            {
                "industry_code": "25924",
                "industry_code-unknown": "1",
                "industry_code-ticked": "1",
            },
            "25924",
            10,
        ),
        ({}, "", 10),
    ],
)
def test_a_firm_is_registered_with_what_it_chose(
    client: Client, sent: dict[str, str], code: str, revision: int
) -> None:
    client.force_login(UserFactory())
    assert client.post("/companies/new/", {**GOOD, **sent}).status_code == 302
    assert kept() == (code, revision)


def test_a_search_keeps_all_that_was_typed_and_registers_nothing(client: Client) -> None:
    client.force_login(UserFactory())
    sent = {**GOOD, "business_number": "12", "employees": "x", "address": "시흥시", **FIND}
    answer = client.post("/companies/new/", {**sent, "industry_code": "이차전지"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert not Company.objects.exists()
    shown = Controls(page).values
    for name in ("business_number", "name", "employees", "address"):
        assert shown[name] == [sent[name]]
    assert shown["industry_code"] == ["이차전지"]
    assert "has-error" not in page
    assert 'value="28202(11차)"' in page
    client.post("/companies/new/", {**GOOD, **shown, **GOOD, "employees": "3",
                                    "industry_code-pick": "28202(11차)"})  # fmt: skip
    assert kept() == ("28202", 11)


@pytest.mark.parametrize(
    ("words", "told"), [("", "찾을 낱말이나 코드를 적고"), ("없는말", "맞는 업종이 없습니다")]
)
def test_a_search_without_a_result_says_what_to_do(client: Client, words: str, told: str) -> None:
    client.force_login(UserFactory())
    answer = client.post("/companies/new/", {**GOOD, **FIND, "industry_code": words})
    assert told in answer.content.decode()


def test_the_page_of_a_firm_searches_without_saving(client: Client) -> None:
    owner = MemberFactory()
    client.force_login(owner.user)
    url, company = f"/companies/{owner.company_id}/", owner.company
    sent = {"act": "profile", "kind": "company", "opened": company.updated_at.isoformat()}
    page = client.post(url, {**sent, **FIND, "name": "새 이름", "industry_code": "절삭"})
    shown = Controls(page.content.decode()).values
    assert shown["name"] == ["새 이름"]
    assert 'value="25924"' in page.content.decode()
    company.refresh_from_db()
    assert company.name != "새 이름"
    assert client.post(url, {**sent, "name": "새 이름", "industry_code": MOVED}).status_code == 302
    assert f'value="{MOVED}"' in client.get(url).content.decode()
    same = {**sent, "name": "새 이름", "industry_code": MOVED}  # the same form sent twice
    assert client.post(url, same).status_code == 302


@pytest.fixture
def draft(client: Client) -> Application:
    programs.load_open(now())
    company = CompanyFactory(industry_code="28202", industry_revision=11)
    made = drafting.start(
        programs.program("robot"),
        site=SiteFactory(company=company),
        by=member_of(company),
        now=now(),
    )
    client.force_login(made.created_by)
    return made


def step(client: Client, draft: Application, **sent: str) -> tuple[int, str]:
    url = f"/applications/{draft.pk}/edit/company/"
    values = Controls(client.get(url).content.decode()).values
    values = {name: value for name, value in values.items() if name not in sent}
    answer = client.post(url, {**values, "act": "stay", **sent})
    return answer.status_code, answer.content.decode()


def answers(draft: Application) -> dict[str, object]:
    return dict(draft.sections.get(name="company").data)


def test_a_draft_begins_with_the_industry_of_the_firm_and_its_revision(
    client: Client, draft: Application
) -> None:
    assert answers(draft)["industry_code"] == "28202(11차)"
    page = client.get(f"/applications/{draft.pk}/edit/company/").content.decode()
    assert f'value="{MOVED}"' in page
    assert step(client, draft)[0] == 302
    assert answers(draft)["industry_code"] == "28202(11차)"


def test_a_search_in_a_draft_saves_the_other_answers(client: Client, draft: Application) -> None:
    sent = {"q_industry_code": "절삭", "q_industry_code-find": "1", "q_employees": "41"}
    status, page = step(client, draft, **sent)
    assert status == 200
    assert "저장하지 못한 항목" not in page
    assert answers(draft)["employees"] == 41
    assert answers(draft)["industry_code"] == "28202(11차)"
    assert 'name="q_industry_code-pick"' in page
    assert 'value="절삭"' in page
    assert step(client, draft, **{"q_industry_code-pick": "25924"})[0] == 302
    assert answers(draft)["industry_code"] == "25924"


def test_words_that_are_no_code_are_refused_beside_what_they_find(
    client: Client, draft: Application
) -> None:
    status, page = step(client, draft, q_industry_code="절삭", q_employees="42")
    assert status == 422
    assert 'data-code="invalid:industry_code"' in page
    assert 'name="q_industry_code-pick"' in page
    assert answers(draft)["industry_code"] == "28202(11차)"
    assert answers(draft)["employees"] == 42


def test_not_knowing_is_saved_and_stays_chosen(client: Client, draft: Application) -> None:
    assert step(client, draft, **{"q_industry_code-unknown": "1"})[0] == 302
    assert "industry_code" not in answers(draft)
    page = client.get(f"/applications/{draft.pk}/edit/company/").content.decode()
    assert 'name="q_industry_code-ticked"' in page
    found = drafting_queries.load(draft)
    codes = {row.code for row in drafting_queries.missing(found, now=now())}
    assert "missing:industry_code" not in codes
    assert "missing:excluded_industry" in codes


def test_where_the_industry_decides_the_draft_says_what_is_needed(
    client: Client, draft: Application
) -> None:
    condition = {
        "code": "industry", "kind": "one_of", "fact": "industry_code", "values": ["25924"],
        "message": "절삭가공 기업만 신청할 수 있습니다.", "label": "업종", "origin": "assumption",
    }  # fmt: skip
    program = draft.sub_program
    program.conditions = [condition]
    program.save()
    step(client, draft, **{"q_industry_code-unknown": "1"})
    told = [row for row in drafting_queries.missing(drafting_queries.load(draft), now=now())
            if row.code == "industry"]  # fmt: skip
    assert told[0].blocking
    assert told[0].message.startswith("확인 필요: 업종에 따라")
    assert told[0].message in client.get(f"/applications/{draft.pk}/review/").content.decode()


def test_people_read_code_and_name(client: Client, draft: Application) -> None:
    assert MOVED in client.get(f"/applications/{draft.pk}/review/").content.decode()
