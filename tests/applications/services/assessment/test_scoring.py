"""Score runs: ready or refused with reasons, frozen, resumable, the same bytes every time."""

from datetime import timedelta
from decimal import Decimal

import pytest

from applications.models import ScoreResult, ScoreRun, ScoreSheet
from applications.services.assessment import scoring
from portal.core.errors import MoveNotAllowed, RuleBroken
from portal.models import Job, JobState
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def judges():
    return staff.assessors(3)


def codes(error: pytest.ExceptionInfo) -> list[str]:
    return [finding.code for finding in error.value.findings]


def bytes_of(run: ScoreRun) -> list[tuple[object, ...]]:
    rows = run.results.order_by("application")
    names = ("application_id", "raw", "bonus", "total", "core", "passed_floor", "breakdown")
    return list(rows.values_list(*names, "inputs_sha256"))


def test_everything_that_is_not_ready_is_named_at_once(program, officer, judges) -> None:
    with pytest.raises(RuleBroken) as empty:
        scoring.start(program, by=officer, now=NOW, while_open=True)
    assert codes(empty) == ["nothing_to_score"]
    application = staff.judged(program, judges=judges[:2])
    ScoreSheet.objects.create(application=application, assessor=judges[2], assigned_at=NOW)
    with pytest.raises(RuleBroken) as refused:
        scoring.start(program, by=officer, now=NOW, while_open=True)
    assert codes(refused) == ["sheets_unlocked", "too_few_sheets"]
    assert application.number in str(refused.value.findings)
    assert not ScoreRun.objects.exists()


def test_scores_before_the_closing_need_to_be_asked_for(program, officer, judges) -> None:
    """So that nobody ranks by mistake what still comes in; a rolling intake is scored as it comes."""
    staff.judged(program, judges=judges)
    closes = program.window().closes_at
    with pytest.raises(RuleBroken) as refused:
        scoring.start(program, by=officer, now=closes - timedelta(microseconds=1))
    assert codes(refused) == ["intake_open"]
    assert scoring.start(program, by=officer, now=closes).number == 1
    Job.objects.update(state=JobState.PARKED)
    SubProgram.objects.filter(pk=program.pk).update(intake="rolling", closes_at=None)
    assert scoring.start(program, by=officer, now=NOW).number == 2


@pytest.mark.parametrize("role", ["assessor", "auditor", "operator"])
def test_only_officers_and_managers_start(program, judges, role) -> None:
    staff.judged(program, judges=judges)
    with pytest.raises(MoveNotAllowed):
        scoring.start(program, by=staff.staff(role), now=NOW, while_open=True)


def test_a_run_requests_its_job_once_and_a_second_run_is_refused_meanwhile(
    program, officer, judges
) -> None:
    staff.judged(program, judges=judges)
    run = scoring.start(program, by=officer, now=NOW, while_open=True)
    assert Job.objects.get(key=f"score:{run.pk}").args == {"run": run.pk}
    with pytest.raises(RuleBroken) as refused:
        scoring.start(program, by=officer, now=NOW, while_open=True)
    assert codes(refused) == ["run_in_progress"]
    Job.objects.update(state=JobState.PARKED)
    assert scoring.start(program, by=officer, now=NOW, while_open=True).number == 2


def test_scores_are_those_of_the_rules(program, officer, judges) -> None:
    plain = staff.judged(program, (20, 30, 20), judges=judges)
    extra = staff.judged(program, (20, 30, 20), judges=judges, bonus=True)
    low = staff.judged(program, (10, 20, 20), judges=judges, bonus=True)
    run = staff.scored(program, officer)
    found = {row.application_id: row for row in run.results.all()}
    assert (found[plain.pk].raw, found[plain.pk].bonus, found[plain.pk].total) == (70, 0, 70)
    assert (found[extra.pk].raw, found[extra.pk].bonus, found[extra.pk].total) == (70, 5, 75)
    assert (found[low.pk].total, found[low.pk].passed_floor) == (Decimal(50), False)
    assert found[low.pk].bonus == 0
    assert found[extra.pk].breakdown["bonus"]["counted"] == 5
    assert run.scored == 3


def test_the_same_sheets_give_the_same_bytes_in_every_run(program, officer, judges) -> None:
    for place in range(5):
        staff.judged(program, (15 + place, 33, 21), judges=judges, bonus=place % 2 == 0)
    first, second = staff.scored(program, officer), staff.scored(program, officer)
    assert first.results_sha256 == second.results_sha256
    assert first.inputs_sha256 == second.inputs_sha256
    assert bytes_of(first) == bytes_of(second)


