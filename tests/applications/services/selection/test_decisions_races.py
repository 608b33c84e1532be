"""Two at the same moment on PostgreSQL: one objection, one late filing, one reversal, one committee."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError
from django.db.models import QuerySet

from applications.models import (
    Application,
    AssessorProfile,
    CommitteeProposal,
    ConflictOfInterest,
    Decision,
    DecisionChange,
    LateGrant,
    Objection,
    ScoreSheet,
    Submission,
)
from applications.services import objection
from applications.services.assessment import committee, conflicts, sheets
from applications.services.intake import filing as filing_services
from applications.services.intake import late_filing
from applications.services.selection import changes
from applications.states import ChangeKind, MemberRole
from portal.core.errors import Closed, MoveNotAllowed, RuleBroken
from portal.models import News, Notice, User
from programs.models import SubProgram
from programs.queries.ledger import balance
from tests.factories import drafts, programs, staff
from tests.factories.applications import NOW, member_of
from tests.faults.together import at_once
from tests.patience import PATIENCE

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HOUR = timedelta(hours=1)


def both_through(real: Callable[..., Any]) -> Callable[..., Any]:
    """Let nobody go on from here before two have come: what was read before is stale for one."""
    gate = threading.Barrier(2, timeout=PATIENCE)

    def waiting(*given: Any, **named: Any) -> Any:
        found = real(*given, **named)
        gate.wait()
        return found

    return waiting


def released() -> tuple[SubProgram, list[Application]]:
    program = staff.program(money=1_000)
    judges = staff.assessors(3)
    marks = [(28, 36, 28), (26, 34, 26)]
    made = [staff.judged(program, row, judges=judges, support=100) for row in marks]
    staff.released(program, by=staff.manager(), places=1)
    return program, [Application.objects.get(pk=row.pk) for row in made]


# --- Objections ----------------------------------------------------------------------------------


def objecting(row: Application) -> list[object]:
    people = [row.created_by, member_of(row.company, MemberRole.EDITOR)]

    def file(place: int) -> object:
        mine = Application.objects.get(pk=row.pk)
        return objection.file(mine, text=f"이의 {place}", by=people[place], now=NOW).pk

    return at_once(2, file)


def one_objection(row: Application, answers: list[object]) -> None:
    (refused,) = [one for one in answers if not isinstance(one, int)]
    assert isinstance(refused, MoveNotAllowed)
    assert refused.code == "objected_before"
    made = Objection.objects.get(application=row)
    assert row.moves.filter(move="object").count() == 1
    assert Notice.objects.filter(key=f"objection_filed:{made.pk}").count() == 1


def test_two_of_a_firm_objecting_at_once_file_one_objection() -> None:
    _, two = released()
    one_objection(two[1], objecting(two[1]))


def test_with_both_past_the_check_the_database_refuses_the_second(monkeypatch) -> None:
    """The negative control: nobody has objected yet, both have seen that, and both write."""
    _, two = released()
    monkeypatch.setattr(objection.objection_queries, "clock", clock_of(two[1]))
    waiting = both_through(objection.holidays)
    monkeypatch.setattr(objection, "holidays", waiting)
    one_objection(two[1], objecting(two[1]))


def clock_of(row: Application) -> Callable[..., Any]:
    """The clock as it is, read before the race."""
    found = objection.objection_queries.clock(row, NOW)
    return lambda application, now: found


# --- Late leave ----------------------------------------------------------------------------------


def late_pair() -> tuple[list[Application], LateGrant, Any]:
    """Two drafts of one firm after the deadline, and leave for one of them."""
    programs.load()
    program = programs.program("robot")
    two = [drafts.complete(program), drafts.complete(program)]
    after = program.window().closes_at + HOUR
    Application.objects.filter(pk=two[1].pk).update(company=two[0].company)
    leave = staff.late_leave(program, company=two[0].company, until=after + HOUR, now=after)
    return two, leave, after


def filing(two: list[Application], after: Any) -> list[object]:
    seen = [drafts.seen(row, now=after) for row in two]

    def submit(place: int) -> object:
        mine = Application.objects.get(pk=two[place].pk)
        by = two[0].created_by
        return filing_services.submit(mine, by=by, now=after, seen=seen[place]).number

    return at_once(2, submit)


def one_filing(two: list[Application], leave: LateGrant, answers: list[object]) -> None:
    (number,) = [one for one in answers if isinstance(one, str)]
    (refused,) = [one for one in answers if not isinstance(one, str)]
    assert isinstance(refused, Closed), refused
    leave.refresh_from_db()
    assert leave.application.number == number
    assert Submission.objects.count() == 1
    assert sorted(Application.objects.values_list("state", flat=True)) == ["draft", "submitted"]


def test_one_leave_lets_one_of_two_filings_in() -> None:
    two, leave, after = late_pair()
    one_filing(two, leave, filing(two, after))


def test_late_grant_read_by_two_is_used_once(monkeypatch) -> None:
    """The negative control: both have read the leave as unused before either files."""
    two, leave, after = late_pair()
    monkeypatch.setattr(late_filing, "usable_grant", both_through(late_filing.usable_grant))
    one_filing(two, leave, filing(two, after))


def test_without_the_conditional_update_both_would_be_let_in(monkeypatch) -> None:
    """What the condition is for: taken away, one leave opens the door twice."""
    two, _, after = late_pair()
    monkeypatch.setattr(late_filing, "usable_grant", both_through(late_filing.usable_grant))
    monkeypatch.setattr(late_filing, "use", lambda late_grant, application, now: None)
    assert all(isinstance(one, str) for one in filing(two, after))
    assert Submission.objects.count() == 2


# --- Reversals -----------------------------------------------------------------------------------


def seconded(program: SubProgram, row: Application) -> DecisionChange:
    words = {"kind": ChangeKind.REVERSAL, "outcome": "rejected", "reason": "오류"}
    change = changes.propose(row, by=staff.officer(program), now=NOW, **words)
    changes.second(change, by=staff.manager(), now=NOW)
    return change


def approving(change: DecisionChange) -> list[object]:
    bosses = [staff.manager(), staff.manager()]

    def approve(place: int) -> object:
        mine = DecisionChange.objects.get(pk=change.pk)
        return changes.approve(mine, by=bosses[place], now=NOW).pk

    return at_once(2, approve)


def one_reversal(program: SubProgram, row: Application, answers: list[object]) -> None:
    assert sum(isinstance(one, int) for one in answers) == 1
    assert sum(isinstance(one, MoveNotAllowed) for one in answers) == 1, answers
    assert Decision.objects.filter(application=row).count() == 2
    assert Decision.objects.filter(application=row, next=None).count() == 1
    assert balance(program.pot).reserved == 0
    assert DecisionChange.objects.filter(kind="move_up").count() == 1


def test_two_managers_approving_one_reversal_reverse_once() -> None:
    program, two = released()
    change = seconded(program, two[0])
    one_reversal(program, two[0], approving(change))


def test_without_the_lock_one_old_decision_still_has_one_successor(monkeypatch) -> None:
    """The negative control: the lock is removed and both are past every check."""
    program, two = released()
    change = seconded(program, two[0])
    monkeypatch.setattr(changes.reserve, "lock_program", lambda sub_program: None)
    monkeypatch.setattr(changes, "_refuse_barred", both_through(changes._refuse_barred))
    one_reversal(program, two[0], approving(change))


def test_two_giving_the_first_approval_at_once_count_as_one() -> None:
    program, two = released()
    words = {"kind": ChangeKind.REVERSAL, "outcome": "rejected", "reason": "오류"}
    change = changes.propose(two[0], by=staff.officer(program), now=NOW, **words)
    bosses = [staff.manager(), staff.manager()]

    def second(place: int) -> object:
        mine = DecisionChange.objects.get(pk=change.pk)
        changes.second(mine, by=bosses[place], now=NOW)
        return place

    answers = at_once(2, second)
    assert sum(isinstance(one, int) for one in answers) == 1
    change.refresh_from_db()
    assert change.state == "seconded"
    assert Decision.objects.filter(application=two[0]).count() == 1


# --- Committees ----------------------------------------------------------------------------------


def solved() -> tuple[CommitteeProposal, SubProgram, list[User], list[Application]]:
    program = staff.program(assessors=3)
    rows = [staff.judged(program, judges=[]) for _ in range(2)]
    judges = staff.assessors(3)
    for judge in judges:
        AssessorProfile.objects.create(user=judge, max_load=10)
    made = committee.propose(program, seed=1, by=staff.officer(program), now=NOW)
    committee.solve(made, now=NOW)
    return made, program, judges, rows


def confirming(made: CommitteeProposal, program: SubProgram) -> list[object]:
    officers = [staff.officer(program), staff.officer(program)]

    def confirm(place: int) -> object:
        mine = CommitteeProposal.objects.get(pk=made.pk)
        return committee.confirm(mine, by=officers[place], now=NOW)

    return at_once(2, confirm)


def test_a_committee_is_confirmed_once() -> None:
    made, program, judges, _ = solved()
    answers = confirming(made, program)
    assert sum(one == 6 for one in answers) == 1
    (refused,) = [one for one in answers if isinstance(one, MoveNotAllowed)]
    assert refused.code == "committee_closed"
    assert ScoreSheet.objects.count() == 6
    assert News.objects.filter(key__startswith=f"committee:{made.pk}:").count() == len(judges)


def test_without_the_lock_the_database_refuses_the_second_committee(monkeypatch) -> None:
    """The negative control: both have read the proposal as open before either writes."""
    made, program, _, _ = solved()
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, *given, **named: self)
    monkeypatch.setattr(committee, "gather", both_through(committee.gather))
    answers = confirming(made, program)
    assert sum(one == 6 for one in answers) == 1
    assert sum(isinstance(one, IntegrityError | MoveNotAllowed) for one in answers) == 1, answers
    assert ScoreSheet.objects.count() == 6


def test_a_tie_that_appears_while_a_committee_is_confirmed_assigns_nothing(monkeypatch) -> None:
    """The sheets are written, not committed, when the tie is found: each misses the other."""
    made, program, judges, rows = solved()
    written, looked = threading.Event(), threading.Event()
    real = committee._write

    def slow(*given: Any) -> None:
        real(*given)
        written.set()
        looked.wait(3)

    monkeypatch.setattr(committee, "_write", slow)
    officer = staff.officer(program)

    def act(place: int) -> object:
        if place == 0:
            return committee.confirm(CommitteeProposal.objects.get(pk=made.pk), by=officer, now=NOW)
        written.wait(20)
        try:
            conflicts.declare_tie(
                judges[0],
                kind="family",
                firm_name=rows[0].company.name,
                business_number="",
                note="",
                by=judges[0],
                now=NOW,
            )
            return conflicts.refresh(conflicts.watched(), now=NOW)
        finally:
            looked.set()

    answers = at_once(2, act)
    assert answers[0] == 6, answers
    assert ConflictOfInterest.objects.filter(
        application=rows[0], assessor=judges[0], cleared_at=None
    ).exists()
    sheet = ScoreSheet.objects.get(application=rows[0], assessor=judges[0])
    with pytest.raises((MoveNotAllowed, DatabaseError, RuleBroken)):
        staff_lock(sheet)  # refused until people decide
    sheet.refresh_from_db()
    assert sheet.locked_at is None
    conflicts.refresh(conflicts.watched(), now=NOW)
    assert ConflictOfInterest.objects.get(
        application=rows[0], assessor=judges[0], cleared_at=None
    ).late


def staff_lock(sheet: ScoreSheet) -> None:
    """Hand a sheet in as its assessor would."""
    sheets.declare(sheet, tied=False, words="", by=sheet.assessor, now=NOW)
    criteria = sheet.application.sub_program.criteria.all()
    sheets.save(
        sheet,
        marks={row.code: row.max_points for row in criteria},
        reasons={row.code: "사유" for row in criteria},
        comment="",
        version=sheet.version,
        by=sheet.assessor,
        now=NOW,
    )
    sheets.lock(sheet, by=sheet.assessor, now=NOW)
