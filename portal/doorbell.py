"""Ring the worker. Losing a ring costs seconds, never work: the sweep reads the rows."""

import logging
import time

from celery.exceptions import OperationalError
from kombu.exceptions import OperationalError as TransportError

from portal.celery import app

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 10.0
_quiet_until = 0.0


def ring(task: str, *args: object) -> bool:
    """Send a task by name. A broker that is away is left alone for a while; never raises."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    try:
        app.send_task(task, args=args, retry=False)
    except (OperationalError, TransportError, OSError) as error:
        _quiet_until = time.monotonic() + PAUSE_SECONDS
        logger.warning(
            "작업 알림을 보내지 못했습니다. 행을 읽어 처리합니다: %s", type(error).__name__
        )
        return False
    return True
