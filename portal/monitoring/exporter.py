"""The internal port on which a service tells its metrics."""

import threading
import time
from collections.abc import Callable, Iterable
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from portal.core import metrics
from portal.jobs import queue
from portal.monitoring.figures import Figures
from portal.records import incidents

PAUSE_SECONDS = 5.0
"""Until a process looks again whether the port is free."""
PATH = "/metrics"
App = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


class QuietHandler(WSGIRequestHandler):
    """Without a log line per request; nobody holds the port by saying nothing."""

    timeout = 10

    def log_message(self, format: str, *args: object) -> None:
        pass


def start(*, of_database: bool = False) -> None:
    """Tell the metrics of this service on METRICS_PORT, if there is one, until the process ends.

    Every process of a service calls this. One of them has the port; when it ends, another takes it.
    """
    if not settings.METRICS_PORT:
        return
    begin_at_zero()
    threading.Thread(target=_serve, args=(of_database,), name="metrics", daemon=True).start()


def begin_at_zero() -> None:
    """Show what has not happened yet as 0, so that its first time is seen as a rise."""
    for kind in incidents.WORDS:
        metrics.FAILURES.labels(kind)
    for outcome in ("sent", "again", "given_up"):
        metrics.MAILS.labels(outcome)
    for verdict in ("passed", "uploads_busy", "uploads_unavailable"):
        metrics.UPLOADS.labels(verdict)
    for kind in queue.kinds():
        for outcome in ("done", "parked", "again"):
            metrics.JOBS.labels(kind, outcome)


def application(*, of_database: bool) -> App:
    """Return the WSGI application of the port: one address, for reading."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=settings.METRICS_DIR)  # type: ignore[no-untyped-call]
    registry.register(Figures(of_database=of_database))

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b""]
        start_response("200 OK", [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)])
        return [generate_latest(registry)]

    return answer


def _serve(of_database: bool) -> None:
    app = application(of_database=of_database)
    while True:
        try:
            server = make_server("", settings.METRICS_PORT, app, WSGIServer, QuietHandler)
        except OSError:  # another process of this service has it
            time.sleep(PAUSE_SECONDS)
        else:
            server.serve_forever()
