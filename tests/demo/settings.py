"""The demo's settings without most of its data, and with jobs that take a while."""

from demo.settings import *  # noqa: F403
from demo.settings import INSTALLED_APPS

DEMO_STEPS: list[str] = []
INSTALLED_APPS = [*INSTALLED_APPS, "tests.demo.late_jobs"]
CELERY_BEAT_SCHEDULE = {"work": {"task": "portal.jobs.tasks.sweep_jobs", "schedule": 1}}
