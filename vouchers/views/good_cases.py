"""Good cases shown beside other pages."""

from vouchers.models import GoodCase
from vouchers.visibility import public_cases

SHOWN = 6


def shown() -> list[GoodCase]:
    rows = public_cases().select_related("service__supplier", "report")
    return list(rows.order_by("-decided_at")[:SHOWN])
