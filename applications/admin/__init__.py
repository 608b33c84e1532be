"""The staff's desk: screening, assessment, scoring and selection in the Django admin."""

from applications.admin import application, company, review, round_report, screening, selection

__all__ = ["application", "company", "review", "round_report", "screening", "selection"]
