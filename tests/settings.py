"""The portal's own settings on a temporary database, folder and broker.

Without `PORTAL_TEST_DATABASE_URL` the suite runs on SQLite in memory; `tests/run.py` sets it for
the second session. `DATABASE_URL` is never read here: a developer's data is not a test database.
"""

import atexit
import os
import shutil
import tempfile
import uuid

# The first process names the run; the workers of pytest-xdist inherit the name and the folder.
RUN = os.environ.setdefault("PORTAL_TEST_RUN", uuid.uuid4().hex[:8])
if "PORTAL_TEST_FOLDER" not in os.environ:
    # Only named here: created on the first write, removed by the process that named it.
    os.environ["PORTAL_TEST_FOLDER"] = f"{tempfile.gettempdir()}/portal-test-{uuid.uuid4().hex}"
    atexit.register(shutil.rmtree, os.environ["PORTAL_TEST_FOLDER"], ignore_errors=True)

for name in [name for name in os.environ if name.startswith("PORTAL_")]:
    if not name.startswith("PORTAL_TEST_"):
        del os.environ[name]
os.environ |= {
    "DATABASE_URL": os.environ.get("PORTAL_TEST_DATABASE_URL") or "sqlite://:memory:",
    "CELERY_BROKER_URL": "memory://localhost",
    "EMAIL_URL": "memorymail://",
    "PORTAL_DATA_DIR": os.environ["PORTAL_TEST_FOLDER"],
    "PORTAL_ORIGIN": "http://testserver",
    "PORTAL_HOSTS": "testserver,localhost,127.0.0.1",
    "PORTAL_TICKET_KEY": "a-key-of-the-test-suite-that-signs-tickets-and-nothing-else",
    "PORTAL_SECRET_KEY": "a-key-of-the-test-suite-that-opens-nothing-anywhere-else",
}

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, INCIDENTS, INSTALLED_APPS  # noqa: E402

INSTALLED_APPS = [*INSTALLED_APPS, "demo", "bench"]

DATABASES["default"]["TEST"] = {"NAME": None}
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    DATABASES["default"]["TEST"] = {"NAME": f"test_portal_{RUN}"}
DATABASES["default"]["CONN_MAX_AGE"] = 0
# A test and the requests it makes are in one transaction, on the connection of its thread.
SHARED_CONNECTIONS = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Static files are found on request: no walk through all of them for each test client.
WHITENOISE_AUTOREFRESH = True
# A thread of its own would reach no database of a test.
INCIDENTS = {**INCIDENTS, "deliver_seconds": 0}
