"""Good cases."""

from typing import Any

from vouchers.visibility import public_cases


def _cases() -> list[Any]:
    return list(
        public_cases().select_related("service__supplier", "report").order_by("-decided_at")[:6]
    )
