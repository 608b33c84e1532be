"""Models of companies and their applications, from the first draft to the settlement."""

from applications.models.agreement.amendments import Amendment
from applications.models.agreement.contracts import (
    Agreement,
    AgreementMove,
    AgreementPaper,
    AgreementSignature,
    AgreementVersion,
)
from applications.models.agreement.endings import Ending
from applications.models.agreement.instalments import Instalment
from applications.models.agreement.pending_steps import PendingStep
from applications.models.application import Application, ApplicationMove
from applications.models.assessment.committee import (
    AssessorProfile,
    CommitteeProposal,
    CommitteeWish,
)
from applications.models.assessment.conflicts import ConflictOfInterest, ConflictStatement
from applications.models.assessment.rubrics import RubricVersion
from applications.models.assessment.scoring import ScoreResult, ScoreRun
from applications.models.assessment.sheets import ScoreSheet
from applications.models.company import Company, Invitation, Member, Site
from applications.models.delivery.deliverables import (
    Deliverable,
    DeliverableMove,
    DeliveryEntry,
    DeliveryFile,
    LevelCertificate,
)
from applications.models.delivery.experts import Expert, ExpertMatch
from applications.models.documents import IssuedDocument
from applications.models.intake.drafting import Attachment, Consent, Section
from applications.models.intake.filing import FormVersion, Submission
from applications.models.intake.late_filing import LateGrant
from applications.models.intake.partners import Partner, PartnerTerms
from applications.models.objection import Objection, ObjectionMove, ObjectionPaper
from applications.models.screening import BonusClaim, Check, Supplement
from applications.models.selection.aid import AidException
from applications.models.selection.changes import DecisionChange, DecisionChangeMove
from applications.models.selection.decisions import Decision
from applications.models.selection.proposals import Selection, SelectionMove
from applications.models.settlement.reports import Report, ReportFile, StageCheck
from applications.models.settlement.spending import InKindUse, Spending
from applications.models.settlement.statements import Recovery, Settlement
from applications.models.statistics import RoundReport

__all__ = [
    "Agreement",
    "AgreementMove",
    "AgreementPaper",
    "AgreementSignature",
    "AgreementVersion",
    "AidException",
    "Amendment",
    "Application",
    "ApplicationMove",
    "AssessorProfile",
    "Attachment",
    "BonusClaim",
    "Check",
    "CommitteeProposal",
    "CommitteeWish",
    "Company",
    "ConflictOfInterest",
    "ConflictStatement",
    "Consent",
    "Decision",
    "DecisionChange",
    "DecisionChangeMove",
    "Deliverable",
    "DeliverableMove",
    "DeliveryEntry",
    "DeliveryFile",
    "Ending",
    "Expert",
    "ExpertMatch",
    "FormVersion",
    "InKindUse",
    "Instalment",
    "Invitation",
    "IssuedDocument",
    "LateGrant",
    "LevelCertificate",
    "Member",
    "Objection",
    "ObjectionMove",
    "ObjectionPaper",
    "Partner",
    "PartnerTerms",
    "PendingStep",
    "Recovery",
    "Report",
    "ReportFile",
    "RoundReport",
    "RubricVersion",
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
