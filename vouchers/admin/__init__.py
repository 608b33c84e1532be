"""Staff screens of the voucher programme, one module per subject."""

from vouchers.admin import (
    assignment,
    books,
    catalogue,
    conflicts,
    corrections,
    dashboard,
    good_cases,
    members,
    panel,
    recruitment,
    reports,
    selection,
    suppliers,
    suspensions,
)
from vouchers.admin.rewards import awards, fees

__all__ = [
    "assignment",
    "awards",
    "books",
    "catalogue",
    "conflicts",
    "corrections",
    "dashboard",
    "fees",
    "good_cases",
    "members",
    "panel",
    "recruitment",
    "reports",
    "selection",
    "suppliers",
    "suspensions",
]
