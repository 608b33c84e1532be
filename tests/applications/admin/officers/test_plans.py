"""Filters by officer and flag are answered from indexes on PostgreSQL, whatever the tables hold."""

from typing import Any

import pytest
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.urls import reverse

from applications.models import Application
from applications.queries.officers.distribution import current, loads, nobodys
from applications.services.officers import charge, distribution, stand_ins
from portal.core.clock import now
from portal.core.dates import korean_day
from tests import plans
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
LIST = reverse("admin:applications_application_changelist")
GROWING = (
    "applications_application",
    "applications_officerchange",
    "applications_staffflag",
    "applications_staffnote",
)
LEFT_TO_DO = {"application_of_nobody", "flag_open", "flag_due", "one_open_flag_of_a_label"}
FILTERS = (
    *({"charge": value} for value in ("mine", "acting", "team", "nobody")),
    *({"flag": value} for value in ("any", "mine", "overdue", "visit")),
)


@pytest.mark.parametrize("query", FILTERS, ids=lambda query: "-".join(query.values()))
def test_no_filter_reads_a_whole_table(desk, program, officer, query) -> None:
    away, day = staff.officer(program), korean_day(now())
    stand_ins.arrange(away, stand_in=officer, first_day=day, last_day=day, by=away, now=now())
    for person in (officer, away):
        charge.take(staff.filed(program), by=person, now=NOW)
    staff.filed(program)
    client = desk(officer)
    client.get(LIST)
    with plans.reads() as queries:
        assert client.get(LIST, query).status_code == 200
    asked = [sql for sql in queries if "applications_application" in sql]
    assert asked
    for sql in asked:
        assert whole_reads(plans.plan_of(sql)) == [], sql


def whole_reads(plan: dict[str, Any]) -> list[str]:
    """Return the indexes and tables that are read whole, but for those of what is left to do alone."""
    if not plans.whole_reads(plan, GROWING):
        return []
    scans = [row for row in plans.nodes(plan) if row.get("Relation Name") in GROWING]
    whole = [row for row in scans if not any(name in row for name in plans.CONDITIONS)]
    names = [row.get("Index Name", row["Relation Name"]) for row in whole]
    return [name for name in names if name not in LEFT_TO_DO]


def test_the_sweep_reads_what_is_nobodys_alone(program, officer) -> None:
    distribution.set_rules(program, [], base=0, by=staff.manager(), now=NOW)
    with plans.reads() as queries:
        nobodys(program).exists()
        loads([officer.pk])
        current(program)
    for sql in queries:
        assert plans.whole_reads(plans.plan_of(sql), GROWING) == [], sql


def test_a_condition_that_no_index_knows_would_read_it_whole() -> None:
    """The tests above can fail."""
    rows = Application.objects.annotate(who=Coalesce(F("officer_id"), Value(0))).filter(who=0)
    assert plans.whole_reads(plans.plan_of(*rows.query.sql_with_params()), GROWING)
