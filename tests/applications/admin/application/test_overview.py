"""The list: own sub-programmes only, exact search, filters, and a constant number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from applications.models import Application, AssessorProfile, BonusClaim
from applications.services import search as keys
from applications.services.screening import supplements
from portal.core.clock import now
from portal.staff.lists import QuickPaginator
from tests.factories import staff
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    SupplementFactory,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:applications_application_changelist")


def numbers(client, **query) -> set[str]:
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return {row.number for row in answer.context["cl"].result_list}


def test_an_officer_sees_the_own_sub_programmes_and_no_draft(desk, program, officer) -> None:
    mine = staff.filed(program)
    staff.filed(staff.program())
    ApplicationFactory(sub_program=program)
    assert numbers(desk(officer)) == {mine.number}


@pytest.mark.parametrize("role", ["manager", "auditor"])
def test_managers_and_auditors_see_all(desk, program, role) -> None:
    filed = {staff.filed(one).number for one in (program, staff.program())}
    assert numbers(desk(staff.staff(role))) == filed


@pytest.mark.parametrize("role", ["assessor", "operator"])
def test_assessors_and_operators_have_no_desk(desk, program, role) -> None:
    staff.filed(program)
    assert desk(staff.staff(role)).get(LIST).status_code == 404


def test_the_list_is_searched_by_numbers_and_parts_of_names(desk, program, officer) -> None:
    company = CompanyFactory(name="가온정밀")
    mine = staff.filed(program, company=company)
    other = staff.filed(program, company=CompanyFactory(name="나래정밀"))
    keys.learn([company.pk, other.company_id])
    client = desk(officer)
    number = company.business_number
    hyphened = f"{number[:3]}-{number[3:5]}-{number[5:]}"
    assert numbers(client, q=mine.number) == {mine.number}
    assert numbers(client, q=number) == numbers(client, q=hyphened) == {mine.number}
    assert numbers(client, q="가온") == {mine.number}
    assert numbers(client, q="정밀") == {mine.number, other.number}
    assert numbers(client, q="정밀", state="screening") == set()
    assert numbers(client, q=other.number[:-1]) == set()


def test_one_letter_is_too_short_to_search_and_the_list_says_so(desk, program, officer) -> None:
    staff.filed(program)
    page = desk(officer).get(LIST, {"q": "가"})
    assert page.context["cl"].result_count == 0
    assert "2글자 이상 적어 주세요." in page.content.decode()


def test_another_officers_application_is_found_by_no_search(desk, program, officer) -> None:
    foreign = staff.filed(staff.program())
    keys.learn([foreign.company_id])
    client = desk(officer)
    assert numbers(client, q=foreign.number) == set()
    assert numbers(client, q=foreign.company.name) == set()


@pytest.mark.parametrize("picked", ["", "²", "x", "9" * 30, "9" * 5_000])
def test_a_tick_that_is_no_row_does_nothing(desk, program, officer, picked) -> None:
    staff.filed(program)
    client = desk(officer)
    page = client.get(LIST).context["action_form"]
    action = page.fields["action"].choices[-1][0]
    sent = {"action": action, "index": "0", "_selected_action": picked}
    answer = client.post(LIST, sent, follow=True)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'data-code="rows">고른 항목을 알 수 없습니다. 목록에서 다시 고르세요.<' in page


def test_a_number_that_no_table_holds_finds_nothing_and_breaks_nothing(
    desk, program, officer
) -> None:
    staff.filed(program)
    answer = desk(officer).get(LIST, {"program": str(10**30)})
    assert (answer.status_code, answer.context["cl"].result_count) == (200, 0)
    assert desk(officer).get(LIST, {"id__in": str(10**30)}).status_code == 400


def test_what_an_assessor_knows_is_kept_in_codes_that_can_be_matched(
    desk, program, officer
) -> None:
    (judge,) = staff.assessors(1)
    AssessorProfile.objects.filter(user=judge).delete()
    client, address = desk(officer), reverse("admin:applications_assessorprofile_add")
    sent = {"user": judge.pk, "max_load": "5", "active": "on"}
    for strange in ({"programs": "nowhere"}, {"industries": "5, x"}, {"industries": "9" * 6}):
        answer = client.post(address, {**sent, **strange})
        assert answer.status_code == 200, strange
        assert not AssessorProfile.objects.filter(user=judge).exists()
    known = {"programs": program.code, "industries": "24, 251"}
    assert client.post(address, {**sent, **known}).status_code == 302
    kept = AssessorProfile.objects.get(user=judge)
    assert (kept.programs, kept.industries) == ([program.code], ["24", "251"])
    page = client.get(reverse("admin:applications_assessorprofile_change", args=[kept.pk]))
    assert 'value="24, 251"' in page.content.decode()


def test_each_filter_narrows_to_what_it_says(desk, program, officer) -> None:
    new = staff.filed(program, region="seoul", size="mid", submitted_at=now())
    old = staff.filed(program, region="jeju", size="small")
    asked = staff.filed(program, state="screening", track=None)
    SupplementFactory(application=asked, due_at=NOW - timedelta(days=1))
    assert supplements.expire(NOW) == 1
    BonusClaim.objects.create(
        application=old, code="covid", label="코로나19", claim="마스크", points=5
    )
    client = desk(officer)
    everyone = {new.number, old.number, asked.number}
    assert numbers(client) == everyone
    assert numbers(client, state="screening") == {asked.number}
    assert numbers(client, region="jeju") == {old.number}
    assert numbers(client, size="mid") == {new.number}
    assert numbers(client, received="today") == {new.number}
    assert numbers(client, bonus="claimed") == {old.number}
    assert numbers(client, bonus="granted") == set()
    assert numbers(client, supplement="expired") == {asked.number}
    assert numbers(client, supplement="answered") == set()
    assert numbers(client, program=program.pk, track=new.track_id) == {new.number, old.number}
    assert numbers(client, program=program.pk) == everyone


@pytest.mark.parametrize(
    "query",
    [
        {"created_by__password__startswith": "a"},
        {"company__phone": "1"},
        {"program": "x"},
        {"p": "zz"},
        {"o": "1.-2"},
        {"track": "1' OR 1=1"},
    ],
)
def test_no_other_lookup_opens_anything(desk, program, officer, query) -> None:
    staff.filed(program)
    answer = desk(officer).get(LIST, query)
    assert answer.status_code in {200, 302, 400}
    if answer.status_code == 302:
        assert answer["Location"].startswith(("?e=1", f"{LIST}?e=1"))


def queries(client, url: str, **query) -> int:
    client.get(url, query)  # content types and the like are remembered after the first
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url, query).status_code == 200
    return len(caught)


def test_the_list_takes_as_many_queries_for_three_as_for_sixty(desk, program, officer) -> None:
    client = desk(officer)
    for _ in range(3):
        staff.filed(program)
    few = queries(client, LIST), queries(client, LIST, state="submitted", region="gyeonggi")
    for _ in range(57):
        staff.filed(program)
    many = queries(client, LIST), queries(client, LIST, state="submitted", region="gyeonggi")
    assert few == many
    assert many[0] <= 14


def test_the_list_counts_no_further_than_its_limit(desk, program, officer, monkeypatch) -> None:
    monkeypatch.setattr(QuickPaginator, "MOST", 5)
    for _ in range(9):
        staff.filed(program)
    client = desk(officer)
    with CaptureQueriesContext(connection) as caught:
        client.get(LIST)
    counts = [row["sql"] for row in caught if "COUNT(" in row["sql"]]
    assert [sql for sql in counts if "LIMIT" not in sql] == []
    assert [sql for sql in counts if "LIMIT 6" not in sql] == []


def test_an_auditor_is_offered_no_act_on_the_list(desk, program) -> None:
    row = staff.filed(program)
    client = desk(staff.auditor())
    page = client.get(LIST).content.decode()
    assert "act_together" not in page
    assert "함께 처리" not in page
    client.post(LIST, {"action": "act_together", "_selected_action": [row.pk]})
    assert Application.objects.get(pk=row.pk).state == "submitted"


COMPANIES = reverse("admin:applications_company_changelist")


def test_companies_are_listed_only_when_searched_and_only_own_applicants(
    desk, program, officer
) -> None:
    mine = staff.filed(program, company=CompanyFactory(name="가온정밀")).company
    other = staff.filed(staff.program(), company=CompanyFactory(name="가온화학"))
    keys.learn([mine.pk, other.company_id])
    client = desk(officer)
    assert list(client.get(COMPANIES).context["cl"].result_list) == []
    assert list(client.get(COMPANIES, {"q": "가온"}).context["cl"].result_list) == [mine]
    page = client.get(reverse("admin:applications_company_change", args=[mine.pk]))
    assert page.status_code == 200
