"""The demo's settings with a short story, and with work that takes a while."""

from portal.settings import *  # noqa: F403
from portal.settings import INSTALLED_APPS

DEMO_SEEDS = ["seed_accounts"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.portal.demo_jobs"]
CELERY_BEAT_SCHEDULE = {"work": {"task": "portal.tasks.sweep_jobs", "schedule": 1}}
