"""What is counted: by names that are known beforehand, and read cheaply."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import servers
from demo.samples import sample_pdf
from portal.core.clock import now
from portal.core.errors import BadInput
from portal.core.metrics import DECLARED
from portal.jobs import queue
from portal.models import IncidentMinute, Job, JobState, Notice, NoticeState
from portal.monitoring import exporter, figures
from portal.notices import outbox
from portal.uploads import files
from programs.models import Budget
from tests import plans
from tests.deploy import scrape
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]


def count(name: str, **labels: str) -> float:
    return DECLARED.get_sample_value(name, labels) or 0.0


def samples() -> str:
    return "\n".join(str(sample) for metric in DECLARED.collect() for sample in metric.samples)


# --- Counted where it happens --------------------------------------------------------------------


@pytest.mark.django_db
def test_requests_are_counted_by_route_never_by_address(client: Client) -> None:
    names = {"route": "none", "status": "404"}
    before = count("portal_requests_total", **names)
    client.get("/canary-of-an-address/?q=canary-of-a-query")
    client.get("/invitations/canary-of-a-token/")
    client.get("/healthz/")
    assert count("portal_requests_total", **names) == before + 1
    assert count("portal_requests_total", route="health", status="200") >= 1
    assert count("portal_request_seconds_count", route="health") >= 1
    assert "canary" not in samples()


@pytest.mark.django_db
def test_what_the_incident_records_hold_is_counted_by_kind(client: Client, monkeypatch) -> None:
    before = count("portal_failures_total", kind="unavailable")
    monkeypatch.setattr("portal.web.views.guard_sync.in_force", lambda: False)
    assert client.get("/readyz/").status_code == 503
    assert count("portal_failures_total", kind="unavailable") == before + 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "outcome"),
    [(None, "done"), (BadInput("아니요"), "parked"), (RuntimeError("고장"), "again")],
)
def test_a_run_is_counted_by_what_became_of_it(monkeypatch, error, outcome) -> None:
    def handle(job: Job) -> None:
        if error:
            raise error

    monkeypatch.setitem(queue._handlers, "test.counted", handle)
    names = {"kind": "test.counted", "outcome": outcome}
    before = count("portal_jobs_total", **names)
    queue.run(Job.objects.create(kind="test.counted", key=outcome).pk)
    assert count("portal_jobs_total", **names) == before + 1
    assert count("portal_job_seconds_count", kind="test.counted") >= 1


@pytest.mark.django_db
def test_mails_are_counted_by_outcome(monkeypatch) -> None:
    sent, again = (count("portal_mails_total", outcome=name) for name in ("sent", "again"))
    Notice.objects.create(
        key="n", to_email="kim@example.kr", subject="제목", body="본문", created_at=now()
    )
    monkeypatch.setattr(outbox.EmailMessage, "send", lambda self: (_ for _ in ()).throw(OSError()))
    outbox.send_due(now())
    monkeypatch.undo()
    outbox.send_due(now() + timedelta(hours=1))
    assert count("portal_mails_total", outcome="again") == again + 1
    assert count("portal_mails_total", outcome="sent") == sent + 1


def test_files_are_counted_by_verdict() -> None:
    passed, refused = (
        count("portal_uploads_total", verdict=name) for name in ("passed", "file_type")
    )
    files.inspect(SimpleUploadedFile("견적서.pdf", sample_pdf("quote")), allowed=["pdf"])
    with pytest.raises(BadInput):
        files.inspect(SimpleUploadedFile("canary.exe", b"MZ"), allowed=["pdf"])
    assert count("portal_uploads_total", verdict="passed") == passed + 1
    assert count("portal_uploads_total", verdict="file_type") == refused + 1
    assert "canary" not in samples()


# --- Read when asked -----------------------------------------------------------------------------


def scraped() -> dict[tuple[str, ...], float]:
    return {
        (sample.name, *sample.labels.values()): sample.value
        for metric in figures.Figures(of_database=True).collect()
        for sample in metric.samples
    }


@pytest.mark.django_db
def test_the_database_tells_queue_mails_money_and_trouble() -> None:
    at = now()
    Job.objects.create(kind="test.waits", key="waits")
    Job.objects.create(
        kind="test.waits", key="runs", state=JobState.RUNNING, lease_until=at + timedelta(minutes=1)
    )
    Job.objects.create(kind="test.waits", key="parked", state=JobState.PARKED)
    Job.objects.filter(key="waits").update(created_at=at - timedelta(minutes=5))
    for key, state in (("a", NoticeState.PENDING), ("b", NoticeState.FAILED)):
        Notice.objects.create(
            key=key, to_email="kim@example.kr", subject="-", body="-", state=state, created_at=at
        )
    for source, minute in (("web-1", 5), ("web-2", 5), ("web-1", 6)):
        IncidentMinute.objects.create(
            scope="portal",
            source=source,
            minute=at.replace(second=0, microsecond=0) - timedelta(minutes=minute),
            kind="unavailable",
            count=3,
        )
    Budget.objects.create(code="pot", name="예산")
    found = scraped()
    assert found["portal_jobs_waiting", "test.waits"] == 1
    assert found["portal_jobs_running", "test.waits"] == 1
    assert found["portal_jobs_oldest_seconds", "test.waits"] >= 300
    assert found["portal_jobs_parked",] == 1
    assert (found["portal_mails_waiting",], found["portal_mails_given_up",]) == (1, 1)
    assert found["portal_outage_minutes", "unavailable"] == 2  # of two processes, two minutes
    assert found["portal_pot_available_won", "pot"] == 0
    assert found["portal_database_up",] == 1


@pytest.mark.django_db
def test_who_asks_often_costs_no_more_queries() -> None:
    asked = figures.Figures(of_database=True)
    list(asked.collect())
    with CaptureQueriesContext(connection) as again:
        list(asked.collect())
    assert len(again) == 0
    with CaptureQueriesContext(connection) as anew:
        list(figures.Figures(of_database=True).collect())
    assert 0 < len(anew) < 20


@pytest.mark.django_db
def test_a_database_that_is_away_is_told_and_breaks_nothing(monkeypatch) -> None:
    def away() -> None:
        raise OperationalError

    monkeypatch.setattr(figures, "clock_now", away)
    found = scraped()
    assert found["portal_database_up",] == 0
    assert not [name for name in found if name[0].startswith("portal_jobs")]


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_figures_read_no_table_that_grows_as_a_whole() -> None:
    with plans.reads() as collected:
        list(figures.work(now()))
        list(figures.mails(now()))
        list(figures.evidence(now()))
    used = {
        node["Index Name"]
        for sql in collected
        for node in plans.nodes(plans.plan_of(sql))
        if "Index Name" in node
    }
    kept = {"portal_job", "portal_notice", "portal_incidentminute"}
    whole = [
        node
        for sql in collected
        for node in plans.nodes(plans.plan_of(sql))
        if node.get("Relation Name") in kept and "Seq Scan" in node["Node Type"]
    ]
    assert whole == []
    assert used >= {"job_pending", "job_parked", "notice_pending", "notice_given_up"}


# --- Shared by the processes of a service --------------------------------------------------------

SHARES = """
import json, os, sys
import django; django.setup()
from portal.core import metrics
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
children = int(sys.argv[1])
metrics.JOBS.labels("test", "done").inc()
for _ in range(children):
    if pid := os.fork():
        os.waitpid(pid, 0)
    else:
        metrics.JOBS.labels("test", "done").inc()
        os._exit(0)
