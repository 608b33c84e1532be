"""Background jobs: claimed once, leased, retried, parked after repeated failures, never lost."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client

from portal.access.roles import OPERATOR
from portal.celery import app
from portal.core.clock import now
from portal.core.errors import BadInput, Finding, RuleBroken, StaleVersion, Unavailable
from portal.jobs import broker, queue, tasks
from portal.models import Job, JobState
from portal.monitoring import figures
from tests.factories import staff
from tests.faults.together import at_once

Register = Callable[[str, queue.Handler], None]


@pytest.fixture
def works(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Register a handler for this test only."""
    return lambda kind, function: monkeypatch.setitem(queue._handlers, kind, function)


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
    """Collect notifications instead of sending them."""
    messages: list[tuple[object, ...]] = []
    monkeypatch.setattr(broker, "notify", lambda *words, queue=None: messages.append(words))
    return messages


def let_time_pass(job: Job, seconds: int = 3600) -> None:
    """Bring every waiting time and lease of a job nearer by `seconds`."""
    job.refresh_from_db()
    for field in ("run_after", "lease_until"):
        if at := getattr(job, field):
            setattr(job, field, at - timedelta(seconds=seconds))
    job.save(update_fields=["run_after", "lease_until"])


def fail(job: Job) -> None:
    raise RuntimeError("이 작업은 늘 실패합니다")


def refuse(job: Job) -> None:
    raise BadInput("이 자료로는 할 수 없습니다")


def test_two_handlers_for_one_kind_are_refused(works: Register) -> None:
    works("test.taken", fail)
    with pytest.raises(ValueError, match=r"two handlers for test\.taken"):
        queue.handler("test.taken")(fail)


@pytest.mark.django_db
def test_the_same_key_makes_one_job_with_the_first_arguments() -> None:
    first = queue.enqueue("test.kind", key="once", number=1)
    second = queue.enqueue("test.kind", key="once", number=2)
    assert first.pk == second.pk
    assert Job.objects.get().args == {"number": 1}


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_notified_once_and_only_after_the_commit(rings: list) -> None:
    with transaction.atomic():
        job = queue.enqueue("test.kind", key="ring")
        queue.enqueue("test.kind", key="ring")
        assert rings == []
    assert rings == [("portal.jobs.tasks.run_job", job.pk)]


@pytest.mark.django_db(transaction=True)
def test_heavy_work_goes_to_workers_of_its_own(
    settings, monkeypatch: pytest.MonkeyPatch, works: Register
) -> None:
    settings.HEAVY_JOBS = ["test.film"]
    sent: list[tuple[str, str | None]] = []
    monkeypatch.setattr(
        app, "send_task", lambda task, *, args, queue, **more: sent.append((args, queue))
    )
    film, letter = queue.enqueue("test.film", key="film"), queue.enqueue("test.mail", key="mail")
    assert sent == [((film.pk,), "heavy"), ((letter.pk,), None)]
    ran: list[str] = []
    for kind in ("test.film", "test.mail"):
        works(kind, lambda job: ran.append(job.kind))
    at = now()
    assert queue.due(at, heavy=True) == [film.pk]
    assert queue.due(at, heavy=False) == [letter.pk]
    assert queue.due(at) == [film.pk, letter.pk]
    tasks.sweep_jobs(heavy=False)
    assert ran == ["test.mail"]
    tasks.sweep_jobs(heavy=True)
    assert ran == ["test.mail", "test.film"]


def test_the_two_sweeps_of_production_share_the_jobs_between_them(settings) -> None:
    """Each kind is swept by one of them, on the queue whose workers run it."""
    rows = [row for row in settings.CELERY_BEAT_SCHEDULE.values() if "sweep_jobs" in row["task"]]
    shared = {row["kwargs"]["heavy"]: row.get("options", {}).get("queue") for row in rows}
    assert shared == {False: None, True: settings.HEAVY_QUEUE}
    app.loader.import_default_modules()
    assert set(settings.HEAVY_JOBS) <= queue.kinds()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_no_job_and_notifies_nobody(rings: list) -> None:
    with transaction.atomic():
        queue.enqueue("test.kind", key="never")
        transaction.set_rollback(True)
    assert rings == []
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_finished_job_keeps_its_result_and_runs_no_second_time(works: Register) -> None:
    runs: list[int] = []
    works("test.count", lambda job: runs.append(job.pk) or {"answer": 42})
    job = queue.enqueue("test.count", key="count")
    assert queue.run(job.pk) == JobState.DONE
    assert queue.run(job.pk) is None
    job.refresh_from_db()
    assert runs == [job.pk]
    assert job.result == {"answer": 42}
    assert job.finished_at is not None
    assert job.lease_until is None


