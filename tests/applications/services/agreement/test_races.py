"""Two at once, on PostgreSQL: one agreement, one commitment, one payment, one settlement."""

import pytest
from django.db import connection

from applications.models import Agreement, AgreementSignature, Ending, Instalment, Settlement
from applications.services.agreement import contracts as agreements
from applications.services.agreement import endings, instalments
from applications.services.settlement import statements
from applications.states import InstalmentState
from portal.core.errors import PortalError
from portal.models import User
from programs.models import LedgerEntry
from programs.rules.ledger import Balance
from tests.factories.agreements import GRANT, World, awarded, people
from tests.factories.applications import NOW
from tests.faults.together import at_once

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS = 8


def done(answers: list[object]) -> int:
    """How many went through; the others must have been told in words."""
    refused = [one for one in answers if isinstance(one, BaseException)]
    assert all(isinstance(one, PortalError) for one in refused), refused
    return len(answers) - len(refused)


def asked() -> World:
    """An agreement whose first part waits for its approval."""
    world = World().conclude()
    instalments.request(world.part(1), by=world.officer, now=world.now)
    return world


def test_an_award_gets_one_agreement_however_many_draft_it() -> None:
    application = awarded()
    officer, _, _ = people(application.sub_program)
    made = at_once(THREADS, lambda place: agreements.draft(application, by=officer, now=NOW))
    assert {one.pk for one in made} == {Agreement.objects.get().pk}


def test_an_instalment_is_paid_once_however_many_approve() -> None:
    world = asked()
    payers = [User.objects.get(pk=world.manager.pk), User.objects.get(pk=world.other.pk)]

    def pay(place: int) -> None:
        instalments.pay(world.part(1), by=payers[place % 2], now=world.now)

    assert done(at_once(THREADS, pay)) == 1
    assert world.money == Balance(committed=GRANT - 25_000_000, paid=25_000_000)
    assert LedgerEntry.objects.filter(kind="pay").count() == 1


def test_without_the_condition_many_would_take_it() -> None:
    world = asked()

    def pay(place: int) -> bool:
        part = world.part(1)
        read = part.state == InstalmentState.REQUESTED  # read first, written without a condition
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
        Instalment.objects.filter(pk=part.pk).update(state=InstalmentState.CANCELLED)
        return read

    assert sum(at_once(THREADS, pay)) > 1


def test_an_agreement_is_concluded_once() -> None:
    world = World()
    world.papers()
    world.sign()
    words = world.words(world.manager)

    def conclude(place: int) -> None:
        agreements.conclude(Agreement.objects.get(pk=world.agreement.pk), **words)

    assert done(at_once(THREADS, conclude)) == 1
    assert world.money == Balance(committed=GRANT)
    assert AgreementSignature.objects.filter(side="ministry").count() == 1
    assert Instalment.objects.count() == 3


def test_a_settlement_is_approved_once() -> None:
    world = World().conclude()
    world.half_way()
    world.finish()
    world.spend({"robot": 10_000_000})
    made = statements.propose(world.fresh(), by=world.officer, now=world.now)

    def approve(place: int) -> None:
        row = Settlement.objects.select_related("agreement__application").get(pk=made.pk)
        statements.approve(row, by=world.manager, now=world.now)

    assert done(at_once(THREADS, approve)) == 1
    assert world.money == Balance(committed=5_000_000)


def test_a_cancellation_and_a_settlement_approved_at_once_agree_on_the_money() -> None:
    """One of them is first; the other is refused and leaves no trace."""
    world = World().conclude()
    world.pay(1)
    world.half_way()
    world.finish()
    world.spend({"robot": 60_000_000})
    made = statements.propose(world.fresh(), by=world.officer, now=world.now)
    ending = endings.request(
        world.fresh(), kind="cancel", reason="거짓 신청", by=world.officer, now=world.now
    )

    def act(place: int) -> None:
        if place % 2:
            row = Settlement.objects.select_related("agreement__application").get(pk=made.pk)
            statements.approve(row, by=world.manager, now=world.now)
        else:
            row = Ending.objects.get(pk=ending.pk)
            endings.approve(row, note="확인", by=world.other, now=world.now)

    assert done(at_once(THREADS, act)) == 1
    approved = Settlement.objects.get(state="approved")
    cancelled = Ending.objects.get(pk=ending.pk).state == "approved"
    assert approved.settled_won == (0 if cancelled else 30_000_000)
    assert world.fresh().state == "settled"
    money = world.money
    assert money.paid == 25_000_000
    assert money.committed == (0 if cancelled else 5_000_000)
    if cancelled:
        with pytest.raises(PortalError):
            statements.propose(world.fresh(), by=world.officer, now=world.now)
