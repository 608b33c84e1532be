"""Facts of the programmes."""

from programs.models.catalogue import (
    BonusItem,
    CatalogueRevision,
    Criterion,
    NationalGoal,
    RequiredDocument,
    SubProgram,
    Track,
)
from programs.models.ledger import Budget, LedgerEntry
from programs.models.pots import PotProposal, TotalProposal
from programs.models.rounds import ProgramRound, RoundChange, RoundProposal
from programs.models.rule_changes import RuleChange, RuleProposal

__all__ = [
    "BonusItem",
    "Budget",
    "CatalogueRevision",
    "Criterion",
    "LedgerEntry",
    "NationalGoal",
    "PotProposal",
    "ProgramRound",
    "RequiredDocument",
    "RoundChange",
    "RoundProposal",
    "RuleChange",
    "RuleProposal",
    "SubProgram",
    "TotalProposal",
    "Track",
]
