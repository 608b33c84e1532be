"""A company is found by what it is called now, whoever changed that."""

import pytest
from django.core.management import call_command

from applications.models import Company, CompanyKey
from applications.queries.search import first_companies
from applications.services import company as companies
from applications.services import search
from tests.factories.applications import NOW, CompanyFactory, UserFactory

pytestmark = pytest.mark.django_db
PROFILE = {"name": "한빛정밀", "representative": "김가온", "phone": "031-987-6543"}


def found(text: str) -> list[int]:
    return first_companies(Company.objects.all(), text).ids


def test_registering_changing_and_a_new_site_write_the_keys() -> None:
    by = UserFactory()
    made = companies.register(data={"business_number": "1248100998", **PROFILE}, by=by, now=NOW)
    for text in ("빛정", "가온", "031 987 6543", "124-81-00998", "본사"):
        assert found(text) == [made.pk], text
    opened = made.updated_at
    changes = {"name": "나래화학", "representative": "박나래", "phone": "02-123-4567"}
    companies.update(made, data=changes, opened=opened, by=by, now=NOW)
    for text in ("화학", "박나래", "02-123-4567", "1248100998", "본사"):
        assert found(text) == [made.pk], text
    for text in ("빛정", "가온", "031 987 6543"):
        assert found(text) == [], text
    companies.add_site(made, data={"name": "안산 제2공장"}, by=by, now=NOW)
    assert found("2공장") == found("화학") == [made.pk]


def test_companies_without_keys_get_them_once() -> None:
    old = CompanyFactory(name="가나다라")
    assert found("나다") == []
    call_command("index_companies")
    assert found("나다") == [old.pk]
    before = set(CompanyKey.objects.values_list("company", "text"))
    assert search.learn_missing() == 0
    assert set(CompanyKey.objects.values_list("company", "text")) == before
