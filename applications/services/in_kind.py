"""Support in kind: what was used of the planned value."""

from datetime import datetime

from applications.models import Agreement, InKindUse
from portal.models import User


def record(
    agreement: Agreement,
    *,
    amount_won: int,
    label: str,
    reference: str,
    by: User | None,
    now: datetime,
) -> InKindUse:
    """Record what was used (won), once for each reference."""
    use, _ = InKindUse.objects.get_or_create(
        reference=reference,
        defaults={
            "agreement": agreement,
            "label": label,
            "amount_won": amount_won,
            "by": by,
            "at": now,
        },
    )
    return use
