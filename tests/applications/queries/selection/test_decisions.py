"""The decision in force: nobody's before the release, one for each application after it."""

import pytest

from applications.models import Application
from applications.queries.selection.decisions import award_of, awards_of
from applications.services.selection import proposals
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided():
    program = staff.program(money=90_000_000)
    judges, officer, boss = staff.assessors(), staff.officer(program), staff.manager()
    for marks in ((28, 36, 28), (26, 34, 26)):
        staff.judged(program, marks, judges=judges, support=50_000_000)
    made = staff.proposed(program, officer)
    staff.decided(made, by=boss)
    return made, boss


def test_nothing_is_in_force_before_the_release(decided) -> None:
    made, _ = decided
    assert [award_of(row.application) for row in made.decisions.all()] == [None, None]


def test_a_release_puts_every_decision_in_force(decided) -> None:
    made, boss = decided
    proposals.release(made, by=boss, now=NOW)
    first = Application.objects.get(decisions__rank=1)
    award = award_of(first)
    assert (award.selection, award.outcome, award.grant_won) == (made.pk, "selected", 50_000_000)
    assert (award.rank, award.released_at) == (1, NOW)


def test_many_are_read_in_one_query(decided, django_assert_num_queries) -> None:
    made, boss = decided
    proposals.release(made, by=boss, now=NOW)
    with django_assert_num_queries(1):
        found = awards_of(made.decisions.order_by().values("application"))
    assert sorted(row.outcome for row in found.values()) == ["reserve", "selected"]
