"""Facts of the programmes."""

from programs.models.budget import Budget, LedgerEntry
from programs.models.requirements import BonusItem, Criterion, RequiredDocument
from programs.models.rounds import (
    NationalGoal,
    ProgramRound,
    RoundChange,
    RoundProposal,
    SubProgram,
    Track,
)

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
