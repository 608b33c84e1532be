"""Note who has an application's page open, and say who else has."""

from datetime import datetime, timedelta

from applications.models import Application, Viewer
from portal.models import User

HERE = timedelta(minutes=2)  # after its last sign a page counts as closed
FRESH = timedelta(seconds=30)  # within it a sign is not written again
KEPT = timedelta(days=1)


def look_in(application: Application, *, by: User, now: datetime) -> list[User]:
    """Note that this person looks, and return who else has the page open.

    One query, and a second where the last sign is not fresh.
    """
    signs = Viewer.objects.filter(application=application, at__gt=now - HERE)
    rows = list(signs.select_related("user").order_by("user__name", "pk"))
    if not any(row.user_id == by.pk and row.at > now - FRESH for row in rows):
        Viewer.objects.bulk_create(
            [Viewer(application=application, user=by, at=now)],
            update_conflicts=True,
            unique_fields=["application", "user"],
            update_fields=["at"],
        )
    return [row.user for row in rows if row.user_id != by.pk]


def forget(now: datetime) -> int:
    """Delete old signs; safe to repeat."""
    return Viewer.objects.filter(at__lt=now - KEPT).delete()[0]
