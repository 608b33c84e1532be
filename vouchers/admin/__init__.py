"""Staff screens of the panel."""

from vouchers.admin import corrections, reports, rewards

__all__ = ["corrections", "reports", "rewards"]
