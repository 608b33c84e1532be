"""Jobs: every kind does its work, does it once however often it runs, and survives a killed worker."""

from datetime import timedelta

import pytest
from django.db import connection

from applications import tasks
from applications.models import (
    ApplicationMove,
    AssessorProfile,
    ConflictOfInterest,
    Decision,
    IssuedDocument,
    ScoreResult,
    ScoreRun,
    Selection,
    SelectionMove,
    Supplement,
)
from applications.services import documents, statistics
from applications.services.assessment import committee, conflicts, scoring
from applications.services.intake import reminders
from applications.services.screening import supplements
from applications.services.selection import proposals
from portal.core import clock
from portal.jobs import queue
from portal.models import Job, JobState, Notice
from programs.models import LedgerEntry
from programs.queries import balance
from tests.factories import staff
from tests.factories.applications import (
    ApplicationFactory,
    MemberFactory,
    SubProgramFactory,
    SupplementFactory,
)

pytestmark = pytest.mark.django_db
EFFECTS = (
    ScoreResult,
    Decision,
    Notice,
    LedgerEntry,
    ApplicationMove,
    SelectionMove,
    Job,
    ConflictOfInterest,
)


@pytest.fixture
def program():
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def boss():
    return staff.manager()


def judged(program) -> None:
    judges = staff.assessors(3)
    for marks in ((28, 36, 28), (24, 32, 24), (10, 20, 10)):
        staff.judged(program, marks, judges=judges)


def to_score(program, officer, boss) -> Job:
    judged(program)
    return scoring.start(program, by=officer, now=clock.now()).job


def to_select(program, officer, boss) -> Job:
    queue.run(to_score(program, officer, boss).pk)
    return proposals.start(ScoreRun.objects.get(), by=officer, now=clock.now()).job


def to_decide(program, officer, boss) -> Job:
    queue.run(to_select(program, officer, boss).pk)
    made = staff.confirmed(Selection.objects.select_related("sub_program").get())
    return proposals.schedule(made, "decide", by=boss, now=clock.now())


def to_undecide(program, officer, boss) -> Job:
    queue.run(to_decide(program, officer, boss).pk)
    made = Selection.objects.select_related("sub_program").get()
    return proposals.schedule(made, "undecide", by=boss, now=clock.now(), note="오류")


def to_release(program, officer, boss) -> Job:
    queue.run(to_select(program, officer, boss).pk)
    made = Selection.objects.select_related("sub_program").get()
    staff.decided(made, by=boss)
    return proposals.schedule_release(made, by=boss, now=clock.now())


def to_remind(program, officer, boss) -> Job:
    coming = SubProgramFactory(closes_at=clock.now() + timedelta(hours=20))
    coming.opens_at = coming.round.opens_at
    coming.round.announced = True
    coming.round.save()
    ApplicationFactory(sub_program=coming)
    reminders.schedule(clock.now())
    return Job.objects.get(kind=reminders.JOB, args__program=coming.pk)


def to_find_ties(program, officer, boss) -> Job:
    judges = staff.assessors(4)
    row = staff.judged(program, judges=judges)
    return conflicts.declare_tie(
        judges[0], kind="family", firm_name=row.company.name, business_number="", note="",
        by=judges[0], now=clock.now(),
    ) and Job.objects.get(kind=conflicts.JOB)  # fmt: skip


def to_solve(program, officer, boss) -> Job:
    row = staff.judged(program, judges=[])
    tied, *_ = judges = staff.assessors(6)
    for judge in judges:
        AssessorProfile.objects.create(user=judge)
    MemberFactory(company=row.company, user=tied)
    return committee.propose(program, seed=1, by=officer, now=clock.now()).job


WAYS = [
    (scoring.JOB, to_score),
    (proposals.JOB, to_select),
    (proposals.DECIDE_JOB, to_decide),
    (proposals.DECIDE_JOB, to_undecide),
    (proposals.RELEASE_JOB, to_release),
    (reminders.JOB, to_remind),
    (conflicts.JOB, to_find_ties),
    (committee.JOB, to_solve),
]


def test_every_kind_of_job_of_this_app_is_tried_here() -> None:
    kinds = {kind for kind in queue.kinds() if kind.startswith("applications.")}
    assert kinds == {*(kind for kind, _ in WAYS), documents.JOB, statistics.JOB}
    assert tasks.print_paper is not None


def counted() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in EFFECTS}


def run_again(job: Job) -> JobState | None:
    """Deliver the message a second time after the work was done, as a broker may."""
    Job.objects.filter(pk=job.pk).update(state=JobState.QUEUED, finished_at=None)
    return queue.run(job.pk)


@pytest.mark.parametrize(("kind", "way"), WAYS)
def test_a_job_that_runs_twice_has_one_effect(program, officer, boss, kind, way) -> None:
    job = way(program, officer, boss)
    assert job.kind == kind
    before = counted()
    assert queue.run(job.pk) == JobState.DONE, Job.objects.get(pk=job.pk).error
    after = counted()
    assert after != before
    hashes = list(ScoreRun.objects.values_list("results_sha256", flat=True))
    assert run_again(job) == JobState.DONE
    assert counted() == after
    assert list(ScoreRun.objects.values_list("results_sha256", flat=True)) == hashes


