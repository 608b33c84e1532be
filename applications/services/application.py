"""E-mails about an application to the people who act for its company."""

from datetime import datetime
from typing import Any

from applications.models import Application
from applications.visibility import WRITERS
from portal.notices import outbox


def notify_applicant(
    application: Application, template: str, *, key: str, now: datetime, **context: Any
) -> None:
    """Write one e-mail to every owner and editor of the company, once per `key`."""
    members = application.company.members.filter(role__in=WRITERS).select_related("user")
    for member in members:
        outbox.write(
            template,
            to_email=member.user.email,
            user=member.user,
            key=f"{key}:{member.user_id}",
            now=now,
            application=application,
            **context,
        )
