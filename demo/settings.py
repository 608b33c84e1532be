"""Settings of the demo: SQLite, one process, a public secret key, e-mails kept in a mailbox."""

import os

from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault(
    "PORTAL_SECRET_KEY", "everybody-knows-the-key-of-the-demo-and-it-protects-nothing"
)
os.environ.setdefault(
    "PORTAL_TICKET_KEY", "everybody-knows-this-key-too-and-its-tickets-are-worth-nothing"
)
os.environ.setdefault("EMAIL_URL", "dummymail://")

from portal.registries.declared import registries
from portal.settings import *  # noqa: F403
from portal.settings import DATABASE_URL, INSTALLED_APPS

if not DATABASE_URL.startswith("sqlite"):
    raise ImproperlyConfigured("시연은 내장 SQLite에서만 할 수 있습니다.")

DEMO = True
INSTALLED_APPS = [*INSTALLED_APPS, "demo"]
ROOT_URLCONF = "demo.urls"
SITE_NOTICE = "demo/notice.html"
REGISTRIES = {
    "business_status": {"adapter": "demo.registries.Status"},
    "business_identity": {"adapter": "demo.registries.Identity"},
    **{
        code: {"adapter": "demo.registries.Known", "registry": code}
        for code, row in registries().items()
        if row.contract
    },
}