@pytest.mark.pdf
def test_a_paper_printed_twice_is_printed_once(program, officer, boss) -> None:
    queue.run(to_release(program, officer, boss).pk)
    application = Decision.objects.get(rank=1).application
    document = IssuedDocument.objects.create(
        application=application, kind="result", requested_at=clock.now()
    )
    job = Job.objects.create(kind=documents.JOB, key="paper", args={"document": document.pk})
    assert queue.run(job.pk) == JobState.DONE, Job.objects.get(pk=job.pk).error
    document.refresh_from_db()
    assert run_again(job) == JobState.DONE
    assert IssuedDocument.objects.get(pk=document.pk).sha256 == document.sha256 != ""


def test_a_job_tells_how_far_it_is(program, officer, boss) -> None:
    job = to_score(program, officer, boss)
    queue.run(job.pk)
    job.refresh_from_db()
    assert (job.done, job.total) == (3, 3)
    assert job.result["scored"] == 3


def test_a_long_selection_is_decided_and_taken_back_by_jobs(program, officer, boss) -> None:
    queue.run(to_undecide(program, officer, boss).pk)
    made = Selection.objects.select_related("sub_program").get()
    assert (made.state, balance(program.pot).reserved) == ("proposed", 0)
    staff.confirmed(made)
    again = proposals.schedule(made, "decide", by=boss, now=clock.now())
    assert queue.run(again.pk) == JobState.DONE
    assert Selection.objects.get().state == "decided"
    assert balance(program.pot).reserved > 0


def test_a_release_asked_for_before_the_decision_was_taken_back_does_nothing(
    program, officer, boss
) -> None:
    job = to_release(program, officer, boss)
    made = Selection.objects.select_related("sub_program").get()
    proposals.undecide(made, note="오류", by=boss, now=clock.now())
    staff.decided(made, by=boss)
    assert queue.run(job.pk) == JobState.DONE
    assert Job.objects.get(pk=job.pk).result == {"skipped": True}
    assert Selection.objects.get().state == "decided"
    assert not Notice.objects.filter(key__startswith="result:").exists()


def test_a_manager_who_lost_the_role_meanwhile_releases_nothing(program, officer, boss) -> None:
    job = to_release(program, officer, boss)
    boss.groups.clear()
    for _ in range(queue.ATTEMPTS):
        Job.objects.filter(pk=job.pk).update(run_after=None)
        queue.run(job.pk)
    assert Job.objects.get(pk=job.pk).state == JobState.PARKED
    assert Selection.objects.get().state == "decided"
    assert balance(program.pot).reserved > 0


def test_a_worker_killed_in_the_middle_is_followed_by_another(
    program, officer, boss, monkeypatch
) -> None:
    monkeypatch.setattr(scoring, "CHUNK", 1)
    job = to_score(program, officer, boss)
    work = queue._handlers[scoring.JOB]

    def killed(claimed: Job) -> dict[str, object]:
        class Die(SystemExit):
            pass

        def progress(done: int, total: int) -> None:
            raise Die

        monkeypatch.setattr(claimed, "progress", progress)
        return work(claimed)

    with monkeypatch.context() as patch:
        patch.setitem(queue._handlers, scoring.JOB, killed)
        with pytest.raises(SystemExit):
            queue.run(job.pk)
    assert ScoreResult.objects.count() == 1
    assert queue.run(job.pk) is None  # its lease still runs
    Job.objects.filter(pk=job.pk).update(lease_until=clock.now() - timedelta(seconds=1))
    assert job.pk in queue.due(clock.now())
    assert queue.run(job.pk) == JobState.DONE
    assert ScoreRun.objects.get().scored == ScoreResult.objects.count() == 3


def test_the_sweep_closes_what_is_overdue_and_asks_for_letters_once(program) -> None:
    overdue = SupplementFactory(due_at=clock.now() - timedelta(minutes=1))
    coming = SubProgramFactory(closes_at=clock.now() + timedelta(hours=2))
    ApplicationFactory(sub_program=coming)
    for _ in range(2):
        tasks.sweep_due_dates()
    assert Supplement.objects.get(pk=overdue.pk).state == "expired"
    assert ApplicationMove.objects.filter(move="overdue").count() == 1
    assert Job.objects.filter(kind=reminders.JOB, args__program=coming.pk).count() == 1


def test_a_sweep_with_nothing_to_do_is_short(program, django_assert_max_num_queries) -> None:
    for _ in range(5):
        ApplicationFactory(sub_program=program)
    tasks.sweep_due_dates()  # the first of a day asks for the daily look at ties
    with django_assert_max_num_queries(9):
        tasks.sweep_due_dates()


@pytest.mark.postgres
def test_the_jobs_run_on_postgresql(program, officer, boss) -> None:
    assert connection.vendor == "postgresql"
    job = to_release(program, officer, boss)
    assert queue.run(job.pk) == JobState.DONE
    assert Notice.objects.filter(key__startswith="result:").count() == 3
    assert supplements.expire(clock.now()) == 0
