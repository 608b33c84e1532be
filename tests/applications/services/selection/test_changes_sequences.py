"""Whatever people do in whatever order: one decision in force each, and the money of just those."""

import random

import pytest

from applications.models import Application, Decision, DecisionChange, Objection
from applications.queries.selection.decisions import in_force
from applications.services import objection
from applications.services.assessment import scoring
from applications.services.selection import changes, reserve
from applications.states import ChangeKind, ObjectionState, Outcome, Remedy
from portal.core.errors import PortalError
from programs.models import SubProgram
from programs.queries.ledger import balance
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
STEPS = 40
EACH = 100


class Crowd:
    """Staff and applicants who act at random; what is refused changes nothing."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.program: SubProgram = staff.program(money=3 * EACH)
        judges = self.judges = staff.assessors(3)
        marks = [(28, 36, 28), (26, 34, 26), (24, 32, 24), (22, 30, 22), (10, 10, 10)]
        rows = [staff.judged(self.program, row, judges=judges, support=EACH) for row in marks]
        staff.released(self.program, by=staff.manager(), places=2)
        self.ids = [row.pk for row in rows]
        self.officers = [staff.officer(self.program) for _ in range(2)]
        self.managers = [staff.manager() for _ in range(3)]
        self.done = 0

    def act(self) -> None:
        """Try one thing."""
        name = self.dice.choice([name for name in dir(self) if name.startswith("do_")])
        try:
            getattr(self, name)()
            self.done += 1
        except PortalError:
            pass

    def one(self) -> Application:
        return Application.objects.select_related("submission", "sub_program").get(
            pk=self.dice.choice(self.ids)
        )

    def change(self) -> DecisionChange:
        rows = list(DecisionChange.objects.exclude(state__in=["in_force", "discarded"]))
        if not rows:
            raise PortalError("nothing is open")
        return self.dice.choice(rows)

    def case(self) -> Objection:
        rows = list(Objection.objects.all())
        if not rows:
            raise PortalError("nobody has objected")
        return self.dice.choice(rows)

    def do_decline(self) -> None:
        row = self.one()
        changes.decline(row, note="사정", by=row.created_by, now=NOW)

    def do_propose(self) -> None:
        changes.propose(
            self.one(),
            kind=self.dice.choice([ChangeKind.CANCEL, ChangeKind.REVERSAL]),
            outcome=self.dice.choice(["selected", "reserve", "rejected"]),
            reason="사유",
            by=self.dice.choice([*self.officers, *self.managers]),
            now=NOW,
        )

    def do_take_up(self) -> None:
        changes.take_up(self.change(), by=self.dice.choice(self.officers), now=NOW)

    def do_second(self) -> None:
        changes.second(self.change(), by=self.dice.choice(self.managers), now=NOW)

    def do_approve(self) -> None:
        changes.approve(self.change(), by=self.dice.choice(self.managers), now=NOW)

    do_approve_again = do_approve

    def do_discard(self) -> None:
        if self.dice.random() < 0.3:
            changes.discard(self.change(), note="폐기", by=self.officers[0], now=NOW)

    def do_fill(self) -> None:
        reserve.fill(self.program, by=self.dice.choice([None, *self.officers]), now=NOW)

    def do_object(self) -> None:
        row = self.one()
        objection.file(row, text="이의", by=row.created_by, now=NOW)

    def do_judge(self) -> None:
        case, by = self.case(), self.dice.choice(self.managers)
        if self.dice.random() < 0.3:
            objection.dismiss(case, note="유지", by=by, now=NOW)
        else:
            objection.uphold(case, remedy=Remedy.SHEETS, note="재평가", by=by, now=NOW)

    def do_rescore(self) -> None:
        case = self.case()
        if case.state != ObjectionState.UPHELD:
            raise PortalError("nothing is to be scored again")
        if not case.application.sheets.filter(assigned_at__gte=case.decided_at).exclude(
            assessor__in=self.judges
        ):
            for judge in staff.assessors(3):
                staff.locked_sheet(case.application, judge, (28, 36, 28), at=NOW)
        run = objection.rescore(case, by=self.officers[1], now=NOW)
        try:  # a job: nobody is there to whom a refusal could be told
            scoring.compute(run, now=NOW)
            objection.conclude(run, now=NOW)
        except PortalError as refused:
            raise AssertionError(f"the job fails: {refused}") from refused

    do_rescore_again = do_rescore


def held(crowd: Crowd) -> None:
    """What is true after every step."""
    decisions = list(in_force().filter(application__in=crowd.ids))
    assert sorted(row.application_id for row in decisions) == sorted(crowd.ids)
    for pk in crowd.ids:
        chain = list(Decision.objects.filter(application=pk).order_by("pk"))
        assert [row.previous_id for row in chain] == [None, *(row.pk for row in chain[:-1])]
        pending = DecisionChange.objects.filter(application=pk).exclude(
            state__in=["in_force", "discarded"]
        )
        assert pending.count() <= 1
    chosen = [row for row in decisions if row.outcome == Outcome.SELECTED]
    assert balance(crowd.program.pot).reserved == sum(row.grant_won for row in chosen)
    assert balance(crowd.program.pot).available >= 0


@pytest.mark.parametrize("seed", range(8))
def test_no_sequence_leaves_two_decisions_in_force(seed: int) -> None:
    crowd = Crowd(seed)
    held(crowd)
    for _ in range(STEPS):
        crowd.act()
        held(crowd)
    assert crowd.done >= 5  # the dice did something
