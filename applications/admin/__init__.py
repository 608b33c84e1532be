"""Staff screens; importing them registers them."""

from applications.admin import company, intake, objection, screening, statistics
from applications.admin.agreement import amendments, contracts, endings, instalments, pending_steps
from applications.admin.application import content, filters, status
from applications.admin.assessment import committee, conflicts, rubrics, scoring, sheets
from applications.admin.delivery import deliverables, experts
from applications.admin.selection import changes, proposals
from applications.admin.settlement import reports, spending, statements

__all__ = [
    "amendments",
    "changes",
    "committee",
    "company",
    "conflicts",
    "content",
    "contracts",
    "deliverables",
    "endings",
    "experts",
    "filters",
    "instalments",
    "intake",
    "objection",
    "pending_steps",
    "proposals",
    "reports",
    "rubrics",
    "scoring",
    "screening",
    "sheets",
    "spending",
    "statements",
    "statistics",
    "status",
]
