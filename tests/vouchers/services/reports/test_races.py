"""Acts on reports by two people at the same time, on a real database; and that the race is real."""

import threading

import pytest

from portal.core.errors import MoveNotAllowed, PortalError
from programs.models import LedgerEntry
from programs.queries import ledger as ledger_queries
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from tests.faults.together import at_once
from vouchers.models import (
    AwardRound,
    Correction,
    FeeSettlement,
    GoodCase,
    ReportFee,
    ReportVersion,
    Service,
)
from vouchers.services import corrections, good_cases
from vouchers.services.reports import moderation, writing
from vouchers.services.rewards import awards, fees

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def refused(answers: list) -> list[BaseException]:
    strange = [one for one in answers if isinstance(one, Exception)]
    assert all(isinstance(one, PortalError) for one in strange), strange
    return strange


def test_two_moderators_accept_once_and_commit_one_fee() -> None:
    report = make.submitted()
    people = [panel.moderator(), panel.moderator()]
    answers = at_once(
        2, lambda i: moderation.accept(make.fresh(report), by=people[i], now=NOW, note="확인")
    )
    assert len(refused(answers)) == 1
    assert ReportFee.objects.count() == 1
    assert ledger_queries.balance(report.assignment.round.fee_pot).committed == 50_000


def test_two_operators_pay_a_fee_once() -> None:
    fee = make.accepted().fee
    people = [panel.operator(), panel.operator()]
    answers = at_once(
        2, lambda i: fees.pay(ReportFee.objects.get(pk=fee.pk), by=people[i], now=NOW)
    )
    assert len(refused(answers)) == 1
    assert FeeSettlement.objects.count() == 1
    assert ledger_queries.balance(fee.report.assignment.round.fee_pot).paid == 50_000


def test_awards_are_paid_once_by_two_operators() -> None:
    round = make.round()
    make.accepted(make.assigned(round))
    made = awards.propose(round, by=panel.operator(), now=NOW)
    awards.approve(made, by=panel.agency(), now=NOW)
    people = [panel.operator(), panel.operator()]
    answers = at_once(
        2, lambda i: awards.pay(AwardRound.objects.get(pk=made.pk), by=people[i], now=NOW)
    )
    assert len(refused(answers)) == 1
    assert ledger_queries.balance(round.award_pot).paid == 20_100_000
    assert LedgerEntry.objects.filter(budget=round.award_pot, kind="pay").count() == 1


def test_two_people_propose_one_good_case() -> None:
    report = make.published()
    people = [panel.operator(), panel.moderator()]
    answers = at_once(
        2,
        lambda i: good_cases.propose(
            make.fresh(report), headline="좋음", reason="좋음", by=people[i], now=make.LATER
        ),
    )
    assert len(refused(answers)) == 1
    assert GoodCase.objects.count() == 1


def test_two_reports_raise_one_case_together() -> None:
    round, service = make.round(), panel.service()
    reports = [make.published(make.assigned(round, service=service)) for _ in range(2)]
    people = [panel.moderator(), panel.moderator()]
    answers = at_once(
        2,
        lambda i: corrections.raise_issue(
            make.fresh(reports[i]), kind="improvement", text="말", by=people[i], now=make.LATER
        ),
    )
    assert refused(answers) == []
    assert Correction.objects.get().issues.count() == 2


def test_answer_and_suspension_never_both_win() -> None:
    case = make.raised()
    corrections.verify(case, finding="확인", by=panel.agency(), now=make.LATER)
    corrections.request(case, text="고쳐 주세요", by=panel.agency(), now=make.LATER)
    desk = make.desk(case.service.supplier)
    due = Correction.objects.get().due_at

    def act(place: int) -> object:
        if place:
            return corrections.suspend_overdue(due)
        row = Correction.objects.select_related("service__supplier").get()
        return corrections.answer(row, text="고침", by=desk, now=make.LATER)

    refused(at_once(2, act))
    row, service = Correction.objects.get(), Service.objects.get(pk=case.service_id)
    assert (row.state, service.state) in {("answered", "on_sale"), ("suspended", "suspended")}


def test_one_version_is_submitted_by_two_clicks() -> None:
    report = make.written()
    by = report.assignment.monitor.user
    answers = at_once(
        2, lambda i: writing.submit(make.fresh(report), version=report.version, by=by, now=NOW)
    )
    assert len(refused(answers)) == 1
    assert ReportVersion.objects.count() == 1


def test_without_the_condition_both_would_win() -> None:
    """The negative control: reading first and writing later, as no service here does."""
    report = make.submitted()
    read = threading.Barrier(2)

    def careless(place: int) -> str:
        seen = make.fresh(report)
        read.wait(30)
        if seen.state != "submitted":
            raise MoveNotAllowed
        type(seen).objects.filter(pk=seen.pk).update(accepted_at=NOW)
        return "accepted"

    assert at_once(2, careless) == ["accepted", "accepted"]