def test_another_mark_gives_another_hash(program, officer, judges) -> None:
    staff.judged(program, judges=judges)
    first = staff.scored(program, officer)
    staff.judged(program, (24, 32, 23), judges=judges)
    assert staff.scored(program, officer).results_sha256 != first.results_sha256


def test_a_rubric_that_changes_later_does_not_change_the_run(program, officer, judges) -> None:
    staff.judged(program, (10, 20, 20), judges=judges)
    run = scoring.start(program, by=officer, now=NOW, while_open=True)
    program.floor = 40
    program.save()
    program.criteria.filter(code="need").update(label="새 이름")
    scoring.compute(run, now=NOW)
    row = run.results.get()
    assert row.passed_floor is False
    assert row.breakdown["criteria"][0]["label"] == "항목 need"


class KilledError(Exception):
    """The worker was killed."""


def test_a_killed_run_goes_on_and_ends_like_one_that_was_not(
    program, officer, judges, monkeypatch
) -> None:
    monkeypatch.setattr(scoring, "CHUNK", 2)
    for place in range(7):
        staff.judged(program, (15 + place, 33, 21), judges=judges)
    whole = staff.scored(program, officer)
    run = scoring.start(program, by=officer, now=NOW, while_open=True)

    def die(done: int, total: int) -> None:
        if done >= 4:
            raise KilledError

    with pytest.raises(KilledError):
        scoring.compute(run, now=NOW, progress=die)
    assert run.results.count() == 4
    seen = []
    scoring.compute(run, now=NOW, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 7), (4, 7), (6, 7), (7, 7)]
    assert (run.scored, run.results_sha256) == (7, whole.results_sha256)
    assert bytes_of(run) == bytes_of(whole)


def test_an_application_withdrawn_between_two_attempts_is_left_out(
    program, officer, judges, monkeypatch
) -> None:
    monkeypatch.setattr(scoring, "CHUNK", 1)
    withdrawn, stays = (staff.judged(program, judges=judges) for _ in range(2))
    run = scoring.start(program, by=officer, now=NOW, while_open=True)

    def die(done: int, total: int) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        scoring.compute(run, now=NOW, progress=die)
    type(withdrawn).objects.filter(pk=withdrawn.pk).update(state="withdrawn")
    scoring.compute(run, now=NOW)
    assert list(run.results.values_list("application_id", flat=True)) == [stays.pk]
    assert run.scored == 1


def test_a_finished_run_is_left_alone(program, officer, judges) -> None:
    staff.judged(program, judges=judges)
    run = staff.scored(program, officer)
    before = bytes_of(run)
    staff.judged(program, judges=judges)
    scoring.compute(run, now=NOW)
    assert bytes_of(run) == before


def test_sheets_submitted_after_the_start_do_not_count(program, officer, judges) -> None:
    application = staff.judged(program, (20, 20, 20), judges=judges)
    run = scoring.start(program, by=officer, now=NOW, while_open=True)
    late = staff.locked_sheet(application, staff.assessors(1)[0], (30, 40, 30))
    assert late.locked_at == NOW  # at the very instant it counts; later it does not
    scoring.compute(run, now=NOW)
    assert len(run.results.get().breakdown["sheets"]) == 4
    another = ScoreRun.objects.create(
        sub_program=program,
        number=9,
        rubric=run.rubric,
        rubric_sha256=run.rubric_sha256,
        requested_by=officer,
        requested_at=NOW.replace(hour=0),
    )
    scoring.compute(another, now=NOW)
    assert another.results.get().raw is None


def test_queries_do_not_grow_within_a_chunk(
    program, officer, judges, django_assert_max_num_queries
) -> None:
    for _ in range(12):
        staff.judged(program, judges=judges)
    run = scoring.start(program, by=officer, now=NOW, while_open=True)
    with django_assert_max_num_queries(20):
        scoring.compute(run, now=NOW)
    assert ScoreResult.objects.filter(run=run).count() == 12


@pytest.mark.postgres
def test_the_same_bytes_and_the_way_back_on_postgresql(
    program, officer, judges, monkeypatch
) -> None:
    test_a_killed_run_goes_on_and_ends_like_one_that_was_not(program, officer, judges, monkeypatch)
