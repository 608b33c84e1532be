"""The demo's settings with a short story, and with work that takes a while."""

from demo.settings import *  # noqa: F403
from demo.settings import INSTALLED_APPS

DEMO_CHAPTERS: list[str] = []
INSTALLED_APPS = [*INSTALLED_APPS, "tests.demo.late_jobs"]
CELERY_BEAT_SCHEDULE = {"work": {"task": "portal.jobs.tasks.sweep_jobs", "schedule": 1}}
