"""Facts of applicants and applications."""

from applications.models.application import (
    Application,
    ApplicationMove,
    Attachment,
    Consent,
    FormVersion,
    IssuedDocument,
    Partner,
    Section,
    Submission,
)
from applications.models.company import Company, Invitation, Member, Site
from applications.models.objection import Objection, ObjectionMove, ObjectionPaper
from applications.models.review import ScoreResult, ScoreRun, ScoreSheet
from applications.models.screening import BonusClaim, Check, Supplement
from applications.models.selection import (
    Decision,
    DecisionChange,
    DecisionChangeMove,
    Selection,
    SelectionMove,
)

__all__ = [
    "Application",
    "ApplicationMove",
    "Attachment",
    "BonusClaim",
    "Check",
    "Company",
    "Consent",
    "Decision",
    "DecisionChange",
    "DecisionChangeMove",
    "FormVersion",
    "Invitation",
    "IssuedDocument",
    "Member",
    "Objection",
    "ObjectionMove",
    "ObjectionPaper",
    "Partner",
    "ScoreResult",
    "ScoreRun",
    "ScoreSheet",
    "Section",
    "Selection",
    "SelectionMove",
    "Site",
    "Submission",
    "Supplement",
]
