"""Reads shared by the edges."""

from programs.queries.asking import Asked, asked, check_self, who_may_apply
from programs.queries.holidays import holidays
from programs.queries.money import (
    Statement,
    balance,
    held,
    latest_entries,
    published,
    recomputed,
    statements,
    total,
)
from programs.queries.offers import (
    current_round,
    offered,
    offered_in,
    refusal,
    sub_program,
    sub_program_of,
    with_parts,
)
from programs.queries.sources import sources

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
    "sources",
    "statements",
    "sub_program",
    "sub_program_of",
    "total",
    "who_may_apply",
    "with_parts",
]
