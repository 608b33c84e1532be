"""Settings of the benchmark commands; the servers that are measured run on `portal.settings`."""

from portal.settings import *  # noqa: F403
from portal.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "demo", "bench"]
