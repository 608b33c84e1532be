"""Staff screens of the panel."""

from vouchers.admin import (
    assignment,
    catalogue,
    corrections,
    members,
    panel,
    recruitment,
    reports,
    rewards,
)

__all__ = [
    "assignment",
    "catalogue",
    "corrections",
    "members",
    "panel",
    "recruitment",
    "reports",
    "rewards",
]