@pytest.mark.django_db
def test_progress_is_seen_while_the_work_goes_on(works: Register) -> None:
    seen: list[tuple[int, int]] = []

    def work(job: Job) -> None:
        job.progress(3, 7)
        row = Job.objects.get(pk=job.pk)
        seen.append((row.done, row.total))

    works("test.steps", work)
    queue.run(queue.enqueue("test.steps", key="steps").pk)
    assert seen == [(3, 7)]


@pytest.mark.django_db
def test_a_failed_job_waits_longer_each_time_before_it_is_tried_again(works: Register) -> None:
    works("test.bad", fail)
    job = queue.enqueue("test.bad", key="bad")
    pauses = []
    for _ in range(queue.ATTEMPTS - 1):
        assert queue.run(job.pk) == JobState.QUEUED
        assert queue.run(job.pk) is None  # its time has not come
        job.refresh_from_db()
        pauses.append((job.run_after - now()).total_seconds())
        let_time_pass(job)
    assert pauses == pytest.approx([20, 40], abs=3)
    assert queue.run(job.pk) == JobState.PARKED


@pytest.mark.django_db
def test_a_poisonous_job_is_parked_with_its_reason_while_the_others_flow(works: Register) -> None:
    works("test.bad", fail)
    works("test.good", lambda job: None)
    bad = queue.enqueue("test.bad", key="bad")
    good = [queue.enqueue("test.good", key=f"good{n}") for n in range(20)]
    for _ in range(queue.ATTEMPTS):
        tasks.sweep_jobs()
        let_time_pass(bad)
    assert Job.objects.filter(state=JobState.DONE).count() == len(good)
    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == (JobState.PARKED, queue.ATTEMPTS)
    assert (bad.error, bad.cause) == (queue.UNEXPECTED, "RuntimeError: 이 작업은 늘 실패합니다")
    assert tasks.sweep_jobs() == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("refusal", "state"),
    [
        (BadInput("사업비를 확인하세요."), JobState.PARKED),
        (RuleBroken([Finding("cost", "사업비를 확인하세요.")]), JobState.PARKED),
        (StaleVersion("사업비를 확인하세요."), JobState.QUEUED),
    ],
)
def test_a_readable_error_is_kept_and_what_the_input_forbids_is_not_tried_again(
    works: Register, refusal: Exception, state: JobState
) -> None:
    def refuse(job: Job) -> None:
        raise refusal

    works("test.refused", refuse)
    job = queue.enqueue("test.refused", key="refused")
    assert queue.run(job.pk) == state
    job.refresh_from_db()
    assert (job.error, job.cause, job.attempts) == ("사업비를 확인하세요.", "", 1)


@pytest.mark.django_db
def test_a_job_is_postponed_for_a_day_while_a_component_cannot_serve(
    works: Register,
) -> None:
    serves = False

    def needs_the_engine(job: Job) -> None:
        if not serves:
            raise Unavailable("지금은 PDF를 만들 수 없습니다.")

    works("test.paper", needs_the_engine)
    job = queue.enqueue("test.paper", key="paper")
    pauses = []
    for _ in range(20):
        assert queue.run(job.pk) == JobState.QUEUED
        job.refresh_from_db()
        pauses.append(round((job.run_after - now()).total_seconds(), -1))
        let_time_pass(job)
    assert pauses[:6] == [20, 40, 80, 160, 320, 600]
    assert pauses[-1] == 600
    assert job.error == "지금은 PDF를 만들 수 없습니다."
    serves = True
    assert queue.run(job.pk) == JobState.DONE


