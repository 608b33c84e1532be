"""What staff type finds the applications it can mean, by an index each, however many there are."""

import pytest

from applications.models import Application, Company, Site
from applications.queries import search
from applications.services import search as keys
from tests import plans
from tests.factories.applications import ApplicationFactory, CompanyFactory, MemberFactory

pytestmark = pytest.mark.django_db
GROWING = (
    "applications_application",
    "applications_company",
    "applications_companykey",
    "applications_member",
    "portal_user",
)


def file(company: Company, **fields) -> Application:
    """A filed application numbered as filing does: by its own key."""
    made = ApplicationFactory(company=company, filed=True, frozen=None, **fields)
    Application.objects.filter(pk=made.pk).update(number=f"2021-시험-1차-{made.pk:06d}")
    made.refresh_from_db()
    return made


@pytest.fixture
def wanted() -> Application:
    company = CompanyFactory(
        name="한빛 정밀(주)",
        business_number="1248100998",
        representative="김가온",
        phone="031-987-6543",
    )
    MemberFactory(company=company, user__email="person@firm.kr", user__phone="010-9876-5432")
    made = file(company)
    Site.objects.filter(pk=made.site_id).update(name="안산 제2공장")
    other = CompanyFactory(name="나래화학", representative="박나래")
    Site.objects.filter(pk=file(other).site_id).update(name="본사")
    ApplicationFactory(company=company)  # a draft: no search for staff finds it
    keys.learn([company.pk, other.pk])
    return made


@pytest.mark.parametrize(
    "typed",
    [
        "한빛", "정밀", "빛정", "한빛정밀", "한빛 정밀", "정밀(주)", "밀주",
        "김가온", "가온", "안산", "제2공장", "2공장",
        "124-81-00998", "1248100998", "１２４－８１－００９９８", "124 81",
        "031-987-6543", "0319876543", "+82 31-987-6543", "(031) 987.6543", "031-987",
        "010-9876-5432", "+82 10 9876 5432",
        "person@firm.kr", "Person@Firm.KR", "person@",
        "{number}", "접수번호 {number}", "{serial}", "{serial:06d}", "1차-{serial:06d}",
    ],
)  # fmt: skip
def test_whatever_is_known_of_an_application_finds_it(wanted: Application, typed: str) -> None:
    text = typed.format(number=wanted.number, serial=wanted.pk)
    filed = Application.objects.filter(submitted_at__isnull=False)
    assert search.first_applications(filed, text) == search.Found([wanted.pk], False)
    assert [row.pk for row in search.applications(filed, text)] == [wanted.pk]
    companies = search.first_companies(Company.objects.all(), text)
    assert companies == search.Found([wanted.company_id], False)


@pytest.mark.parametrize(
    "typed",
    [
        "빛",
        "온밀",
        "없는이름",
        "999999999",
        "0" * 18,
        "9" * 30,
        "a@b",
        "000-00-00000",
        "%_",
        "1차-1",
    ],
)
def test_what_is_nothing_of_it_finds_nothing(wanted: Application, typed: str) -> None:
    rows = Application.objects.all()
    assert search.first_applications(rows, typed) == search.Found([], False)
    assert not search.applications(rows, typed).exists()


def test_only_the_rows_asked_about_are_found(wanted: Application) -> None:
    rows = Application.objects.filter(state="assessing")
    for text in ("한빛", wanted.number, str(wanted.pk), "person@"):
        assert search.first_applications(rows, text).ids == []


def test_a_search_stops_at_its_limit_and_says_so_and_an_export_goes_on(monkeypatch) -> None:
    monkeypatch.setattr(search, "MOST", 3)
    companies = [CompanyFactory(name=f"한빛{place}") for place in range(5)]
    filed = [file(company).pk for company in companies]
    keys.learn([row.pk for row in companies])
    found = search.first_applications(Application.objects.all(), "한빛")
    assert (len(found.ids), found.more) == (3, True)
    assert set(found.ids) < set(filed)
    assert found.ids == sorted(found.ids, reverse=True)
    rows = search.applications(Application.objects.all(), "한빛")
    assert sorted(row.pk for row in rows) == filed


def test_a_search_says_when_it_did_not_look_at_every_company(monkeypatch) -> None:
    monkeypatch.setattr(search, "EXAMINED", 2)
    companies = [CompanyFactory(name=f"한빛{place}") for place in range(3)]
    keys.learn([row.pk for row in companies])
    for company in companies:
        file(company)
    narrow = Application.objects.filter(state="assessing")
    assert search.first_applications(narrow, "한빛") == search.Found([], True)
    assert search.first_applications(narrow, "한빛2") == search.Found([], False)


@pytest.mark.postgres
@pytest.mark.parametrize(
    "text", ["한빛", "124-81-00998", "010-9876-5432", "person@", "31", "2021-시험-1차-000031"]
)
def test_no_search_reads_a_whole_table(text: str) -> None:
    with plans.reads() as queries:
        search.first_applications(Application.objects.filter(submitted_at__isnull=False), text)
        search.first_companies(Company.objects.all(), text)
    assert queries
    for sql in queries:
        plan = plans.plan_of(sql)
        assert plans.whole_reads(plan, GROWING) == [], sql
        assert plans.joins(plan) <= 3, sql
