"""The Celery application: a doorbell for the rows in `portal.models.Job` and `Notice`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# The portal's own tasks stand in its packages, not in a module of the app.
app.autodiscover_tasks(["portal.jobs", "portal.notices", "portal.records", "portal.api"])
