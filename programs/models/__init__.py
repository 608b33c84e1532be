"""Facts of the programmes."""

from programs.models.catalogue import (
    BonusItem,
    Criterion,
    NationalGoal,
    RequiredDocument,
    SubProgram,
    Track,
)
from programs.models.ledger import Budget, LedgerEntry
from programs.models.rounds import ProgramRound, RoundChange, RoundProposal

__all__ = [
    "BonusItem",
    "Budget",
    "Criterion",
    "LedgerEntry",
    "NationalGoal",
    "ProgramRound",
    "RequiredDocument",
    "RoundChange",
    "RoundProposal",
    "SubProgram",
    "Track",
]
