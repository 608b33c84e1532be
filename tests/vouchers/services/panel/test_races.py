"""Recruitment, assignment and import by two people at the same time, on a real database."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection

from portal.core.errors import MoveNotAllowed, PortalError
from portal.jobs import queue
from portal.models import JobState, Notice
from programs.queries import ledger as ledger_queries
from programs.services import ledger
from tests.factories import reports
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from tests.faults.together import at_once
from vouchers.models import (
    Assignment,
    AssignmentRun,
    CatalogueImport,
    FeeSettlement,
    Monitor,
    PanelApplication,
    PanelApplicationMove,
    PanelRound,
    PanelSelection,
    ReportFee,
    Supplier,
)
from vouchers.services import assignment, recruitment, selection
from vouchers.services.catalogue import importing
from vouchers.services.rewards import fees
from vouchers.states import ImportKind

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CLOSED = NOW + timedelta(days=6)


def refused(answers: list) -> list[BaseException]:
    """Those that were turned away, each in the portal's own words."""
    strange = [one for one in answers if isinstance(one, Exception)]
    assert all(isinstance(one, PortalError) for one in strange), strange
    return strange


def test_two_operators_release_a_selection_once() -> None:
    panel, people = make.panel(), [make.operator(), make.operator()]
    make.marked(panel, people[0])
    made = selection.propose(panel, by=people[0], now=CLOSED)
    answers = at_once(
        2,
        lambda i: selection.release(
            PanelSelection.objects.select_related("round").get(pk=made.pk), by=people[i], now=CLOSED
        ),
    )
    (loser,) = refused(answers)
    assert isinstance(loser, MoveNotAllowed)
    assert Monitor.objects.count() == 6
    assert Notice.objects.filter(key__startswith="panel-result:").count() == 9


def test_two_selections_of_a_round_are_never_both_released() -> None:
    panel, by = make.panel(), make.operator()
    make.marked(panel, by)
    made = [selection.propose(panel, by=by, now=CLOSED).pk for _ in range(2)]

    def release(place: int) -> object:
        row = PanelSelection.objects.select_related("round").get(pk=made[place])
        return selection.release(row, by=by, now=CLOSED)

    assert len([one for one in at_once(2, release) if isinstance(one, Exception)]) == 1
    assert PanelSelection.objects.filter(state="released").count() == 1
    assert Monitor.objects.count() == 6


def test_two_operators_confirm_an_assignment_once() -> None:
    panel, people = make.panel(members_per_service=3), [make.operator(), make.operator()]
    make.members(panel, 3)
    make.cover(panel, [make.service() for _ in range(2)])
    run = assignment.start(panel, seed=1, by=people[0], now=CLOSED)
    assignment.compute(run, now=CLOSED)
    answers = at_once(
        2,
        lambda i: assignment.confirm(
            AssignmentRun.objects.select_related("round").get(pk=run.pk), by=people[i], now=CLOSED
        ),
    )
    assert len(refused(answers)) == 1
    assert Assignment.objects.count() == 6
    assert len(set(Assignment.objects.values_list("monitor", "service"))) == 6


def test_a_person_who_begins_twice_has_one_application() -> None:
    panel, user = make.panel(), make.person()
    answers = at_once(
        2,
        lambda i: recruitment.start(PanelRound.objects.get(pk=panel.pk), by=user, now=NOW),
    )
    assert refused(answers) == []
    assert {one.pk for one in answers} == {PanelApplication.objects.get().pk}


def test_an_application_is_submitted_once_by_two_clicks(settings, tmp_path) -> None:
    settings.PRIVATE_ROOT = tmp_path
    draft = make.whole_draft()
    answers = at_once(
        2,
        lambda i: recruitment.submit(
            PanelApplication.objects.select_related("round", "user").get(pk=draft.pk),
            by=draft.user,
            now=NOW,
        ),
    )
    assert len(refused(answers)) <= 1
    assert PanelApplicationMove.objects.filter(move="submit").count() == 1
    assert Notice.objects.filter(to_email=draft.user.email).count() == 1


def test_a_fee_is_paid_or_withheld_never_both() -> None:
    fee = reports.accepted().fee
    by = make.operator()

    def settle(place: int) -> object:
        row = ReportFee.objects.get(pk=fee.pk)
        if place:
            return fees.withhold(row, note="중복", by=by, now=NOW)
        return fees.pay(row, by=by, now=NOW)

    assert len(refused(at_once(2, settle))) == 1
    settled, left = (
        FeeSettlement.objects.get(),
        ledger_queries.balance(fee.report.assignment.round.fee_pot),
    )
    assert (settled.outcome, left.paid) in {("paid", 50_000), ("withheld", 0)}
    assert left.committed == 0


