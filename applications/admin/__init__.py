"""The staff's desk: screening, assessment, scoring and selection in the Django admin."""

from applications.admin import application, company, review, screening, selection

__all__ = ["application", "company", "review", "screening", "selection"]
