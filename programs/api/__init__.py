"""The public API of programmes."""

from programs.api.catalogue.views import Program, Programs
from programs.api.eligibility import SelfCheck
from programs.api.grants import Preview
from programs.api.ledger import Budgets

__all__ = ["Budgets", "Preview", "Program", "Programs", "SelfCheck"]
