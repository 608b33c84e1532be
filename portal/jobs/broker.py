"""Notify workers through Celery. A lost message is harmless: the sweep finds the row within 15 s."""

import logging
import time

from celery.exceptions import OperationalError
from kombu.exceptions import OperationalError as TransportError

from portal.celery import app

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 10.0
SWEEP_SECONDS = 1.0
_quiet_until = 0.0
_scheduled: dict[str, float] = {}


def notify(task: str, *args: object, queue: str | None = None) -> bool:
    """Send a task by name to a queue, None: the usual one; return whether it was sent. Never raises.

    An unreachable broker is not tried again for PAUSE_SECONDS. A task without arguments handles all
    pending rows when it starts: it is scheduled for SWEEP_SECONDS later and not sent again until then.
    """
    global _quiet_until
    at = time.monotonic()
    if at < _quiet_until:
        return False
    if not args and at < _scheduled.get(task, 0.0):
        return True
    try:
        wait = None if args else SWEEP_SECONDS
        app.send_task(task, args=args, retry=False, countdown=wait, queue=queue)
    except (OperationalError, TransportError, OSError) as error:
        _quiet_until = time.monotonic() + PAUSE_SECONDS
        logger.warning(
            "작업 알림을 보내지 못했습니다. 행을 읽어 처리합니다: %s", type(error).__name__
        )
        return False
    if not args:
        _scheduled[task] = at + SWEEP_SECONDS
    return True
