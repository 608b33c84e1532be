"""Reads shared by the edges."""

from programs.queries.calendar import holidays
from programs.queries.catalogue import offered, offered_in, sub_program, sub_program_of, with_parts
from programs.queries.eligibility import Asked, asked, check_self, who_may_apply
from programs.queries.ledger import (
    Statement,
    balance,
    held,
    latest_entries,
    published,
    recomputed,
    statements,
    total,
)
from programs.queries.rounds import current_round, refusal

__all__ = [
    "Asked",
    "Statement",
    "asked",
    "balance",
    "check_self",
    "current_round",
    "held",
    "holidays",
    "latest_entries",
    "offered",
    "offered_in",
    "published",
    "recomputed",
    "refusal",
    "statements",
    "sub_program",
    "sub_program_of",
    "total",
    "who_may_apply",
    "with_parts",
]