@pytest.mark.django_db
def test_waiting_neither_hides_poison_nor_lasts_for_ever(
    works: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_POSTPONEMENTS", 2)
    fates = [Unavailable(), RuntimeError(), Unavailable(), RuntimeError(), RuntimeError()]

    def changing(job: Job) -> None:
        raise fates.pop(0)

    def never(job: Job) -> None:
        raise Unavailable

    works("test.changing", changing)
    works("test.never", never)
    ends = []
    for kind, tries in (("test.changing", 5), ("test.never", 3)):
        job = queue.enqueue(kind, key=kind)
        for _ in range(tries):
            ends.append(queue.run(job.pk))
            let_time_pass(job)
    assert ends == ["queued"] * 4 + ["parked"] + ["queued"] * 2 + ["parked"]


@pytest.mark.django_db
def test_a_process_that_is_closing_begins_no_further_job(
    works: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    works("test.good", lambda job: None)
    job = queue.enqueue("test.good", key="good")
    monkeypatch.setattr(queue, "shutting_down", threading.Event())
    queue.shutting_down.set()
    assert queue.run(job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.QUEUED, 0)


@pytest.mark.django_db
def test_a_job_of_a_newer_release_waits_for_a_worker_that_knows_its_kind(
    works: Register, client: Client
) -> None:
    job = queue.enqueue("test.newer", key="newer")
    assert queue.run(job.pk) is None  # by the ring of a message
    assert tasks.sweep_jobs() == 0
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == (JobState.QUEUED, 0, queue.NEWER)
    waiting = {figure.name: figure.values for figure in figures.work(now())}
    assert waiting["portal_jobs_unknown"] == {("test.newer",): 1}
    staff.enter(client, staff.staff(OPERATOR))
    assert "새 버전이 켜지면" in client.get("/admin/portal/job/").content.decode()
    works("test.newer", lambda job: {"done": True})  # the newer worker
    assert tasks.sweep_jobs() == 1
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.DONE, "")


@pytest.mark.django_db
def test_jobs_of_a_newer_release_hold_up_no_others(works: Register) -> None:
    Job.objects.bulk_create(Job(kind="test.newer", key=f"newer{n}") for n in range(250))
    works("test.known", lambda job: None)
    known = queue.enqueue("test.known", key="known")
    assert queue.due(now()) == [known.pk]


@pytest.mark.django_db
def test_a_job_that_kills_its_worker_each_time_is_parked(works: Register) -> None:
    works("test.killer", lambda job: pytest.fail("it would kill again"))
    job = queue.enqueue("test.killer", key="killer")
    for _ in range(queue.ATTEMPTS):
        assert queue.claim(job.pk, now())  # and the process is gone
        let_time_pass(job)
    assert queue.run(job.pk) == JobState.PARKED
    job.refresh_from_db()
    assert job.error == "여러 번 시도했으나 끝내지 못했습니다."


@pytest.mark.django_db
def test_a_leased_job_is_left_alone_until_its_lease_ends(works: Register) -> None:
    works("test.good", lambda job: None)
    job = queue.enqueue("test.good", key="leased")
    queue.claim(job.pk, now())
    assert queue.due(now()) == []
    assert queue.run(job.pk) is None
    let_time_pass(job)
    assert queue.due(now()) == [job.pk]
    assert queue.run(job.pk) == JobState.DONE


@pytest.mark.django_db
@pytest.mark.parametrize("failing", [False, True])
def test_a_worker_that_lost_its_lease_does_not_overwrite_its_successor(
    works: Register, failing: bool
) -> None:
    def slow(job: Job) -> None:
        let_time_pass(job)
        assert queue.claim(job.pk, now())  # another worker takes over
        if failing:
            raise RuntimeError

    works("test.slow", slow)
    job = queue.enqueue("test.slow", key="slow")
    assert queue.run(job.pk) is None
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.RUNNING, 2)
    assert job.lease_until > now()


@pytest.mark.django_db
def test_a_parked_job_can_be_put_back_and_only_a_parked_one(works: Register, rings: list) -> None:
    works("test.refused", refuse)
    job = queue.enqueue("test.refused", key="again")
    assert queue.retry(job) is False
    queue.run(job.pk)
    assert queue.retry(job) is True
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error) == (JobState.QUEUED, 0, "")


