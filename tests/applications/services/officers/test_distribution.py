"""Distribution: the first rule that fits, in turn by load, and nobody who may not have a file."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import (
    Application,
    DistributionPlan,
    DistributionRule,
    Member,
    OfficerChange,
)
from applications.queries.officers.distribution import preview
from applications.services.officers import charge, distribution, stand_ins
from applications.states import ApplicationState, Charge, MemberRole
from portal.access.impartiality import Tied
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed, StaleVersion
from portal.models import User
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def program() -> SubProgram:
    return staff.program()


def rule(officer: User | None, **fields: Any) -> DistributionRule:
    return DistributionRule(officer=officer, **fields)


def ruled(program: SubProgram, *rules: DistributionRule) -> DistributionPlan:
    last = DistributionPlan.objects.filter(sub_program=program).count()
    return distribution.set_rules(program, rules, base=last, by=staff.manager(), now=NOW)


def filed(program: SubProgram, **fields: Any) -> Application:
    return ApplicationFactory(filed=True, sub_program=program, **fields)


def holder(application: Application) -> int | None:
    return Application.objects.get(pk=application.pk).officer_id


def test_each_file_goes_to_the_first_rule_that_fits(program) -> None:
    seoul, track, digit, rest = (staff.officer(program) for _ in range(4))
    other = program.tracks.create(code="x", name="다른 유형", order=9)
    by_place = filed(program, region="seoul", track=other)
    by_track = filed(program, region="busan", track=other)
    by_digit = filed(program, region="busan", number="2021-시험-9차-000025")
    last = filed(program, region="busan", number="2021-시험-9차-000026")
    foreign = filed(staff.program())
    draft = ApplicationFactory(sub_program=program)
    gone = filed(program)
    Application.objects.filter(pk=gone.pk).update(state=ApplicationState.WITHDRAWN)
    ruled(
        program,
        rule(seoul, region="seoul"),
        rule(track, track=other),
        rule(digit, endings=["5"]),
        rule(rest),
    )
    assert preview(program, list(DistributionRule.objects.all())) == ([1, 1, 1, 1], 0)
    assert distribution.sweep(NOW) == 4
    found = [holder(row) for row in (by_place, by_track, by_digit, last, foreign, draft, gone)]
    assert found == [seoul.pk, track.pk, digit.pk, rest.pk, None, None, None]
    assert set(OfficerChange.objects.values_list("kind", "by", "previous")) == {
        (Charge.DISTRIBUTED, None, None)
    }
    assert distribution.sweep(NOW) == 0


def test_in_turn_gives_to_who_has_the_fewest_files_under_work(program) -> None:
    busy, free = staff.officer(program), staff.officer(program)
    for _ in range(3):
        charge.take(filed(program), by=busy, now=NOW)
    released = filed(program, state=ApplicationState.RELEASED)
    charge.take(released, by=free, now=NOW)
    fresh = [filed(program) for _ in range(5)]
    ruled(program, rule(None))
    distribution.distribute(program, now=NOW)
    assert sorted(holder(row) for row in fresh) == sorted([free.pk] * 4 + [busy.pk])


def test_a_file_of_a_tied_officer_goes_on_to_the_next_rule(program) -> None:
    tied, other = staff.officer(program), staff.officer(program)
    own, plain = filed(program), filed(program)
    Member.objects.create(company=own.company, user=tied, role=MemberRole.VIEWER, since=NOW)
    ruled(program, rule(tied), rule(other))
    distribution.distribute(program, now=NOW)
    assert (holder(own), holder(plain)) == (other.pk, tied.pk)


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Let something happen after a run has looked who may have what."""

    def happens(act: Callable[[], object]) -> None:
        real = distribution._desk

        def then(*words: Any) -> Any:
            found = real(*words)
            act()
            return found

        monkeypatch.setattr(distribution, "_desk", then)

    return happens


@pytest.mark.parametrize("by_turn", [True, False])
def test_a_file_that_comes_while_a_run_goes_on_is_judged_too(program, meanwhile, by_turn) -> None:
    officer, came = staff.officer(program), []
    plain = filed(program)

    def file() -> None:
        came.append(filed(program))
        company = came[0].company
        Member.objects.create(company=company, user=officer, role=MemberRole.VIEWER, since=NOW)

    meanwhile(file)
    ruled(program, rule(None if by_turn else officer))
    assert distribution.distribute(program, now=NOW) == 1
    assert (holder(plain), holder(came[0])) == (officer.pk, None)


