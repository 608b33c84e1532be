"""The demo's server: web and worker in one process, without Redis."""

import logging
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import replace
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection

from demo import seeding
from portal.celery import app
from portal.jobs import queue

logger = logging.getLogger(__name__)
STOP_SECONDS = 10


class QuietHandler(WSGIRequestHandler):
    """A request handler without a log line per request."""

    def log_message(self, format: str, *args: object) -> None:
        pass


class Beat(threading.Thread):
    """Sends the periodic tasks of `CELERY_BEAT_SCHEDULE`, as Celery's beat does elsewhere."""

    def __init__(self, schedule: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__(name="beat", daemon=True)
        self.stopped = threading.Event()
        self.rows = list(schedule.values())

    def run(self) -> None:
        seconds = 0
        while not self.stopped.is_set():
            for row in self.rows:
                if seconds % row["schedule"] == 0:
                    named = row.get("kwargs", {})
                    app.send_task(row["task"], kwargs=named, **row.get("options", {}))
            self.stopped.wait(1)
            seconds += 1


class Background(threading.Thread):
    """Waits for the process that makes the data, if there is one, then starts worker and beat.

    The worker starts later because that process runs the jobs of its data itself.
    """

    def __init__(self, making: "subprocess.Popen[bytes] | None") -> None:
        super().__init__(name="background", daemon=True)
        self.making = making
        queues = [app.conf.task_default_queue, settings.HEAVY_QUEUE]
        self.worker = app.WorkController(
            pool="threads", concurrency=2, without_gossip=True, queues=queues
        )
        self.beat = Beat(settings.CELERY_BEAT_SCHEDULE)
        self.stopping = threading.Event()

    def run(self) -> None:
        if self.making is not None and self.making.wait() != 0 and not self.stopping.is_set():
            logger.error("시연 자료를 끝까지 만들지 못했습니다. 다시 실행하면 처음부터 만듭니다.")
            if unfinished := seeding.progress():
                seeding.record(replace(unfinished, failed=True))
        if self.stopping.is_set():
            return
        recovered = queue.recover()
        connection.close()
        if recovered:
            logger.info("중단되었던 작업 %s건을 이어서 처리합니다.", recovered)
        self.beat.start()
        self.worker.start()

    def stop(self) -> None:
        """End the process that makes data; let the worker finish the running job."""
        self.stopping.set()
        if self.making is not None and self.making.poll() is None:
            self.making.terminate()
            self.making.wait(timeout=STOP_SECONDS)
        queue.shutting_down.set()
        self.beat.stopped.set()
        if self.beat.is_alive():
            self.worker.stop()


def serve(host: str, port: int, *, making: "subprocess.Popen[bytes] | None" = None) -> None:
    """Serve until Ctrl-C or SIGTERM, then let the running job finish.

    Jobs that a killed process left running are queued again first. Raises OSError when the port is
    taken.
    """
    server = ThreadedWSGIServer((host, port), QuietHandler)
    server.daemon_threads = True
    server.set_app(WSGIHandler())
    background = Background(making)
    background.start()

    def stop(signum: int, frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    server.serve_forever(poll_interval=0.2)
    server.server_close()
    background.stop()
