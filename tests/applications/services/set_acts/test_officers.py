"""Handing many files over, each under the rules of giving one."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import Application, Member, OfficerChange, SetAct
from applications.services.officers import charge
from applications.services.set_acts import running
from applications.states import MemberRole, SetActKind
from portal.core.errors import BadInput
from portal.models import User
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def begin(by: User, to: User, *rows: Application) -> SetAct:
    chosen = Application.objects.filter(pk__in=[row.pk for row in rows])
    return running.start(
        SetActKind.HAND_OVER, chosen, selection={},
        confirmed=running.choose(SetActKind.HAND_OVER, chosen).confirmed,
        options={"officer": to.pk}, reason="휴가", by=by, now=NOW,
    )  # fmt: skip


def codes(made: SetAct) -> dict[int, str]:
    return dict(made.results.values_list("application", "code"))


def test_each_file_is_given_under_the_rules_of_giving_one() -> None:
    program, other = staff.program(), staff.program()
    mine, to = staff.officer(program, other), staff.officer(program)
    own, nobodys, theirs, tied, foreign = (
        *(staff.filed(program) for _ in range(4)),
        staff.filed(other),
    )
    for row in (own, tied, foreign):
        charge.take(row, by=mine, now=NOW)
    charge.take(theirs, by=to, now=NOW)
    Member.objects.create(company=tied.company, user=to, role=MemberRole.VIEWER, since=NOW)
    made = running.run(begin(mine, to, own, nobodys, theirs, tied, foreign))
    assert codes(made) == {
        own.pk: "",
        nobodys.pk: "role",
        theirs.pk: "has_officer",
        tied.pk: "officer_tied",
        foreign.pk: "officer",
    }
    assert Application.objects.get(pk=own.pk).officer == to
    line = OfficerChange.objects.latest("pk")
    assert (line.kind, line.officer, line.previous, line.by) == ("given", to, mine, mine)
    assert line.reason == f"{made}: 휴가"
    again = running.run(begin(staff.manager(), to, nobodys))
    assert codes(again) == {nobodys.pk: ""}


def test_nobody_is_given_files_who_could_have_none() -> None:
    program = staff.program()
    row, boss = staff.filed(program), staff.manager()
    with pytest.raises(BadInput) as refused:
        begin(boss, staff.auditor(), row)
    assert refused.value.code == "officer"


def test_handing_over_takes_as_many_statements_however_many_files_there_are() -> None:
    program, boss = staff.program(), staff.manager()
    to, counts = staff.officer(program), []
    for size in (2, 12):
        made = begin(boss, to, *(staff.filed(program) for _ in range(size)))
        with CaptureQueriesContext(connection) as caught:
            running.run(made)
        assert made.done == size
        counts.append(len(caught))
    assert counts[0] == counts[1]


def test_files_go_back_to_whom_they_came_from() -> None:
    program, boss = staff.program(), staff.manager()
    first, second, gone = (staff.officer(program) for _ in range(3))
    to = staff.officer(program)
    rows = [staff.filed(program) for _ in range(5)]
    own, others, ended, nobodys, moved = rows
    for row, officer in ((own, first), (others, second), (ended, gone), (moved, first)):
        charge.take(row, by=officer, now=NOW)
    made = running.run(begin(boss, to, *rows))
    assert set(Application.objects.values_list("officer", flat=True)) == {to.pk}
    moved.refresh_from_db()
    charge.take_over(moved, reason="급함", by=second, now=NOW)
    gone.groups.clear()
    back = running.run(running.undo(made, reason="잘못 골랐음", by=boss, now=LATER))
    assert codes(back) == {
        own.pk: "", others.pk: "", nobodys.pk: "", ended.pk: "officer", moved.pk: "followed",
    }  # fmt: skip
    after = dict(Application.objects.values_list("pk", "officer"))
    assert after == {
        own.pk: first.pk, others.pk: second.pk, nobodys.pk: None, ended.pk: to.pk,
        moved.pk: second.pk,
    }  # fmt: skip
    line = OfficerChange.objects.filter(application=own).latest("pk")
    assert (line.kind, line.officer, line.previous, line.by) == ("given", first, to, boss)
    assert "잘못 골랐음" in line.reason


def test_only_a_manager_and_who_handed_files_over_give_them_back() -> None:
    program = staff.program()
    mine, to, other = (staff.officer(program) for _ in range(3))
    row = staff.filed(program)
    charge.take(row, by=mine, now=NOW)
    made = running.run(begin(mine, to, row))
    refused = running.run(running.undo(made, reason="실수", by=other, now=LATER))
    assert codes(refused) == {row.pk: "role"}
    assert Application.objects.get(pk=row.pk).officer == to
