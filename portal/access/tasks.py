"""The Celery task that ends accounts whose day has come."""

from celery import shared_task

from portal.access import endings
from portal.core.clock import now


@shared_task
def end_accounts() -> int:
    return endings.carry_out_due(now())
