"""Settings of the demo: SQLite, one process, a known secret, and mails that stay in its mailbox."""

import os

from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault(
    "PORTAL_SECRET_KEY", "everybody-knows-the-key-of-the-demo-and-it-protects-nothing"
)
os.environ.setdefault("EMAIL_URL", "dummymail://")

from portal.settings import *  # noqa: F403
from portal.settings import DATABASE_URL, INSTALLED_APPS

if not DATABASE_URL.startswith("sqlite"):
    raise ImproperlyConfigured("시연은 내장 SQLite에서만 할 수 있습니다.")

DEMO = True
INSTALLED_APPS = [*INSTALLED_APPS, "demo"]
ROOT_URLCONF = "demo.urls"

# Told in this order; each command does nothing when its part is there already.
DEMO_SEEDS = [
    "seed_accounts",
    "seed_programs",
    "load_panel",
    "load_panel_reports",
    "seed_applications",
    "seed_vouchers",
    "seed_reports",
    "seed_kamp",
]
