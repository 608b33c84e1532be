"""Web and worker in one process: for the demo, and for trying things on SQLite."""

import logging
import signal
import threading
from collections.abc import Mapping
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection

from portal.celery import app
from portal.jobs import queue

logger = logging.getLogger(__name__)


class QuietHandler(WSGIRequestHandler):
    """Logs no line per request."""

    def log_message(self, format: str, *args: object) -> None:
        pass


class Scheduler(threading.Thread):
    """Sends the tasks of `CELERY_BEAT_SCHEDULE`, as Celery's beat does elsewhere."""

    def __init__(self, schedule: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(name="scheduler", daemon=True)
        self.stopped = threading.Event()
        self.rows = list(schedule.values())

    def run(self) -> None:
        seconds = 0
        while not self.stopped.is_set():
            for row in self.rows:
                if seconds % row["schedule"] == 0:
                    app.send_task(row["task"])
            self.stopped.wait(1)
            seconds += 1


def serve(host: str, port: int) -> None:
    """Serve until Ctrl-C or SIGTERM, then let the running job finish.

    Jobs left running by a killed process run again first. Raises OSError when the port is taken.
    """
    server = ThreadedWSGIServer((host, port), QuietHandler)
    server.daemon_threads = True
    server.set_app(WSGIHandler())
    recovered = queue.recover()
    connection.close()
    if recovered:
        logger.info("중단되었던 작업 %s건을 이어서 처리합니다.", recovered)
    worker = app.WorkController(pool="threads", concurrency=2, without_gossip=True)
    scheduler = Scheduler(settings.CELERY_BEAT_SCHEDULE)
    threading.Thread(target=worker.start, name="worker", daemon=True).start()
    scheduler.start()

    def stop(signum: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    server.serve_forever(poll_interval=0.2)
    queue.shutting_down.set()
    scheduler.stopped.set()
    server.server_close()
    worker.stop()