@pytest.mark.django_db
def test_what_a_killed_process_left_running_is_queued_again_on_start(works: Register) -> None:
    works("test.good", lambda job: None)
    job = queue.enqueue("test.good", key="left")
    queue.claim(job.pk, now())
    assert queue.recover() == 1
    assert tasks.sweep_jobs() == 1
    job.refresh_from_db()
    assert job.state == JobState.DONE


@pytest.mark.django_db
def test_the_sweep_takes_the_oldest_first_and_ends_in_time(
    works: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    works("test.good", lambda job: done.append(job.key))
    for key in ("first", "second", "third"):
        queue.enqueue("test.good", key=key)
    assert tasks.sweep_jobs() == 3
    assert done == ["first", "second", "third"]
    queue.enqueue("test.good", key="late")
    monkeypatch.setattr(tasks, "SWEEP_SECONDS", -1)
    assert tasks.sweep_jobs() == 0
    assert "late" not in done


# --- PostgreSQL ----------------------------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_twenty_workers_one_gets_the_job(works: Register) -> None:
    runs: list[int] = []
    works("test.count", lambda job: runs.append(job.pk))
    for turn in range(5):
        job = queue.enqueue("test.count", key=f"race{turn}")
        answers = at_once(20, lambda place, job=job: queue.run(job.pk))
        assert sorted(map(str, answers)) == ["None"] * 19 + ["done"]
    assert len(runs) == 5


def naive_claim(pk: int) -> bool:
    """Claim as one should not: look, then write."""
    job = Job.objects.get(pk=pk)
    if job.state != JobState.QUEUED:
        return False
    time.sleep(0.01)
    job.state = JobState.RUNNING
    job.save()
    return True


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_negative_control_without_the_conditional_update_many_get_the_job() -> None:
    job = queue.enqueue("test.count", key="naive")
    assert sum(at_once(20, lambda place: naive_claim(job.pk))) > 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_twenty_who_ask_for_the_same_work_all_get_one_job() -> None:
    answers = at_once(20, lambda place: queue.enqueue("test.kind", key="same").pk)
    assert len(set(answers)) == 1
    assert Job.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_long_job_keeps_its_lease_and_stays_with_one_worker(
    works: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LEASE", timedelta(seconds=0.6))
    monkeypatch.setattr(queue, "RENEW_SECONDS", 0.1)
    runs: list[int] = []

    def long(job: Job) -> None:
        runs.append(job.pk)
        time.sleep(2)  # more than three leases

    works("test.long", long)
    job = queue.enqueue("test.long", key="long")
    over = threading.Event()

    def pester() -> None:
        while not over.is_set():
            tasks.sweep_jobs()
            time.sleep(0.05)
        connection.close()

    other = threading.Thread(target=pester)
    other.start()
    try:
        assert queue.run(job.pk) in {JobState.DONE, None}
    finally:
        over.set()
        other.join()
    assert runs == [job.pk]
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DONE, 1)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_negative_control_without_renewal_a_long_job_runs_twice(
    works: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LEASE", timedelta(seconds=0.2))
    runs: list[int] = []

    def long(job: Job) -> None:
        runs.append(job.pk)
        time.sleep(0.8)

    works("test.long", long)
    job = queue.enqueue("test.long", key="long")
    answers = at_once(2, lambda place: time.sleep(0.5 * place) or queue.run(job.pk))
    assert len(runs) == 2
    assert answers[1] == JobState.DONE  # the successor's word counts
    assert answers[0] is None


@pytest.mark.django_db
def test_a_queued_job_is_cancelled_at_once_and_can_be_requested_again(works: Register) -> None:
    works("test.stopped", lambda job: None)
    job = queue.enqueue("test.stopped", key="stopped")
    assert queue.cancel(job, now=now())
    assert queue.run(job.pk) is None
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert not queue.cancel(job, now=now())
    assert queue.retry(job)
    assert queue.run(job.pk) == JobState.DONE


@pytest.mark.django_db
def test_a_running_job_stops_where_it_reports_its_progress(works: Register) -> None:
    reached: list[int] = []

    def work(job: Job) -> None:
        for step in range(3):
            job.progress(step, 3, "세는 중")
            reached.append(step)
            queue.cancel(job, now=now())

    works("test.long", work)
    job = queue.enqueue("test.long", key="long")
    assert queue.run(job.pk) == JobState.CANCELLED
    assert reached == [0]
