"""Celery task that deletes answers kept for repeated calls."""

from celery import shared_task

from portal.core.clock import now
from portal.models import IdempotentCall


@shared_task
def forget_answers() -> int:
    return IdempotentCall.objects.filter(created_at__lt=now() - IdempotentCall.KEPT).delete()[0]
