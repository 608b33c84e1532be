"""Real workers on a real broker: killed, orphaned and emptied, no job is lost or done twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from bench import servers
from portal.celery import app
from portal.jobs import queue as queue_jobs
from portal.models import Job, JobState
from tests.faults.processes import ROOT, environment
from tests.patience import PATIENCE

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.django_db(transaction=True),
]
Start = Callable[[], subprocess.Popen]


class Workers:
    """Starts Celery workers, each a process group of its own that can be killed."""

    def __init__(self, stack: ExitStack, folder: Path, broker: str) -> None:
        self.stack, self.folder, self.broker = stack, folder, broker

    def start(self, *, release: str = "new") -> subprocess.Popen:
        known = set(self.folder.glob("ready-*"))
        words = [
            sys.executable, "-m", "celery", "-A", "portal.celery", "worker", "-c", "2",
            "-I", "tests.faults.handlers", "-B", "-s", str(self.folder / "beat"),
            "--without-gossip", "--without-mingle", "-l", "warning",
        ]  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            worker = subprocess.Popen(
                words,
                cwd=ROOT,
                env=environment(
                    CELERY_BROKER_URL=self.broker,
                    FAULTS_FOLDER=str(self.folder),
                    FAULTS_RELEASE=release,
                ),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.stack.callback(self.kill, worker)
        servers.wait_until(lambda: set(self.folder.glob("ready-*")) - known, what="worker")
        return worker

    def kill(self, worker: subprocess.Popen) -> None:
        """End the worker and its children at once, as a power cut does."""
        if worker.poll() is None:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()

    def begun(self) -> list[int]:
        marks = self.folder / "begun"
        return (
            [int(row.split()[0]) for row in marks.read_text().splitlines()]
            if marks.exists()
            else []
        )

    def effects(self) -> set[int]:
        return {int(path.name.split("-")[1]) for path in self.folder.glob("effect-*")}


@pytest.fixture
def broker(redis_url: str) -> Iterator[redis.Redis]:
    with servers.closing(redis.Redis.from_url(redis_url)) as client:
        yield client


@pytest.fixture
def workers(tmp_path: Path, redis_url: str) -> Iterator[Workers]:
    """Workers on the test's database; the test itself notifies the same broker."""
    with ExitStack() as stack:
        yield Workers(stack, tmp_path, redis_url)


def send(url: str, job: Job) -> None:
    """Send notifications to this broker."""
    with app.connection_for_write(url) as line:
        app.send_task("portal.jobs.tasks.run_job", args=[job.pk], connection=line, retry=False)


def queue(count: int, seconds: float, kind: str = "faults.slow") -> list[Job]:
    return [queue_jobs.enqueue(kind, key=f"{kind}:{n}", seconds=seconds) for n in range(count)]


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Job.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def all_done(made: list[Job]) -> Callable[[], bool]:
    return lambda: Job.objects.filter(state=JobState.DONE).count() == len(made)


def test_a_killed_worker_s_job_is_finished_by_another(workers: Workers, redis_url: str) -> None:
    first = workers.start()
    (job,) = queue(1, seconds=4)
    send(redis_url, job)
    servers.wait_until(workers.begun, what="the first try")
    workers.kill(first)
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.RUNNING, 1)
    assert workers.effects() == set()
    workers.start()
    servers.wait_until(all_done([job]), what="the second try")
    job.refresh_from_db()
    assert job.attempts == 2
    assert workers.begun() == [job.pk] * 2
    assert workers.effects() == {job.pk}


def test_jobs_survive_killed_children_and_a_broker_that_forgets_everything(
    workers: Workers, broker: redis.Redis, redis_url: str
) -> None:
    workers.start()
    made = queue(20, seconds=0.2)
    for job in made:
        send(redis_url, job)
    poisonous = queue_jobs.enqueue("faults.poison", key="poison")
    for turn in range(1, 4):
        servers.wait_until(lambda turn=turn: len(workers.effects()) >= 3 * turn, what="some work")
        servers.empty_claimed_redis(broker)  # every message is gone
        pids = (workers.folder / "begun").read_text().split()[1::2]
        for pid in set(pids[-1:]):
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                continue
    servers.wait_until(
        lambda: states().get("done") == len(made) and states().get("parked") == 1,
        what=f"all jobs: {states()}",
    )
    assert workers.effects() == {job.pk for job in made}
    poisonous.refresh_from_db()
    assert "독이 든 작업" in poisonous.cause


def test_a_message_delivered_many_times_does_the_job_once(workers: Workers, redis_url: str) -> None:
    (job,) = queue(1, seconds=0.5)
    for _ in range(12):
        send(redis_url, job)
    workers.start()
    servers.wait_until(all_done([job]), what="the job")
    assert workers.begun() == [job.pk]


def test_a_stopped_worker_finishes_what_it_holds(workers: Workers, redis_url: str) -> None:
    worker = workers.start()
    (job,) = queue(1, seconds=2)
    send(redis_url, job)
    servers.wait_until(workers.begun, what="the try")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=PATIENCE) == 0
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.DONE, 1)


def test_a_job_of_a_newer_release_waits_beside_an_old_worker(
    workers: Workers, redis_url: str
) -> None:
    old = workers.start(release="old")
    newer = queue_jobs.enqueue("faults.newer", key="newer")
    (known,) = queue(1, seconds=0.1)
    for job in (newer, known):
        send(redis_url, job)

    def told() -> bool:
        newer.refresh_from_db()
        return newer.error == queue_jobs.NEWER

    servers.wait_until(lambda: told() and all_done([known])(), what="a sweep of the old worker")
    assert (newer.state, newer.attempts) == (JobState.QUEUED, 0)
    workers.start(release="new")  # both run, as while a release is rolled out
    servers.wait_until(all_done([newer, known]), what="the newer worker")
    newer.refresh_from_db()
    assert (newer.attempts, newer.error, newer.result) == (1, "", {"release": "new"})
    assert old.poll() is None
