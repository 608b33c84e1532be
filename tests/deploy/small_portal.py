"""A small portal with filed applications, files, a released selection and sealed rows.

`python -m tests.deploy.small_portal` fills an empty database; `... more` adds a paper to the first application.
"""

import hashlib
import sys

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from applications.models import Application  # noqa: E402
from applications.services.selection import proposals  # noqa: E402
from portal.access.roles import ensure_groups  # noqa: E402
from portal.core.clock import now  # noqa: E402
from portal.records import audit  # noqa: E402
from portal.uploads import files  # noqa: E402
from tests.factories import staff  # noqa: E402
from tests.factories.applications import AttachmentFactory  # noqa: E402


def with_paper(application: Application) -> None:
    place = application.attachments.count()
    content = f"Paper {place} of application {application.pk}.\n".encode() * 200
    AttachmentFactory(
        application=application,
        file=files.store_bytes(content),
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def fill() -> None:
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    ensure_groups()
    boss, judges = staff.manager(), staff.assessors(3)
    program = staff.program()
    for place in range(3):
        made = staff.judged(program, (30 - place, 40 - place, 30), judges=judges, bonus=place < 2)
        with_paper(made)
    chosen = staff.decided(staff.proposed(program, boss, places=1), by=boss)
    proposals.release(chosen, by=boss, now=now())
    audit.seal(now=now())


if __name__ == "__main__":
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody signs in
    if "more" in sys.argv:
        with_paper(Application.objects.earliest("pk"))
    else:
        fill()
