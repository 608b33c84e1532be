"""What an early end leaves: a place for the reserve list, and states that are true on both sides."""

from datetime import timedelta

import pytest

from applications.models import (
    Agreement,
    Application,
    Decision,
    DecisionChange,
    Objection,
    Recovery,
    Selection,
)
from applications.queries.selection import reserve as places
from applications.queries.selection.decisions import award_of
from applications.services import objection
from applications.services.agreement import contracts as agreements
from applications.services.agreement import endings
from applications.services.selection import changes
from applications.services.settlement import statements
from applications.states import AgreementState, ApplicationState, ChangeKind, EndingKind, Outcome
from portal.core.errors import MoveNotAllowed, RuleBroken
from programs.rules.ledger import Balance
from tests.factories import staff
from tests.factories.agreements import GRANT, World
from tests.factories.applications import ApplicationFactory, SubmissionFactory

pytestmark = pytest.mark.django_db


def reserve_of(world: World) -> Application:
    """Give the world's selection one place, and somebody on its reserve list."""
    first = Decision.objects.select_related("selection").get(application=world.application)
    Selection.objects.filter(pk=first.selection_id).update(places=1)
    made = ApplicationFactory(
        sub_program=world.application.sub_program,
        track=world.application.track,
        released=True,
        frozen=None,
    )
    SubmissionFactory(application=made, support_won=GRANT)
    Decision.objects.create(
        selection=first.selection,
        application=made,
        outcome=Outcome.RESERVE,
        rank=2,
        reason_code="over_quota",
        reason="예비 1번",
    )
    return made


def standing(world: World) -> places.ReserveStatus:
    return places.status(Selection.objects.get(decisions__application=world.application))


def end(world: World, kind: str) -> None:
    by = world.owner if kind == EndingKind.DECLINE else world.officer
    ending = endings.request(world.fresh(), kind=kind, reason="사정 변경", by=by, now=world.now)
    endings.approve(ending, note="확인", by=world.manager, now=world.now)
    world.fresh()


def moved_up(world: World, second: Application) -> None:
    """The portal has drafted the move-up; two people put it in force."""
    draft = DecisionChange.objects.get(kind=ChangeKind.MOVE_UP)
    assert (draft.application, draft.state) == (second, "drafted")
    assert draft.fills.application == world.application
    changes.take_up(draft, by=world.officer, now=world.now)
    changes.approve(draft, by=world.other, now=world.now)
    assert award_of(second).outcome == Outcome.SELECTED
    found = standing(world)
    assert (found.taken, found.free) == (1, 0)


@pytest.mark.parametrize("kind", [EndingKind.DECLINE, EndingKind.TERMINATE, EndingKind.CANCEL])
def test_an_agreement_that_ends_before_a_payment_frees_its_place(kind: str) -> None:
    world = World().conclude()
    second = reserve_of(world)
    assert (standing(world).taken, standing(world).stopped_by) == (1, "places")
    end(world, kind)
    moved_up(world, second)


def test_an_agreement_that_ends_after_a_payment_frees_its_place_when_it_is_closed() -> None:
    world = World().conclude()
    second = reserve_of(world)
    world.pay(1)
    end(world, EndingKind.CANCEL)
    assert standing(world).stopped_by == "places"
    recovery = Recovery.objects.select_related("settlement__agreement").get()
    statements.record_recovery(
        recovery, received_on=world.day, evidence="입금", by=world.officer, now=world.now
    )
    assert not DecisionChange.objects.exists()
    world.close()
    moved_up(world, second)


def test_a_project_that_was_done_keeps_its_place() -> None:
    world = World().conclude()
    reserve_of(world)
    world.pay(1)
    world.half_way()
    world.pay(2)
    world.finish()
    world.spend({"robot": 60_000_000, "integration": 30_000_000, "training": 10_000_000})
    world.settle()
    world.pay(3)
    world.close()
    assert standing(world).stopped_by == "places"
    assert not DecisionChange.objects.exists()


# --- A decision cancelled while its agreement is prepared -------------------------------------------