registry = CollectorRegistry()
MultiProcessCollector(registry, path=os.environ["PROMETHEUS_MULTIPROC_DIR"])
total = registry.get_sample_value("portal_jobs_total", {"kind": "test", "outcome": "done"})
files = [n for n in os.listdir(os.environ["PROMETHEUS_MULTIPROC_DIR"]) if n.endswith(".db")]
print(json.dumps([total, len(files)]))
"""


def environment_of(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(folder),
        "PORTAL_METRICS_PORT": "9464",
        "PORTAL_DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": "sqlite://:memory:",
    }


def shared(folder: Path, children: int) -> list[int]:
    done = subprocess.run(
        [sys.executable, "-c", SHARES, str(children)],
        cwd=ROOT,
        env=environment_of(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_counts_of_ended_processes_stay_and_their_files_are_taken_over(tmp_path: Path) -> None:
    total, kept = shared(tmp_path, 1)
    assert total == 2
    for ended in (12, 12):
        total, now_kept = shared(tmp_path, ended)
        assert now_kept == kept  # as many as live at once, not as many as ever lived
    assert total == 2 + 13 + 13


def test_the_port_has_one_address(tmp_path: Path, settings) -> None:
    settings.METRICS_DIR = str(tmp_path)
    app = exporter.application(of_database=False)
    heads = []
    for path, method in (("/", "GET"), ("/metrics", "POST"), ("/metrics/x", "GET")):
        environ = {"PATH_INFO": path, "REQUEST_METHOD": method}
        app(environ, lambda status, headers: heads.append(status))
    assert heads == ["404 Not Found"] * 3


SERVES = """
import sys, time
import django; django.setup()
from portal.core import metrics
from portal.monitoring import exporter
exporter.start()
metrics.JOBS.labels("test", "done").inc()
print("counts", flush=True)
sys.stdin.read()
"""


def test_another_process_takes_the_port_when_the_one_that_had_it_ends(tmp_path: Path) -> None:
    port = servers.free_port()
    environment = environment_of(tmp_path) | {"PORTAL_METRICS_PORT": str(port)}

    def begin() -> subprocess.Popen[str]:
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", SERVES],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        stack.callback(process.kill)
        assert process.stdout.readline() == "counts\n"
        return process

    def told() -> float:
        try:
            text = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE).text
        except requests.ConnectionError:
            return 0.0
        return scrape.total(scrape.samples(text), "portal_jobs_total", kind="test")

    with ExitStack() as stack:
        first = begin()
        servers.wait_until(lambda: told() == 1, what="the first")
        second = begin()
        assert told() == 2  # of both, by the first
        first.kill()
        first.wait()
        servers.wait_until(lambda: told() == 2, what="the second")
        second.kill()
        second.wait()
        assert told() == 0
