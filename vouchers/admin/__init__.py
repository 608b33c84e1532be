"""Staff screens of the panel."""

from vouchers.admin import assignment, catalogue, corrections, panel, reports, rewards

__all__ = ["assignment", "catalogue", "corrections", "panel", "reports", "rewards"]
