"""The staff's desk: screening, assessment, scoring, selection and delivery in the Django admin."""

from applications.admin import (
    agreement,
    application,
    company,
    delivery,
    late,
    objection,
    panel,
    review,
    round_report,
    screening,
    selection,
)

__all__ = [
    "agreement",
    "application",
    "company",
    "delivery",
    "late",
    "objection",
    "panel",
    "review",
    "round_report",
    "screening",
    "selection",
]