def test_two_operators_pay_all_open_fees_once() -> None:
    round = reports.round()
    for _ in range(3):
        reports.accepted(reports.assigned(round))
    people = [make.operator(), make.operator()]
    answers = at_once(
        2,
        lambda i: fees.pay_due(
            PanelRound.objects.select_related("fee_pot").get(pk=round.pk), by=people[i], now=NOW
        ),
    )
    assert refused(answers) == []
    assert sum(won for _, won in answers) == 150_000 == ledger_queries.balance(round.fee_pot).paid


def confirm(file: CatalogueImport) -> CatalogueImport:
    mine = CatalogueImport.objects.get(pk=file.pk)
    return importing.confirm(mine, basis=mine.basis, emptying=False, by=mine.requested_by, now=NOW)


def test_two_workers_import_a_file_once(settings, tmp_path) -> None:
    settings.PRIVATE_ROOT = tmp_path
    file = importing.start(
        ImportKind.SUPPLIERS, upload=make.suppliers_csv(20), by=make.operator(), now=NOW
    )
    answers = at_once(2, lambda i: queue.run(file.job_id))
    assert sorted(answers, key=str) == sorted([JobState.DONE, None], key=str)
    file.refresh_from_db()
    confirmed = at_once(2, lambda i: confirm(file))
    assert {one.job_id for one in confirmed} == {confirmed[0].job_id}
    answers = at_once(2, lambda i: queue.run(confirmed[0].job_id))
    assert sorted(answers, key=str) == sorted([JobState.DONE, None], key=str)
    assert Supplier.objects.count() == 20
    assert CatalogueImport.objects.get().created == 20


def test_without_the_lease_rows_are_still_unique(settings, tmp_path) -> None:
    settings.PRIVATE_ROOT = tmp_path
    file = importing.start(
        ImportKind.SUPPLIERS, upload=make.suppliers_csv(20), by=make.operator(), now=NOW
    )
    confirm(importing.preview(file, now=NOW))
    answers = at_once(
        2, lambda i: importing.apply(CatalogueImport.objects.get(pk=file.pk), now=NOW)
    )
    assert [type(one) for one in answers if isinstance(one, Exception)] in ([], [IntegrityError])
    assert Supplier.objects.count() == 20


def test_the_ledger_alone_refuses_a_second_payment() -> None:
    """Whoever forgot to settle a fee first would still be stopped by what was set aside for it."""
    round, read = reports.round(), threading.Barrier(2)
    fee, _ = [reports.accepted(reports.assigned(round)).fee for _ in range(2)]
    by = make.operator()

    def careless(place: int) -> object:
        assert ReportFee.objects.filter(pk=fee.pk, settlement=None).exists()
        read.wait(30)
        booking = ledger.Booking(50_000, f"twice:{place}", fees.subject_of(fee))
        return ledger.pay(round.fee_pot, booking, by=by, now=NOW)

    assert len(refused(at_once(2, careless))) == 1
    assert ledger_queries.balance(round.fee_pot).paid == 50_000


def test_without_the_condition_both_would_release() -> None:
    """The negative control: reading first and writing later, as no service here does."""
    panel, by, read = make.panel(), make.operator(), threading.Barrier(2)
    make.marked(panel, by)
    made = selection.propose(panel, by=by, now=CLOSED)

    def careless(place: int) -> int:
        seen = PanelSelection.objects.get(pk=made.pk)
        read.wait(30)
        assert seen.state == "proposed"
        return PanelSelection.objects.filter(pk=seen.pk).update(released_at=CLOSED)

    assert at_once(2, careless) == [1, 1]


def two_give_back(monkeypatch: pytest.MonkeyPatch) -> list:
    """Let two members give a service back, both before either of them has begun a run."""
    round = reports.round()
    rows = [reports.assigned(round).pk for _ in range(2)]
    create = assignment._create_run

    def slow(*given) -> AssignmentRun:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")
        return create(*given)

    monkeypatch.setattr(assignment, "_create_run", slow)

    def drop(place: int) -> object:
        row = Assignment.objects.select_related("monitor__user", "round").get(pk=rows[place])
        return assignment.drop(row, reason="사정", by=row.monitor.user, now=NOW, owner=True)

    return at_once(2, drop)


def test_two_members_who_give_back_at_once_begin_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = two_give_back(monkeypatch)
    assert refused(answers) == []
    assert sorted(type(one) for one in answers if one) == [AssignmentRun]
    assert not Assignment.objects.filter(state="active").exists()


def test_without_the_lock_the_second_who_gives_back_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PanelRound.objects, "select_for_update", lambda **how: PanelRound.objects)
    answers = two_give_back(monkeypatch)
    assert any(isinstance(one, IntegrityError) for one in answers)
