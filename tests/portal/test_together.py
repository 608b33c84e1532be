"""Rows read together are the rows that a query of each table alone returns, to the last value."""

from datetime import date

import pytest
from django.db import models

from applications.models import (
    Application,
    Company,
    Consent,
    Partner,
    PartnerTerms,
    Section,
    Site,
)
from portal.records import together
from portal.records.together import Rows
from tests.factories.applications import NOW, ApplicationFactory, CompanyFactory, PartnerFactory

pytestmark = pytest.mark.django_db

PARTS = {
    "application": Rows(Application, "id = %(key)s"),
    "sections": Rows(Section, "application_id = %(key)s"),
    "consents": Rows(Consent, "application_id = %(key)s AND given"),
    "partners": Rows(Partner, "application_id = %(key)s"),
    "terms": Rows(PartnerTerms, "partner_id IN (SELECT id FROM applications_partner WHERE application_id = %(key)s)"),
    "companies": Rows(Company, "id IN (SELECT company_id FROM applications_application WHERE id = %(key)s)"),
    "sites": Rows(Site, "id IN (SELECT site_id FROM applications_application WHERE id = %(key)s)"),
}  # fmt: skip
ANSWERS = {"글": "줄\n바꿈 \"따옴표\" 100% %(key)s", "수": 10**14, "예": True, "없음": None, "표": [{"가": "나"}]}  # fmt: skip


def made() -> Application:
    ApplicationFactory()
    firm = CompanyFactory(founded_on=date(1999, 12, 31), size="")
    row = ApplicationFactory(company=firm)
    by = row.created_by
    at = NOW.replace(microsecond=123)
    for name in ("plan", "company"):
        Section.objects.create(application=row, name=name, data=ANSWERS, saved_by=by, saved_at=at)
    for code, given in (("one", True), ("two", False)):
        Consent.objects.create(
            application=row,
            code=code,
            wording="1",
            given=given,
            by=by,
            at=at.replace(microsecond=0),
        )
    partner = PartnerFactory(application=row, accepted=True)
    for confirmed in (None, True):
        PartnerTerms.objects.create(
            partner=partner, part="몫", share_won=2**40, set_by=by, set_at=at, confirmed=confirmed,
            answered_by=by if confirmed else None, answered_at=at if confirmed else None,
        )  # fmt: skip
    return row


def values(row: models.Model) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def check(row: Application) -> None:
    alone = {
        "application": Application.objects.filter(pk=row.pk),
        "sections": row.sections.all(),
        "consents": row.consents.filter(given=True),
        "partners": row.partners.all(),
        "terms": PartnerTerms.objects.filter(partner__application=row),
        "companies": Company.objects.filter(pk=row.company_id),
        "sites": Site.objects.filter(pk=row.site_id),
    }
    found = together.read(PARTS, key=row.pk)
    assert set(found) == set(alone)
    for name, query in alone.items():
        expected = list(query.order_by("pk"))
        assert expected == found[name]
        assert [values(each) for each in expected] == [values(each) for each in found[name]]
        for one, other in zip(expected, found[name], strict=True):
            assert [type(value) for value in values(one).values()] == [
                type(value) for value in values(other).values()
            ]
            assert (other._state.adding, other._state.db) == (False, "default")


def test_rows_read_together_are_those_read_alone(django_assert_num_queries) -> None:
    row = made()
    with django_assert_num_queries(1):
        together.read(PARTS, key=row.pk)
    check(row)


@pytest.mark.postgres
def test_rows_read_together_are_those_read_alone_in_postgresql() -> None:
    check(made())


def test_of_named_columns_no_others_are_read(django_assert_num_queries) -> None:
    row = made()
    named = {"sections": Rows(Section, "application_id = %(key)s", ("id", "data"))}
    found = together.read(named, key=row.pk)["sections"]
    assert [(one.pk, one.data) for one in found] == list(
        row.sections.order_by("pk").values_list("pk", "data")
    )
    assert "version" in found[0].get_deferred_fields()
    with django_assert_num_queries(0):
        assert found[0].data


def test_nothing_is_found_under_another_key() -> None:
    made()
    assert not any(together.read(PARTS, key=10**9).values())


def test_what_is_read_can_be_saved_again() -> None:
    row = made()
    section = together.read(PARTS, key=row.pk)["sections"][0]
    section.data["글"] = "고침"
    section.save()
    assert Section.objects.get(pk=section.pk).data["글"] == "고침"
