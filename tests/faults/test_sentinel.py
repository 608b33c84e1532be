"""Three Redis and three sentinels: the first Redis is killed during work, and nobody is restarted."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench import servers
from portal.models import Job, JobState
from tests.faults.processes import ROOT, environment
from tests.faults.test_workers import Workers

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.redis,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("sentinel"),
]

WEB = """
import django
django.setup()
import json, sys
from portal.jobs import broker, queue

notify, told = broker.notify, []

def noted(*words, **more):
    told.append(notify(*words, **more))

broker.notify = noted
for line in sys.stdin:
    queue.enqueue("faults.slow", key=line.strip(), seconds=0.2)
    print(json.dumps(told.pop()), flush=True)
"""


class Web:
    """A process that makes jobs, as a web process does, and says of each whether workers were told."""

    def __init__(self, exits: ExitStack, broker: str) -> None:
        self.made = 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", WEB],
            cwd=ROOT,
            env=environment(CELERY_BROKER_URL=broker),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        exits.enter_context(self.process)  # closes its pipes
        exits.callback(self.process.kill)

    def make(self, count: int = 1) -> list[bool]:
        told = []
        for _ in range(count):
            self.made += 1
            print(f"{self.process.pid}:{self.made}", file=self.process.stdin, flush=True)
            told.append(json.loads(self.process.stdout.readline()))
        return told


@pytest.fixture
def watched() -> Iterator[servers.WatchedRedis]:
    with servers.watched_redis() as started:
        yield started


def done() -> int:
    return Job.objects.filter(state=JobState.DONE).count()


def test_jobs_from_before_and_after_a_failover_are_done(
    watched: servers.WatchedRedis, tmp_path: Path
) -> None:
    with ExitStack() as exits:
        workers = Workers(exits, tmp_path, watched.url)
        first = watched.first()
        worker, web = workers.start(), Web(exits, watched.url)
        # The control: a process that knows the address of the first Redis and no sentinel.
        bound = Web(exits, f"redis://portal:{servers.ROLE_PASSWORD}@127.0.0.1:{first}/0")
        assert all(web.make(8) + bound.make())
        servers.wait_until(lambda: done() >= 2, what="some work")
        watched.redis[first].kill()
        told = web.make(4)  # into the gap: written to their rows, whoever could be told
        servers.wait_until(lambda: watched.first() not in (0, first), what="another first Redis")
        servers.wait_until(lambda: web.make() == [True], what="a notification")
        assert bound.make() == [False]
        made = web.made + bound.made
        servers.wait_until(lambda: done() == made, what=f"all jobs, {told}")
        assert workers.effects() == set(Job.objects.values_list("pk", flat=True))
        assert worker.poll() is None
        assert web.process.poll() is None
