"""Two promises to one firm at the same moment on PostgreSQL: the limit holds for both together."""

import threading
from typing import Any

import pytest

from applications.models import Company, Selection
from applications.services.selection import aid, proposals
from portal.core.errors import RuleBroken
from programs.queries.ledger import balance
from tests.applications.services.selection.test_aid import apply, limited
from tests.factories import staff
from tests.factories.applications import NOW, CompanyFactory
from tests.faults.together import WAIT_SECONDS, at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def two_proposals(company: Company) -> list[Selection]:
    """One firm near the line of two sub-programmes, each within the limit by itself."""
    limits = []
    for _ in range(2):
        program = staff.program()
        apply(program, company, support=60)
        limits.append(program)
    limited(100)
    return [staff.confirmed(staff.proposed(one, staff.officer(one))) for one in limits]


def decide_both(made: list[Selection]) -> list[object]:
    boss = staff.manager()

    def decide(place: int) -> object:
        mine = Selection.objects.select_related("sub_program__round").get(pk=made[place].pk)
        return proposals.decide(mine, by=boss, now=NOW) or "decided"

    return at_once(2, decide)


def reserved(made: list[Selection]) -> int:
    return sum(balance(one.sub_program.pot).reserved for one in made)


def test_two_decisions_at_once_give_one_firm_no_more_than_it_may_hold() -> None:
    made = two_proposals(CompanyFactory())
    answers = decide_both(made)
    assert sorted(type(row).__name__ for row in answers) == ["RuleBroken", "str"]
    (refused,) = [row for row in answers if isinstance(row, RuleBroken)]
    assert refused.code == "aid_limit"
    assert reserved(made) == 60


def test_without_the_firms_lock_both_would_pass(monkeypatch) -> None:
    """The negative control: both look before either has promised anything."""
    made = two_proposals(CompanyFactory())
    both_checked, real = threading.Barrier(2), aid.enforce

    def then_wait(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        both_checked.wait(WAIT_SECONDS)

    monkeypatch.setattr(aid, "_lock_firms", lambda firms: None)
    monkeypatch.setattr(aid, "enforce", then_wait)
    assert decide_both(made) == ["decided", "decided"]
    assert reserved(made) == 120
