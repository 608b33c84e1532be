"""Who is written to: members, and everybody at a supplier's desk."""

from datetime import datetime
from typing import Any

from portal.notices import outbox
from vouchers.models import Monitor, Supplier


def to_member(monitor: Monitor, template: str, *, key: str, now: datetime, **words: Any) -> None:
    """Write one letter to a member."""
    outbox.write(
        template, to_email=monitor.user.email, user=monitor.user, key=key, now=now, **words
    )


def to_supplier(
    supplier: Supplier, template: str, *, key: str, now: datetime, **words: Any
) -> None:
    """Write to everybody at the supplier's desk; to its own address when nobody is there yet."""
    desk = list(supplier.members.filter(user__is_active=True).select_related("user"))
    for member in desk:
        outbox.write(
            template,
            to_email=member.user.email,
            user=member.user,
            key=f"{key}:{member.user_id}",
            now=now,
            supplier=supplier,
            **words,
        )
    if not desk and supplier.email:
        outbox.write(
            template, to_email=supplier.email, key=key, now=now, supplier=supplier, **words
        )
