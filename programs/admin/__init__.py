"""Staff screens of the catalogue, rounds and budgets."""

from programs.admin import catalogue, ledger, rounds

__all__ = ["catalogue", "ledger", "rounds"]
