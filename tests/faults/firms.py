"""Firms that have their review pages open: made in a process of its own, printed as JSON.

`python -m tests.faults.firms COUNT`, on an empty database.
"""

import json
import sys
from datetime import timedelta

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.urls import reverse  # noqa: E402

from applications.models import Application  # noqa: E402
from applications.services.intake import preparing  # noqa: E402
from bench.parts import sessions  # noqa: E402
from portal.access.roles import ensure_groups  # noqa: E402
from portal.core import tickets  # noqa: E402
from portal.core.clock import now  # noqa: E402
from tests.factories.applications import (  # noqa: E402
    ApplicationFactory,
    RoundFactory,
    SubProgramFactory,
)


def firm(draft: Application) -> dict[str, object]:
    """What the browser of a firm holds: its cookies and the fields of its submit form."""
    at = now()
    prepared = preparing.prepare(draft, now=at)
    assert prepared.complete
    path = reverse("application_submit", args=[draft.pk])
    slip = tickets.Slip(
        path=path,
        redeem=reverse("application_ticket", args=[draft.pk]),
        confirm="confirmed",
        seen=prepared.sha256,
        person=draft.created_by_id,
        hours=draft.sub_program.round.ticket_hours,
        shown_at=at,
    )
    [key] = sessions.open_for([draft.created_by_id])
    cookies = sessions.cookies_of(draft.created_by_id, key)
    form = {"seen": prepared.sha256, "slip": tickets.sign(slip), "confirmed": "on"}
    return {
        "pk": draft.pk,
        "company": draft.company_id,
        "cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "form": {**form, "csrfmiddlewaretoken": sessions.CSRF},
        "path": path,
    }


if __name__ == "__main__":
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # nobody signs in
    call_command("migrate", verbosity=0)
    ensure_groups()
    at = now()
    RoundFactory(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=1))
    program = SubProgramFactory()
    drafts = [ApplicationFactory(sub_program=program) for _ in range(int(sys.argv[1]))]
    print(json.dumps([firm(draft) for draft in drafts]))  # noqa: T201
