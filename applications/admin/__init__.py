"""The staff's desk: screening, assessment, scoring, selection and delivery in the Django admin."""

from applications.admin import (
    application,
    company,
    delivery,
    panel,
    review,
    round_report,
    screening,
    selection,
)

__all__ = [
    "application",
    "company",
    "delivery",
    "panel",
    "review",
    "round_report",
    "screening",
    "selection",
]
