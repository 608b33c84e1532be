"""The life of an award after its release: every way it can go ends at zero difference."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from applications.models import Application, Deliverable, PendingStep, Recovery, Settlement
from applications.services.agreement import contracts as agreements
from applications.services.agreement import endings, instalments, pending_steps
from applications.services.delivery import deliverables, experts
from applications.services.settlement import spending, statements
from applications.states import AgreementState, ApplicationState, EndingKind, InstalmentState
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken, StaleVersion
from portal.models import Notice
from programs.rules.ledger import Balance
from tests.factories.agreements import GRANT, World
from tests.factories.applications import NOW
from tests.factories.delivery import expert

pytestmark = pytest.mark.django_db


def zero(world: World, settled: int) -> None:
    """Nothing reserved, nothing committed, and what stays paid is what was settled."""
    assert world.money == Balance(reserved=0, committed=0, paid=settled)
    assert world.fresh().state in (AgreementState.CLOSED, AgreementState.ENDED)
    assert not world.agreement.pending_steps.filter(done_at=None).exists()
    application = Application.objects.get(pk=world.application.pk)
    ended = world.agreement.state == AgreementState.ENDED
    assert application.state == (ApplicationState.ENDED if ended else ApplicationState.CLOSED)


def steps(world: World) -> list[str]:
    """Who is waited for now."""
    rows = world.agreement.pending_steps.filter(done_at=None).order_by("pk")
    return sorted(rows.values_list("step", flat=True))


def test_a_concluded_agreement_turns_reserved_money_into_committed() -> None:
    world = World()
    assert world.money == Balance(reserved=GRANT)
    assert steps(world) == ["papers", "sign"]
    world.papers()
    world.sign()
    assert steps(world) == ["conclude"]
    agreements.conclude(world.fresh(), **world.words(world.manager))
    assert world.money == Balance(committed=GRANT)
    assert [part.amount_won for part in world.agreement.instalments.all()] == [
        25_000_000,
        15_000_000,
        10_000_000,
    ]
    assert Application.objects.get(pk=world.application.pk).state == ApplicationState.CONTRACTED


def test_the_whole_way_with_everything_spent_pays_the_whole_grant() -> None:
    world = World().conclude()
    world.pay(1)
    world.half_way()
    world.pay(2)
    world.finish()
    world.spend({"robot": 60_000_000, "integration": 30_000_000, "training": 10_000_000})
    made = world.settle()
    assert (made.settled_won, made.balance_won, made.recover_won) == (GRANT, 10_000_000, 0)
    world.pay(3)
    world.close()
    zero(world, GRANT)


def test_less_spending_is_recovered_to_the_last_won() -> None:
    world = World().conclude()
    world.pay(1)
    world.half_way()
    world.pay(2)
    world.finish()
    world.spend({"robot": 41_234_567})
    made = world.settle()
    assert made.settled_won == 20_617_000  # half, below a thousand won dropped
    assert (made.recover_won, made.release_won) == (40_000_000 - 20_617_000, 10_000_000)
    with pytest.raises(RuleBroken) as refused:
        world.close()
    assert refused.value.findings[0].code == "not_zero"
    world.fresh()
    recovery = Recovery.objects.select_related("settlement__agreement").get()
    words = {"received_on": world.day, "evidence": "국고 수납 확인", "by": world.officer}
    statements.record_recovery(recovery, **words, now=world.now)
    with pytest.raises(MoveNotAllowed):
        statements.record_recovery(recovery, **words, now=world.now)
    world.close()
    zero(world, 20_617_000)


def test_a_failed_project_pays_back_everything() -> None:
    world = World().conclude()
    world.pay(1)
    world.half_way()
    world.finish("failed")
    world.spend({"robot": 60_000_000})
    made = world.settle()
    assert (made.settled_won, made.recover_won) == (0, 25_000_000)


@pytest.mark.parametrize("kind", [EndingKind.DECLINE, EndingKind.CANCEL])
def test_an_end_before_the_conclusion_gives_the_reservation_back(kind: str) -> None:
    world = World()
    by = world.owner if kind == EndingKind.DECLINE else world.officer
    ending = endings.request(world.fresh(), kind=kind, reason="사정 변경", by=by, now=world.now)
    assert "decide_end" in steps(world)
    endings.approve(ending, note="확인", by=world.manager, now=world.now)
    zero(world, 0)


def test_a_lapse_waits_for_the_deadline() -> None:
    world = World()
    words = {"kind": EndingKind.LAPSE, "reason": "기한 안에 서명하지 않음", "by": world.officer}
    with pytest.raises(MoveNotAllowed, match="기한이 아직"):
        endings.request(world.fresh(), **words, now=world.now)
    world.now = world.agreement.sign_due_at
    ending = endings.request(world.fresh(), **words, now=world.now)
    endings.approve(ending, note="확인", by=world.manager, now=world.now)
    zero(world, 0)


@pytest.mark.parametrize("kind", [EndingKind.DECLINE, EndingKind.TERMINATE, EndingKind.CANCEL])
def test_an_end_before_any_payment_gives_the_commitment_back(kind: str) -> None:
    world = World().conclude()
    by = world.owner if kind == EndingKind.DECLINE else world.officer
    ending = endings.request(world.fresh(), kind=kind, reason="사정 변경", by=by, now=world.now)
    endings.approve(ending, note="확인", by=world.manager, now=world.now)
    zero(world, 0)
    assert {part.state for part in world.agreement.instalments.all()} == {InstalmentState.CANCELLED}


@pytest.mark.parametrize("kind", [EndingKind.DECLINE, EndingKind.TERMINATE])
def test_an_end_after_a_payment_settles_what_was_spent_and_pays_nothing_more(kind: str) -> None:
    world = World().conclude()
    world.pay(1)
    instalment = world.part(2)
    by = world.owner if kind == EndingKind.DECLINE else world.officer
    ending = endings.request(world.fresh(), kind=kind, reason="사정 변경", by=by, now=world.now)
    endings.approve(ending, note="확인", by=world.manager, now=world.now)
    assert world.fresh().state == AgreementState.SETTLING
    with pytest.raises(MoveNotAllowed):
        instalments.request(instalment, by=world.officer, now=world.now)
    world.spend({"robot": 60_000_000})
    made = world.settle()
    assert (made.settled_won, made.balance_won, made.recover_won) == (25_000_000, 0, 0)
    world.close()
    zero(world, 25_000_000)


def test_a_cancelled_selection_pays_back_everything_whatever_was_spent() -> None:
    world = World().conclude()
    world.pay(1)
    ending = endings.request(
        world.fresh(), kind="cancel", reason="거짓 신청", by=world.officer, now=world.now
    )
    endings.approve(ending, note="확인", by=world.manager, now=world.now)
    assert world.money == Balance(paid=25_000_000)
    recovery = Recovery.objects.select_related("settlement__agreement").get()
    assert recovery.amount_won == 25_000_000
    with pytest.raises(MoveNotAllowed):
        statements.propose(world.fresh(), by=world.officer, now=world.now)
    statements.record_recovery(
        recovery, received_on=world.day, evidence="입금", by=world.officer, now=world.now
    )
    world.close()
    zero(world, 0)


def test_a_flat_sum_is_settled_without_spending() -> None:
    world = World("level-check", grant_won=800_000, costs={}).conclude()
    assert steps(world) == ["final"]
    world.finish()
    assert steps(world) == ["settle"]
    assert world.settle().balance_won == 800_000
    world.pay(1)
    world.close()
    zero(world, 800_000)


def test_an_award_in_kind_closes_against_what_was_used() -> None:
    world = World("meister", grant_won=8_750_000, costs={}).conclude()
    words = {"label": "마이스터 방문 4회", "by": world.officer, "now": world.now}
    for _ in range(2):  # the same reference counts once
        spending.record_use(world.fresh(), amount_won=5_000_000, reference="visit:1", **words)
    with pytest.raises(BadInput, match="계획 가액"):
        spending.record_use(world.fresh(), amount_won=5_000_000, reference="visit:2", **words)
    world.finish()
    made = world.settle()
    assert (made.settled_won, made.release_won) == (5_000_000, 3_750_000)
    world.close()
    zero(world, 5_000_000)


def test_support_in_kind_that_ends_early_is_settled_by_the_days_that_were_done() -> None:
    world = World("meister", grant_won=9_000_000, costs={}).conclude()
    row = Deliverable.objects.get(agreement=world.agreement)
    meister = expert()
    experts.assign(row, expert=meister, by=world.officer, now=world.now)
    for _ in range(2):
        world.later(1)
        entry = deliverables.add_entry(
            Deliverable.objects.get(pk=row.pk),
            on=korean_day(world.now),
            title="방문",
            body="지도",
            by=meister.user,
            now=world.now,
        )
        deliverables.answer_entry(entry, agree=True, by=world.owner, now=world.now)
    asked = endings.request(
        world.fresh(), kind="terminate", reason="폐업", by=world.officer, now=world.now
    )
    endings.approve(asked, note="확인", by=world.manager, now=world.now)
    row.refresh_from_db()
    assert (row.state, world.fresh().state) == ("stopped", "settling")
    told = Notice.objects.filter(key__startswith="expert_released")
    assert [one.user for one in told] == [meister.user]
    made = world.settle()
    assert (made.settled_won, made.release_won) == (3_000_000, 6_000_000)
    world.close()
    zero(world, 3_000_000)


def test_a_text_that_changed_is_not_signed() -> None:
    world = World()
    read = world.words(world.owner)
    agreements.reissue(world.fresh(), reason="주소 정정", by=world.officer, now=world.now)
    with pytest.raises(StaleVersion):
        agreements.sign(world.fresh(), **read)
    world.sign()
    agreements.reissue(world.fresh(), reason="다시 정정", by=world.officer, now=world.now)
    assert any(row.code == "unsigned" for row in agreements.missing(world.fresh()))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"agreed": False}, "consent"),
        ({"name": "남의이름"}, "name"),
        ({"sha256": "0" * 64}, "text_changed"),
    ],
)
def test_a_signature_needs_the_own_name_the_consent_and_the_hash(change: dict, code: str) -> None:
    world = World()
    with pytest.raises((BadInput, StaleVersion)) as refused:
        agreements.sign(world.fresh(), **{**world.words(world.owner), **change})
    assert refused.value.code == code


def test_a_replayed_signature_changes_nothing() -> None:
    world = World()
    world.sign()
    with pytest.raises(MoveNotAllowed) as refused:
        world.sign()
    assert refused.value.code == "signed"


def test_a_replayed_conclusion_commits_once() -> None:
    world = World()
    world.papers()
    world.sign()
    words = world.words(world.manager)
    stale = world.fresh()
    agreements.conclude(stale, **words)
    with pytest.raises(MoveNotAllowed):
        agreements.conclude(world.fresh(), **words)
    assert world.money == Balance(committed=GRANT)


def test_whoever_asked_for_a_payment_does_not_pay_it() -> None:
    world = World().conclude()
    world.manager.groups.set(world.officer.groups.all() | world.manager.groups.all())
    world.manager = type(world.manager).objects.get(pk=world.manager.pk)
    instalments.request(world.part(1), by=world.manager, now=world.now)
    with pytest.raises(MoveNotAllowed) as refused:
        instalments.pay(world.part(1), by=world.manager, now=world.now)
    assert refused.value.code == "same_person"
    instalments.pay(world.part(1), by=world.other, now=world.now)
    with pytest.raises(MoveNotAllowed):
        instalments.pay(world.part(1), by=world.other, now=world.now)
    assert world.money.paid == 25_000_000


def test_an_approved_settlement_is_not_approved_again() -> None:
    world = World().conclude()
    world.half_way()
    world.finish()
    world.spend({"robot": 10_000_000})
    made = statements.propose(world.fresh(), by=world.officer, now=world.now)
    statements.approve(Settlement.objects.get(pk=made.pk), by=world.manager, now=world.now)
    before = world.money
    with pytest.raises(MoveNotAllowed):
        statements.approve(Settlement.objects.get(pk=made.pk), by=world.other, now=world.now)
    assert world.money == before


def test_the_database_itself_keeps_what_was_paid_and_settled() -> None:
    world = World().conclude()
    world.pay(1)
    world.half_way()
    world.finish()
    world.spend({"robot": 10_000_000})
    made = world.settle()
    recovery = Recovery.objects.select_related("settlement__agreement").get()
    statements.record_recovery(
        recovery, received_on=world.day, evidence="입금", by=world.officer, now=world.now
    )
    for row in (world.part(1), made, recovery):
        with pytest.raises(IntegrityError), transaction.atomic():
            type(row).objects.filter(pk=row.pk).update(state=row.state)
        with pytest.raises(IntegrityError), transaction.atomic():
            type(row).objects.filter(pk=row.pk).delete()


def test_a_step_is_reminded_of_however_many_old_ones_are_open() -> None:
    world = World()
    step = world.agreement.pending_steps.get(step="papers")
    long_ago = NOW - timedelta(days=100)
    PendingStep.objects.bulk_create(
        PendingStep(
            agreement=world.agreement,
            step=f"old {number}",
            waits_for="firm",
            since=long_ago,
            due_at=long_ago,
            late_told_at=long_ago,
        )
        for number in range(250)
    )
    Notice.objects.all().delete()
    assert pending_steps.remind(step.due_at - timedelta(hours=1)) == 0
    assert pending_steps.remind(step.due_at) >= 1
    assert pending_steps.remind(step.due_at) == 0
    late = Notice.objects.filter(key__startswith=f"agreement_step_late:{step.pk}:")
    assert [row.to_email for row in late] == [world.owner.email]  # staff: once a day


@pytest.mark.parametrize(("days", "fine"), [(-1, False), (0, True), (3, True), (4, False)])
def test_a_recovery_is_received_between_its_settlement_and_today(days: int, fine: bool) -> None:
    world = World().conclude()
    world.pay(1)
    world.later(5)
    words = {"kind": "cancel", "reason": "거짓 신청", "by": world.officer, "now": world.now}
    ending = endings.request(world.fresh(), **words)
    endings.approve(ending, note="확인", by=world.manager, now=world.now)
    recovery = Recovery.objects.select_related("settlement__agreement").get()
    settled = world.now.date()
    world.later(3)
    words = {"evidence": "국고 수납", "by": world.officer, "now": world.now}
    on = settled + timedelta(days=days)
    if fine:
        statements.record_recovery(recovery, received_on=on, **words)
        assert Recovery.objects.get().received_on == on
        return
    with pytest.raises(BadInput, match="정산을 확정한 날부터 오늘까지") as refused:
        statements.record_recovery(recovery, received_on=on, **words)
    assert refused.value.code == "received_on"
