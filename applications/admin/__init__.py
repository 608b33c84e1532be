"""Staff screens; importing them registers them."""

from applications.admin import (
    claims,
    company,
    flags,
    inquiries,
    intake,
    notes,
    objection,
    registries,
    screening,
    statistics,
)
from applications.admin.agreement import amendments, contracts, endings, instalments, pending_steps
from applications.admin.application import content, filters, status
from applications.admin.assessment import (
    committee,
    conflicts,
    exclusions,
    lifts,
    opinions,
    reminders,
    rubrics,
    scoring,
    sheets,
)
from applications.admin.delivery import deliverables, experts
from applications.admin.officers import charge, distribution, stand_ins
from applications.admin.selection import changes, proposals
from applications.admin.set_acts import pages
from applications.admin.settlement import reports, spending, statements

__all__ = [
    "amendments",
    "changes",
    "charge",
    "claims",
    "committee",
    "company",
    "conflicts",
    "content",
    "contracts",
    "deliverables",
    "distribution",
    "endings",
    "exclusions",
    "experts",
    "filters",
    "flags",
    "inquiries",
    "instalments",
    "intake",
    "lifts",
    "notes",
    "objection",
    "opinions",
    "pages",
    "pending_steps",
    "proposals",
    "registries",
    "reminders",
    "reports",
    "rubrics",
    "scoring",
    "screening",
    "sheets",
    "spending",
    "stand_ins",
    "statements",
    "statistics",
    "status",
]
