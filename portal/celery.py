"""The Celery application: wakes workers for the rows of `portal.models.Job` and `Notice`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The portal's own tasks are in its packages, not in `portal.tasks`.
app.autodiscover_tasks(
    [
        "portal.jobs",
        "portal.notices",
        "portal.access",
        "portal.records",
        "portal.recovery",
        "portal.api",
        "portal.staff",
        "portal.todos",
    ]
)
