"""Random lives of awards through the real services: the ledger always tells where the money is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from applications.models import Agreement, Application, DecisionChange, Recovery, Selection
from applications.queries.selection.decisions import award_of
from applications.services.agreement import amendments, endings
from applications.services.agreement import contracts as agreements
from applications.services.intake import filing
from applications.services.selection import changes, proposals
from applications.services.settlement import statements
from applications.states import AgreementState as A
from applications.states import ApplicationState, ChangeKind, EndingKind, SelectionState
from portal.core.errors import PortalError
from portal.records import snapshot
from programs.models import Budget, LedgerEntry
from programs.queries.ledger import held, recomputed
from programs.rules import ledger as arithmetic
from programs.rules.ledger import Balance
from tests.factories import programs, staff
from tests.factories.agreements import COSTS, GRANT, World, people
from tests.factories.applications import NOW, ApplicationFactory, SubmissionFactory, owner_of

pytestmark = pytest.mark.django_db
POT = 3 * GRANT
MOST = 5  # applications of one example
WHICH = st.integers(0, MOST - 1)
SPENT = st.sampled_from([0, 12_345_678, 60_000_000])
ENDED = {ApplicationState.CLOSED, ApplicationState.ENDED, ApplicationState.WITHDRAWN}


class Lives(RuleBasedStateMachine):
    """One pot and a few awards; every act goes through a service and may be refused."""

    done: set[str] = set()

    @initialize()
    def begin(self) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        robot = programs.program("robot")
        self.program = staff.program(
            money=POT, agreement=robot.agreement, cost_items=robot.cost_items
        )
        self.officer, self.manager, self.other = people(self.program)
        self.judges = staff.assessors(3)
        self.decide(count=2, places=1)
        self.bring_out("release")

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)

    def attempt(self, name: str, act: Callable[[], object]) -> None:
        """Do it whole or not at all, as a request does; a refusal leaves no trace."""
        before = list(LedgerEntry.objects.values_list("pk", flat=True))
        try:
            with transaction.atomic():
                act()
                Lives.done.add(name)
        except PortalError:
            assert list(LedgerEntry.objects.values_list("pk", flat=True)) == before

    def applications(self) -> list[Application]:
        rows = Application.objects.filter(sub_program=self.program).order_by("pk")
        return list(rows.select_related("sub_program", "company"))

    def one(self, which: int) -> Application | None:
        rows = self.applications()
        return rows[which % len(rows)] if rows else None

    def world(self, application: Application) -> World:
        """The story of one application, told on by its people."""
        world = World.__new__(World)
        world.application, world.now = application, NOW
        world.officer, world.manager, world.other = self.officer, self.manager, self.other
        world.agreement = Agreement.objects.get(application=application)
        world.owner = owner_of(world.fresh().company)
        return world

    def judged(self) -> None:
        made = ApplicationFactory(sub_program=self.program, assessing=True, frozen=None)
        content: dict[str, Any] = {"answers": {}, "facts": {}, "cost": COSTS, "partners": []}
        SubmissionFactory(
            application=made,
            content=content,
            sha256=snapshot.sha256(content),
            support_won=GRANT,
        )
        for judge in self.judges:
            staff.locked_sheet(made, judge, (24, 32, 24))

    @rule(count=st.integers(1, 2), places=st.integers(1, 2))
    def decide_more(self, count: int, places: int) -> None:
        self.decide(count, places)

    def decide(self, count: int, places: int) -> None:
        """New applications are judged, ranked, decided."""
        live = Selection.objects.filter(
            sub_program=self.program, state=SelectionState.DECIDED
        ).exists()
        if live or len(self.applications()) + count > MOST:
            return

        def act() -> None:
            for _ in range(count):
                self.judged()
            made = staff.proposed(self.program, self.officer, places=places)
            proposals.confirm(made, by=self.officer, now=NOW)
            proposals.decide(made, by=self.manager, now=NOW)

        self.attempt("decide", act)

    @rule(out=st.sampled_from(["release", "release", "release", "undecide", "decide again"]))
    def bring_it_out(self, out: str) -> None:
        self.bring_out(out)

    def bring_out(self, out: str) -> None:
        """A decision is released, taken back, or taken back and made again."""
        made = Selection.objects.filter(
            sub_program=self.program, state=SelectionState.DECIDED
        ).first()
        if made is None:
            return

        def act() -> None:
            if out == "release":
                proposals.release(made, by=self.manager, now=NOW)
                return
            proposals.undecide(made, note="다시 봅니다.", by=self.manager, now=NOW)
            if out == "decide again":
                proposals.confirm(made, by=self.officer, now=NOW)
                proposals.decide(made, by=self.manager, now=NOW)
            else:
                proposals.discard(made, note="다시 만듭니다.", by=self.manager, now=NOW)

        self.attempt(out, act)

    @rule(which=WHICH, how=st.sampled_from(["withdraw", "decline", "cancel", "move up"]))
    def change_the_decision(self, which: int, how: str) -> None:
        application = self.one(which)
        if application is None:
            return

        def act() -> None:
            owner = owner_of(application.company)
            if how == "withdraw":
                filing.withdraw(application, by=owner, now=NOW, note="취하")
            elif how == "decline":
                changes.decline(application, note="사정 변경", by=owner, now=NOW)
            elif how == "cancel":
                words: dict[str, Any] = {"outcome": "", "reason": "거짓 신청"}
                made = changes.propose(
                    application, kind=ChangeKind.CANCEL, **words, by=self.officer, now=NOW
                )
                changes.approve(made, by=self.manager, now=NOW)
            else:
                for draft in DecisionChange.objects.filter(state="drafted"):
                    changes.take_up(draft, by=self.officer, now=NOW)
                    changes.approve(draft, by=self.manager, now=NOW)
                    Lives.done.add("moved up")

        self.attempt(how, act)

    @rule(
        which=WHICH,
        steps=st.integers(1, 5),
        spent=SPENT,
        verdict=st.sampled_from(["done", "failed"]),
    )
    def go_on(self, which: int, steps: int, spent: int, verdict: str) -> None:
        """An award takes its next steps, each from where it stands."""
        application = self.one(which)
        if application is None:
            return
        for _ in range(steps):
            self.attempt("go on", lambda: self.next_step(application, spent, verdict))

    def next_step(self, application: Application, spent: int, verdict: str) -> None:
        if not Agreement.objects.filter(application=application).exists():
            agreements.draft(application, by=self.officer, now=NOW)
            return
        world = self.world(application)
        agreement = world.agreement
        if agreement.state == A.PREPARING:
            world.conclude()
        elif agreement.state == A.ACTIVE:
            parts = dict(agreement.instalments.values_list("number", "state"))
            checked = agreement.stage_checks.filter(kind="mid").exists()
            if parts.get(1) == "planned":
                world.pay(1)
            elif not checked:
                world.half_way()
            elif parts.get(2) == "planned":
                world.pay(2)
            else:
                world.finish(verdict)
        elif agreement.state == A.SETTLING:
            if agreement.spending_at is None:
                world.spend({"robot": spent} if spent else {})
            world.settle()
        elif agreement.state == A.SETTLED:
            self.square(world)

    def square(self, world: World) -> None:
        due = Recovery.objects.select_related("settlement__agreement").filter(
            settlement__agreement=world.agreement, state="due"
        )
        if recovery := due.first():
            statements.record_recovery(
                recovery, received_on=world.day, evidence="입금", by=self.officer, now=NOW
            )
        elif world.agreement.instalments.filter(number=3, state="planned").exists():
            world.pay(3)
        else:
            world.close()
            Lives.done.add("closed")

    @rule(which=WHICH, kind=st.sampled_from(EndingKind.values))
    def end_early(self, which: int, kind: str) -> None:
        application = self.one(which)
        if application is None or not Agreement.objects.filter(application=application).exists():
            return

        def act() -> None:
            world = self.world(application)
            by = world.owner if kind == EndingKind.DECLINE else self.officer
            made = endings.request(world.agreement, kind=kind, reason="사정 변경", by=by, now=NOW)
            endings.approve(made, note="확인", by=self.manager, now=NOW)

        self.attempt("end", act)

    @rule(which=WHICH, grant=st.sampled_from([40_000_000, GRANT]))
    def change_sums(self, which: int, grant: int) -> None:
        application = self.one(which)
        if application is None or not Agreement.objects.filter(application=application).exists():
            return

        def act() -> None:
            world = self.world(application)
            items = {"robot": 2 * grant - 30_000_000, "integration": 30_000_000}
            made = amendments.request(
                world.agreement,
                kind="sums",
                proposal={"grant_won": grant, "own_won": grant, "items": items},
                reason="견적 변경",
                by=world.owner,
                now=NOW,
            )
            amendments.examine(made, opinion="타당", by=self.officer, now=NOW)
            amendments.approve(made, note="승인", by=self.manager, now=NOW)
            world.sign()
            amendments.amend(world.fresh(), **world.words(self.manager))

        self.attempt("change", act)

    @invariant()
    def the_ledger_tells_where_every_won_is(self) -> None:
        if not hasattr(self, "program"):
            return
        pot = Budget.objects.get(pk=self.program.pot_id)
        assert pot.balance == recomputed(pot)
        assert arithmetic.check(pot.balance)
        running: dict[str, Balance] = {}
        whole = Balance()
        entries = LedgerEntry.objects.filter(budget=pot).order_by("pk")
        for subject, kind, amount in entries.values_list("subject", "kind", "amount_won"):
            whole = arithmetic.after(whole, kind, amount)
            running[subject] = arithmetic.after(running.get(subject, Balance()), kind, amount)
            assert arithmetic.check(whole)
            assert not subject or min(vars(running[subject]).values()) >= 0
        holders = [row for subject, row in running.items() if subject]
        assert pot.reserved_won == sum(row.reserved for row in holders)
        assert pot.committed_won == sum(row.committed for row in holders)
        assert pot.paid_won == sum(row.paid for row in holders)

    @invariant()
    def every_state_has_the_money_that_belongs_to_it(self) -> None:
        if not hasattr(self, "program"):
            return
        for application in self.applications():
            money = held(self.program.pot, application.subject)
            won = award_of(application)
            if application.state in ENDED:
                assert (money.reserved, money.committed) == (0, 0)
            if application.state in {ApplicationState.ASSESSING, ApplicationState.WITHDRAWN}:
                assert money == Balance()
            if application.state == ApplicationState.RELEASED:
                assert money == Balance(reserved=won.grant_won if won else 0)
            agreement = Agreement.objects.filter(application=application).first()
            if agreement is None:
                continue
            if agreement.state == A.ACTIVE:
                assert money.committed + money.paid == agreement.grant_won
            settled = agreement.settlements.filter(state="approved").first()
            if settled and agreement.closed_at:
                assert money == Balance(paid=settled.settled_won)


def test_whatever_happens_no_won_is_lost_or_made() -> None:
    programs.load(now=NOW)
    Lives.done = set()
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=10,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {"decide", "release", "go on"} <= Lives.done
