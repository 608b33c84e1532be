"""Changing an agreement: in time, by other people, signed again, and the money follows."""

import pytest

from applications.models import ChangeRequest
from applications.services import amendments
from applications.states import AmendmentState
from portal.errors import MoveNotAllowed, RuleBroken
from programs.rules.ledger import Balance
from tests.factories.agreements import GRANT, World

pytestmark = pytest.mark.django_db
LESS = {
    "grant_won": 40_000_000,
    "own_won": 40_000_000,
    "items": {"robot": 50_000_000, "integration": 30_000_000},
}


def ask(world: World, kind: str = "sums", **proposal: object) -> ChangeRequest:
    """Ask as the firm's owner."""
    return amendments.ask(
        world.fresh(),
        kind=kind,
        proposal=proposal or LESS,
        reason="견적이 바뀌었습니다.",
        by=world.owner,
        now=world.now,
    )


def approve(world: World, change: ChangeRequest) -> None:
    """Examine and approve by two people."""
    amendments.examine(change, opinion="타당합니다.", by=world.officer, now=world.now)
    amendments.approve(change, note="승인합니다.", by=world.manager, now=world.now)


def test_smaller_sums_go_back_to_the_pot_when_both_have_signed_again() -> None:
    world = World().conclude()
    world.pay(1)
    approve(world, ask(world))
    assert world.money.committed == GRANT - 25_000_000  # nothing before the signatures
    world.sign()
    amendments.amend(world.fresh(), **world.words(world.manager))
    assert world.money == Balance(committed=15_000_000, paid=25_000_000)
    assert [part.amount_won for part in world.agreement.instalments.all()] == [
        25_000_000,
        9_000_000,
        6_000_000,
    ]
    assert world.fresh().in_force == 2


def test_sums_grow_again_up_to_the_award_and_never_above() -> None:
    world = World().conclude()
    approve(world, ask(world))
    world.sign()
    amendments.amend(world.fresh(), **world.words(world.manager))
    more = {"grant_won": GRANT, "own_won": GRANT, "items": {"robot": 2 * GRANT}}
    approve(world, ask(world, **more))
    world.sign()
    amendments.amend(world.fresh(), **world.words(world.manager))
    assert world.money == Balance(committed=GRANT)
    above = {"grant_won": GRANT + 1, "own_won": GRANT + 1, "items": {"robot": 2 * GRANT + 2}}
    with pytest.raises(RuleBroken, match="선정된"):
        ask(world, **above)


def test_a_longer_period_is_in_force_with_its_approval() -> None:
    world = World().conclude()
    ends = world.day.replace(year=world.day.year + 1)
    approve(world, ask(world, "period", ends_on=ends.isoformat()))
    assert world.fresh().ends_on == ends
    assert world.agreement.in_force == world.agreement.version == 2


def test_a_change_is_asked_for_in_time() -> None:
    world = World().conclude()
    world.later(170)
    with pytest.raises(RuleBroken) as refused:
        ask(world)
    assert refused.value.findings[0].code == "change_late"


def test_whoever_examined_does_not_approve_and_a_replay_changes_nothing() -> None:
    world = World().conclude()
    change = ask(world)
    world.manager.groups.add(*world.officer.groups.all())
    both = type(world.manager).objects.get(pk=world.manager.pk)
    amendments.examine(change, opinion="타당합니다.", by=both, now=world.now)
    with pytest.raises(MoveNotAllowed) as refused:
        amendments.approve(change, note="승인", by=both, now=world.now)
    assert refused.value.code == "same_person"
    amendments.approve(change, note="승인", by=world.other, now=world.now)
    with pytest.raises(MoveNotAllowed):
        amendments.approve(change, note="승인", by=world.other, now=world.now)
    assert ChangeRequest.objects.get().state == AmendmentState.APPROVED
    assert world.fresh().version == 2


def test_one_change_at_a_time_and_a_refused_one_leaves_everything() -> None:
    world = World().conclude()
    change = ask(world)
    with pytest.raises(MoveNotAllowed):
        ask(world)
    amendments.refuse(change, note="근거가 부족합니다.", by=world.officer, now=world.now)
    assert world.money == Balance(committed=GRANT)
    assert world.fresh().version == 1
