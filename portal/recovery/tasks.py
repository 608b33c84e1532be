"""The nightly drill, run by the worker of the host that keeps the backups."""

from celery import shared_task
from django.conf import settings

from portal.core.clock import now
from portal.recovery import drill


# Acknowledged at once: an open message is given back when its connection is lost, and a drill of hours
# would begin again beside the first.
@shared_task(acks_late=False, soft_time_limit=None, time_limit=12 * 60 * 60)
def restore_drill() -> bool:
    receipt = drill.run(settings.BACKUP_CONFIG, now() - drill.LAG)
    return bool(receipt.passed)
