"""The portal in processes of its own, on the test's database, so that they can be killed."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]


def database_url() -> str:
    """Name the test's PostgreSQL database the way DATABASE_URL does."""
    found = connection.settings_dict
    password = f":{found['PASSWORD']}" if found["PASSWORD"] else ""
    place = f"{found['HOST'] or '127.0.0.1'}:{found['PORT'] or 5432}"
    return f"postgres://{found['USER']}{password}@{place}/{found['NAME']}"


def environment(**more: str) -> dict[str, str]:
    """The variables of a production process on this database."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")},
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": database_url(),
        "PORTAL_SECRET_KEY": settings.SECRET_KEY,
        "PORTAL_TICKET_KEY": settings.TICKET_KEY,
        "PORTAL_DATA_DIR": str(settings.DATA_DIR),
        "PORTAL_ORIGIN": settings.ORIGIN,
        "EMAIL_URL": "memorymail://",
        "PYTHONPATH": str(ROOT),
        **more,
    }


def script(code: str, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python code to its end in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        cwd=ROOT,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
