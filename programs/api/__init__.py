"""The public API of programmes."""

from programs.api.views import Budgets, Preview, Program, Programs, SelfCheck

__all__ = ["Budgets", "Preview", "Program", "Programs", "SelfCheck"]
