"""Facts of applicants and applications."""

from applications.models.agreement import (
    Agreement,
    AgreementMove,
    AgreementPaper,
    AgreementSignature,
    AgreementVersion,
    ChangeRequest,
    Ending,
    Instalment,
)
from applications.models.application import (
    Application,
    ApplicationMove,
    Attachment,
    Consent,
    FormVersion,
    IssuedDocument,
    Partner,
    PartnerTerms,
    Section,
    Submission,
)
from applications.models.company import Company, Invitation, Member, Site
from applications.models.objection import Objection, ObjectionMove, ObjectionPaper
from applications.models.reporting import (
    InKindUse,
    Recovery,
    Report,
    ReportFile,
    Settlement,
    Spending,
    StageCheck,
)
from applications.models.review import ScoreResult, ScoreRun, ScoreSheet
from applications.models.round_report import RoundReport
from applications.models.screening import BonusClaim, Check, Supplement
from applications.models.selection import (
    Decision,
    DecisionChange,
    DecisionChangeMove,
    Selection,
    SelectionMove,
)

__all__ = [
    "Agreement",
    "AgreementMove",
    "AgreementPaper",
    "AgreementSignature",
    "AgreementVersion",
    "Application",
    "ApplicationMove",
    "Attachment",
    "BonusClaim",
    "ChangeRequest",
    "Check",
    "Company",
    "Consent",
    "Decision",
    "DecisionChange",
    "DecisionChangeMove",
    "Ending",
    "FormVersion",
    "InKindUse",
    "Instalment",
    "Invitation",
    "IssuedDocument",
    "Member",
    "Objection",
    "ObjectionMove",
    "ObjectionPaper",
    "Partner",
    "PartnerTerms",
    "Recovery",
    "Report",
    "ReportFile",
    "RoundReport",
    "ScoreResult",
    "ScoreRun",
    "ScoreSheet",
    "Section",
    "Selection",
    "SelectionMove",
    "Settlement",
    "Site",
    "Spending",
    "StageCheck",
    "Submission",
    "Supplement",
]