@pytest.mark.parametrize("lost", ["account", "role", "program"])
def test_who_may_have_no_file_any_more_gets_none(program, meanwhile, lost) -> None:
    officer = staff.officer(program)
    row = filed(program)
    ends = {
        "account": lambda: User.objects.filter(pk=officer.pk).update(is_active=False),
        "role": officer.groups.clear,
        "program": officer.sub_programs.clear,
    }
    meanwhile(ends[lost])
    ruled(program, rule(officer))
    assert distribution.distribute(program, now=NOW) == 0
    assert holder(row) is None


def test_a_refusal_in_one_sub_programme_leaves_the_others_their_files(program, monkeypatch) -> None:
    other = staff.program()
    rows = {row: filed(row) for row in (program, other)}
    for row in rows:
        ruled(row, rule(staff.officer(row)))
    real = distribution.distribute

    def refusing(one: SubProgram, **words: Any) -> int:
        if one == program:
            raise Tied
        return real(one, **words)

    monkeypatch.setattr(distribution, "distribute", refusing)
    assert distribution.sweep(NOW) == 1
    assert holder(rows[program]) is None
    assert holder(rows[other]) is not None


def test_what_no_rule_fits_stays_nobodys_and_an_empty_plan_stops(program) -> None:
    officer = staff.officer(program)
    here, there = filed(program, region="seoul"), filed(program, region="busan")
    ruled(program, rule(officer, region="seoul"))
    assert distribution.sweep(NOW) == 1
    ruled(program)
    assert distribution.sweep(NOW) == 0
    assert (holder(here), holder(there)) == (officer.pk, None)


def test_the_file_of_an_absent_officer_goes_to_the_stand_in_and_not_by_turn(program) -> None:
    away, here = staff.officer(program), staff.officer(program)
    day = korean_day(NOW)
    stand_ins.arrange(away, stand_in=here, first_day=day, last_day=day, by=away, now=NOW)
    named, turned = filed(program, region="seoul"), filed(program, region="busan")
    ruled(program, rule(away, region="seoul"), rule(None))
    distribution.distribute(program, now=NOW)
    assert (holder(named), holder(turned)) == (here.pk, here.pk)
    line = OfficerChange.objects.get(application=named)
    assert line.kind == Charge.STAND_IN
    assert str(away) in line.reason
    later = filed(program, region="seoul")
    distribution.distribute(program, now=NOW + timedelta(days=1))
    assert holder(later) == away.pk


def test_a_rule_of_an_ended_account_is_passed_over(program) -> None:
    left, other = staff.officer(program), staff.officer(program)
    ruled(program, rule(left), rule(other))
    User.objects.filter(pk=left.pk).update(is_active=False)
    row = filed(program)
    distribution.distribute(program, now=NOW)
    assert holder(row) == other.pk


def test_only_a_manager_sets_rules_and_on_the_plan_that_they_saw(program) -> None:
    officer, boss = staff.officer(program), staff.manager()
    words: dict[str, Any] = {"now": NOW}
    with pytest.raises(MoveNotAllowed):
        distribution.set_rules(program, [rule(officer)], base=0, by=officer, **words)
    for unfit in (staff.officer(), staff.assessors(1)[0]):
        with pytest.raises(BadInput):
            distribution.set_rules(program, [rule(unfit)], base=0, by=boss, **words)
    foreign = staff.program().tracks.first()
    with pytest.raises(BadInput):
        distribution.set_rules(program, [rule(None, track=foreign)], base=0, by=boss, **words)
    distribution.set_rules(program, [rule(officer)], base=0, by=boss, **words)
    with pytest.raises(StaleVersion):
        distribution.set_rules(program, [], base=0, by=boss, **words)
    assert DistributionPlan.objects.count() == 1


def test_one_run_of_the_sweep_ends_after_so_many_files(program, monkeypatch) -> None:
    monkeypatch.setattr(distribution, "MOST", 2)
    officer = staff.officer(program)
    for region in ("seoul", "busan", "busan"):
        filed(program, region=region)
    ruled(program, rule(officer, region="seoul"), rule(None))
    assert [distribution.sweep(NOW) for _ in range(3)] == [2, 1, 0]


def test_many_files_are_distributed_in_as_many_statements_as_few(program) -> None:
    one, two = staff.officer(program), staff.officer(program)
    ruled(program, rule(one, endings=["1"]), rule(two))
    counts = []
    for files in (2, 24):
        for place in range(files):
            filed(program, number=f"2021-시험{files}-1차-{place:06d}")
        with CaptureQueriesContext(connection) as caught:
            assert distribution.distribute(program, now=NOW) == files
        counts.append(len(caught))
    assert counts[0] == counts[1]
