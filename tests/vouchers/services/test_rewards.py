"""Rewards: fees paid once, the pool divided to the last won, approved by a second person."""

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import Job, Notice
from portal.records.workflow import move
from programs.models import LedgerEntry
from programs.queries import ledger as ledger_queries
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from vouchers.models import Award, AwardRound, Monitor, PanelRound, ReportFee
from vouchers.queries.rewards import activity
from vouchers.services.rewards import awards, fees
from vouchers.states import AwardRoundState, FeeOutcome, MemberKind, MonitorMoves

pytestmark = pytest.mark.django_db
POOL = 20_100_000


def exclude(monitor: Monitor) -> None:
    move(
        monitor,
        MonitorMoves.EXCLUDE,
        by=panel.agency(),
        now=NOW,
        note="이해관계",
        changes={"excluded_at": NOW, "exclusion_reason": "이해관계"},
    )


def test_a_fee_is_paid_once() -> None:
    fee = make.accepted().fee
    operator = panel.operator()
    fees.pay(fee, by=operator, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        fees.pay(fee, by=operator, now=NOW)
    assert refused.value.code == "settled"
    pot = fee.report.assignment.round.fee_pot
    assert ledger_queries.balance(pot) == ledger_queries.recomputed(pot)
    assert ledger_queries.balance(pot).paid == 50_000


def test_only_the_operator_pays() -> None:
    fee = make.accepted().fee
    for other in (panel.moderator(), panel.agency(), panel.ministry()):
        with pytest.raises(MoveNotAllowed):
            fees.pay(fee, by=other, now=NOW)


def test_a_withheld_fee_returns_to_the_budget_with_its_reason() -> None:
    fee = make.accepted().fee
    with pytest.raises(BadInput):
        fees.withhold(fee, note="", by=panel.operator(), now=NOW)
    row = fees.withhold(fee, note="본인이 사양함", by=panel.operator(), now=NOW)
    assert row.outcome == FeeOutcome.WITHHELD
    assert ledger_queries.balance(fee.report.assignment.round.fee_pot).available == 10_000_000


def test_all_open_fees_are_paid_and_an_excluded_members_are_left() -> None:
    round = make.round()
    one = panel.monitor(round)
    reports = [make.accepted(make.assigned(round, monitor=one)) for _ in range(2)]
    other = make.accepted(make.assigned(round))
    exclude(other.assignment.monitor)
    assert fees.pay_due(round, by=panel.operator(), now=NOW) == (2, 100_000)
    assert fees.pay_due(round, by=panel.operator(), now=NOW) == (0, 0)
    assert Notice.objects.filter(key__startswith="fee-paid:", user=one.user).count() == 1
    with pytest.raises(MoveNotAllowed):
        fees.pay(other.fee, by=panel.operator(), now=NOW)
    assert ReportFee.objects.filter(report__in=reports, settlement=None).count() == 0


def awarded(count: int = 4) -> PanelRound:
    """Make a round with so many members whose reports were accepted."""
    round = make.round()
    kinds = list(MemberKind)
    for place in range(count):
        make.accepted(make.assigned(round, kind=kinds[place % 3]))
    return round


def test_the_whole_pool_is_proposed_approved_and_paid_to_the_last_won() -> None:
    round = awarded()
    made = awards.propose(round, by=panel.operator(), now=NOW)
    assert made.awards.aggregate(sum=Sum("amount_won"))["sum"] == POOL
    awards.approve(made, by=panel.agency(), now=NOW)
    assert ledger_queries.balance(round.award_pot).reserved == POOL
    assert awards.pay(made, by=panel.operator(), now=NOW) == POOL
    balance = ledger_queries.balance(round.award_pot)
    assert (balance.paid, balance.available, balance.reserved) == (POOL, 0, 0)
    assert balance == ledger_queries.recomputed(round.award_pot)


def test_awards_are_paid_once() -> None:
    made = awards.propose(awarded(), by=panel.operator(), now=NOW)
    awards.approve(made, by=panel.agency(), now=NOW)
    again = AwardRound.objects.get(pk=made.pk)
    awards.pay(made, by=panel.operator(), now=NOW)
    with pytest.raises(MoveNotAllowed):
        awards.pay(again, by=panel.operator(), now=NOW)
    assert LedgerEntry.objects.filter(kind="pay", subject__startswith="panel-award:").count() == 4


def test_a_proposal_takes_a_second_person() -> None:
    both = panel.operator()
    both.groups.add(*panel.agency().groups.all())
    both = type(both).objects.get(pk=both.pk)
    made = awards.propose(awarded(), by=both, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        awards.approve(made, by=both, now=NOW)
    assert refused.value.code == "second_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        AwardRound.objects.filter(pk=made.pk).update(approved_by=both)


def test_a_round_has_one_open_award_proposal() -> None:
    round = awarded()
    made = awards.propose(round, by=panel.operator(), now=NOW)
    with pytest.raises(MoveNotAllowed):
        awards.propose(round, by=panel.operator(), now=NOW)
    awards.approve(made, by=panel.agency(), now=NOW)
    awards.discard(made, note="점수를 다시 봅니다.", by=panel.agency(), now=NOW)
    assert ledger_queries.balance(round.award_pot).available == POOL
    assert awards.propose(round, by=panel.operator(), now=NOW) != made


def test_a_member_excluded_since_stops_approval_and_payment() -> None:
    round = awarded()
    made = awards.propose(round, by=panel.operator(), now=NOW)
    awards.approve(made, by=panel.agency(), now=NOW)
    exclude(round.monitors.first())
    with pytest.raises(MoveNotAllowed) as refused:
        awards.pay(made, by=panel.operator(), now=NOW)
    assert refused.value.code == "excluded_member"
    assert AwardRound.objects.get(pk=made.pk).state == AwardRoundState.APPROVED


def test_an_excluded_member_is_not_awarded() -> None:
    round = awarded()
    gone = round.monitors.first()
    exclude(gone)
    made = awards.propose(round, by=panel.operator(), now=NOW)
    assert gone.pk not in made.awards.values_list("monitor", flat=True)
    assert made.awards.aggregate(sum=Sum("amount_won"))["sum"] == POOL


def test_an_award_keeps_its_breakdown_and_is_never_rewritten() -> None:
    made = awards.propose(awarded(), by=panel.operator(), now=NOW)
    award = made.awards.first()
    assert {row["code"] for row in award.breakdown["lines"]} == {
        "punctuality",
        "completeness",
        "usefulness",
    }
    with pytest.raises(IntegrityError), transaction.atomic():
        Award.objects.filter(pk=award.pk).update(amount_won=1)


def test_commended_awards_get_a_numbered_certificate() -> None:
    made = awards.propose(awarded(), by=panel.operator(), now=NOW)
    awards.approve(made, by=panel.agency(), now=NOW)
    awards.pay(made, by=panel.operator(), now=NOW)
    commended = made.awards.filter(commended=True).count()
    assert Job.objects.filter(kind=awards.CERTIFICATE_JOB).count() == commended == 4
    assert made.awards.first().certificate.number.startswith("표창 2021-")


def test_scores_are_read_in_a_fixed_number_of_queries(django_assert_num_queries) -> None:
    round = awarded(1)
    make.accepted(make.assigned(round, monitor=round.monitors.first()))
    with django_assert_num_queries(3):
        first = activity.scores(round)
    for _ in range(3):
        make.accepted(make.assigned(round))
    with django_assert_num_queries(3):
        assert len(activity.scores(round)) == len(first) + 3
