"""Two addresses more: one writes a row, the other lists rows and may be older. Settings and URLs."""

import os

if os.environ.get("DJANGO_SETTINGS_MODULE") == __name__:
    from portal.settings import *  # noqa: F403

    ROOT_URLCONF = "tests.faults.older_urls"