def cancel(world: World) -> None:
    change = changes.propose(
        world.application,
        kind=ChangeKind.CANCEL,
        outcome="",
        reason="거짓 신청",
        by=world.officer,
        now=world.now,
    )
    changes.approve(change, by=world.manager, now=world.now)


def states(world: World) -> tuple[str, str]:
    application = Application.objects.get(pk=world.application.pk)
    return Agreement.objects.get(pk=world.agreement.pk).state, application.state


WAITING = (AgreementState.PREPARING, ApplicationState.RELEASED)
OVER = (AgreementState.ENDED, ApplicationState.ENDED)


def waits_for_nobody(world: World) -> bool:
    return not world.agreement.pending_steps.filter(done_at=None).exists()


def test_both_sides_end_when_the_cancellation_can_no_longer_be_contested() -> None:
    world = World()
    assert agreements.drop_orphans(world.now) == 0
    cancel(world)
    assert agreements.drop_orphans(world.now) == 0
    assert states(world) == WAITING
    assert waits_for_nobody(world)
    with pytest.raises(RuleBroken):
        agreements.conclude(world.fresh(), **world.words(world.manager))
    for offered in (
        world.papers,
        world.sign,
        lambda: agreements.extend(
            world.fresh(), days=10, reason="연장", by=world.manager, now=world.now
        ),
        lambda: agreements.reissue(world.fresh(), reason="고침", by=world.officer, now=world.now),
        lambda: end(world, EndingKind.DECLINE),
        lambda: end(world, EndingKind.CANCEL),
    ):
        with pytest.raises(MoveNotAllowed) as refused:
            offered()
        assert refused.value.code == "no_award"
    late = world.now + timedelta(days=30)
    assert agreements.drop_orphans(late) == 1
    assert states(world) == OVER
    assert world.money == Balance()
    last = Application.objects.get(pk=world.application.pk).moves.latest("pk")
    assert (last.move, last.by) == ("end", None)
    assert agreements.drop_orphans(late) == 0


def test_an_objection_keeps_the_preparation_until_it_is_answered() -> None:
    world = World()
    cancel(world)
    made = objection.file(world.application, text="사실과 다릅니다.", by=world.owner, now=world.now)
    late = world.now + timedelta(days=30)
    assert agreements.drop_orphans(late) == 0
    assert states(world) == WAITING
    objection.dismiss(made, note="사실로 확인함", by=world.other, now=late)
    assert agreements.drop_orphans(late) == 1
    assert states(world) == OVER


def test_a_cancellation_that_is_reversed_goes_on_with_the_same_agreement() -> None:
    world = World()
    cancel(world)
    agreements.drop_orphans(world.now)
    change = changes.propose(
        world.application,
        kind=ChangeKind.REVERSAL,
        outcome=Outcome.SELECTED,
        reason="확인 결과 사실이 아님",
        by=world.officer,
        now=world.now,
    )
    changes.second(change, by=world.manager, now=world.now)
    changes.approve(change, by=world.other, now=world.now)
    world.conclude()
    assert world.money == Balance(committed=GRANT)


def test_what_the_firm_has_declined_ends_at_once() -> None:
    world = World()
    changes.decline(world.application, note="사정 변경", by=world.owner, now=world.now)
    assert states(world) == OVER
    assert agreements.drop_orphans(world.now) == 0


def test_an_upheld_objection_is_finished_before_the_agreement_or_ends_with_it() -> None:
    world = World()
    world.papers()
    world.sign()
    decision = Decision.objects.get(application=world.application)
    case = Objection.objects.create(
        application=world.application,
        decision=decision,
        text="가점",
        due_at=world.now + timedelta(days=10),
        filed_by=world.owner,
        filed_at=world.now,
        answer_due_at=world.now,
        decided_by=staff.manager(),
        decided_at=world.now,
        answer="인용",
        remedy="bonus",
        **{"state": "upheld"},
    )
    with pytest.raises(RuleBroken) as refused:
        agreements.conclude(world.fresh(), **world.words(world.manager))
    assert [row.code for row in refused.value.findings] == ["objection"]
    end(world, EndingKind.CANCEL)
    case.refresh_from_db()
    assert case.state == "lapsed"
