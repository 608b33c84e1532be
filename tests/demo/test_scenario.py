"""The demo's scenario, made by the services: every stage occurs, and the ledger agrees."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import override_settings

from applications.models import (
    Agreement,
    Application,
    CommitteeProposal,
    Decision,
    DecisionChange,
    DeliveryEntry,
    LateGrant,
    LevelCertificate,
    Objection,
    PendingStep,
    Recovery,
)
from applications.queries.objection import clock
from applications.queries.selection.decisions import reversals
from demo.timeline import Timeline
from portal.core.clock import now
from portal.models import Notice
from portal.records import audit
from programs.models import SubProgram
from programs.queries.ledger import balance
from tests import deadlines

pytestmark = pytest.mark.xdist_group("scenario")  # one seeding for the tests of this file
SHOWN = {
    "applications.Agreement.papers_due_at",
    "applications.Agreement.sign_due_at",
    "applications.Inquiry.due_at",
    "applications.LateGrant.until",
    "applications.Objection.answer_due_at",
    "applications.Objection.due_at",
    "applications.Recovery.due_at",
    "applications.Report.due_at",
    "applications.ScoreSheet.due_at",
    "applications.Supplement.due_at",
    "applications.PendingStep.due_at",
}


def seed() -> None:
    for command in ("seed_accounts", "seed_programs", "seed_applications"):
        call_command(command, stdout=StringIO(), verbosity=0)


@pytest.fixture(scope="module")
def seeded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Make the scenario once for the tests of this file; undo it after the last one."""
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(DEMO=True):
            seed()
        yield
        transaction.set_rollback(True)


def changed(kind: str) -> "list[DecisionChange]":
    return list(DecisionChange.objects.filter(kind=kind, state="in_force"))


@pytest.mark.django_db
def test_there_is_an_application_at_every_stage(seeded) -> None:
    assert deadlines.filled() >= SHOWN
    assert deadlines.not_round() == []
    at, applications = now(), Application.objects.all()
    states = set(applications.values_list("state", flat=True))
    assert {
        "draft", "submitted", "screening", "assessing", "released", "contracted", "closed"
    } <= states  # fmt: skip
    agreements = Agreement.objects.values_list("state", flat=True)
    assert {"preparing", "active", "settling", "settled", "closed"} <= set(agreements)

    (won,) = changed("objection")
    assert (won.replaces.outcome, won.outcome) == ("reserve", "selected")
    assert len({won.proposed_by_id, won.approved_by_id, None}) == 3
    assert won.application.objection.run.previous_id == won.replaces.selection.run_id
    dismissed = Objection.objects.get(state="dismissed")
    assert len(dismissed.answer) > 20
    running = Objection.objects.get(state="filed")
    assert running.filed_at < at < running.answer_due_at
    free = Application.objects.get(
        company__name="한빛정밀(주)", sub_program__code="meister", state="released"
    )
    assert clock(free, at).open

    (given_up,), (moved,) = changed("decline"), changed("move_up")
    assert moved.fills_id == given_up.replaces_id
    assert moved.outcome == "selected"
    (reversed_one,) = changed("reversal")
    signed = {reversed_one.proposed_by_id, reversed_one.seconded_by_id, reversed_one.approved_by_id}
    assert len(signed - {None}) == 3
    assert reversals(SubProgram.objects.get(code="meister")) == 1

    grant = LateGrant.objects.get()
    assert grant.used_at == grant.application.submitted_at
    assert grant.used_at > grant.sub_program.window().closes_at

    late = PendingStep.objects.filter(done_at=None, due_at__lt=at - timedelta(days=1))
    assert set(late.values_list("waits_for", flat=True)) == {"officer"}
    visits = DeliveryEntry.objects.filter(
        deliverable__agreement__application__sub_program__code="meister"
    )
    assert sorted(visits.values_list("confirmed", flat=True), key=str) == [None, True, True]
    assert LevelCertificate.objects.get().number
    assert Recovery.objects.get(state="due").amount_won > 0
    proposals = {row.sub_program.code: row for row in CommitteeProposal.objects.all()}
    assert proposals["aftercare"].placed == proposals["aftercare"].wanted
    assert proposals["level-check"].placed < proposals["level-check"].wanted


@pytest.mark.django_db
def test_it_is_seeded_once_in_the_order_of_its_days_and_the_ledger_agrees(settings, seeded) -> None:
    settings.DEMO = True
    count = Application.objects.count()
    seed()
    assert Application.objects.count() == count

    moves = Application.MOVE_LOG.objects.order_by("thing", "pk").values_list("thing", "at")
    for (one, before), (other, after) in zip(moves, list(moves)[1:], strict=False):
        assert one != other or before <= after
    audit.seal(now=now())
    report = audit.verify(now=now())
    assert (report.faults, report.unsealed_count) == (0, 0)
    for program in SubProgram.objects.select_related("pot"):
        assert balance(program.pot).available >= 0
    assert not Decision.objects.exclude(outcome="selected").filter(grant_won__gt=0).exists()
    assert (
        Notice.objects.filter(key__startswith="result:").count()
        == Decision.objects.filter(previous=None, selection__state="released").count()
    )


@pytest.mark.django_db
def test_the_timeline_never_passes_today() -> None:
    timeline = Timeline()
    timeline.go_to(1.5)
    assert timedelta(days=1) < now() - timeline.now() < timedelta(days=2)
    timeline.next_day()
    timeline.next_day()
    assert abs(now() - timeline.now()) < timedelta(minutes=1)
