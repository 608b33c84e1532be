"""Celery tasks that send notices."""

from celery import shared_task

from portal.core.clock import now
from portal.notices import outbox


@shared_task
def send_notices() -> int:
    return outbox.send_due(now())
