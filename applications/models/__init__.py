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
from applications.models.assessment.conflicts import (
    ConflictOfInterest,
    ConflictStatement,
    FrozenParties,
)
from applications.models.assessment.exclusions import SheetDecision
from applications.models.assessment.lifts import TieLift
from applications.models.assessment.opinions import Opinion, OpinionMove
from applications.models.assessment.reminders import AssessmentReminder, RemindedAssessor
from applications.models.assessment.rubrics import RubricVersion
from applications.models.assessment.scoring import ScoreResult, ScoreRun
from applications.models.assessment.sheets import ScoreSheet
from applications.models.box import BoxPaper
from applications.models.claims import CompanyClaim, CompanyTransfer
from applications.models.company import Company, Invitation, Member, OwnerNomination, Site
from applications.models.delivery.deliverables import (
    Deliverable,
    DeliverableMove,
    DeliveryEntry,
    DeliveryFile,
    LevelCertificate,
)
from applications.models.delivery.experts import Expert, ExpertMatch
from applications.models.documents import IssuedDocument
from applications.models.flags import StaffFlag
from applications.models.inquiries import Inquiry, InquiryAnswer, InquiryMove
from applications.models.intake.drafting import Attachment, Consent, Section
from applications.models.intake.filing import FormVersion, PreparedFiling, Submission
from applications.models.intake.late_filing import LateGrant
from applications.models.intake.partners import Partner, PartnerTerms
from applications.models.intake.pledges import Pledge
from applications.models.intake.tickets import UsedTicket
from applications.models.notes import StaffNote
from applications.models.objection import Objection, ObjectionMove, ObjectionPaper
from applications.models.officers.charge import OfficerChange
from applications.models.officers.distribution import DistributionPlan, DistributionRule
from applications.models.officers.stand_ins import StandIn
from applications.models.presence import Viewer
from applications.models.registries import (
    RegistryChange,
    RegistryCheck,
    RegistryConsent,
    RegistryReview,
)
from applications.models.screening import (
    BonusClaim,
    Check,
    Exclusion,
    ExclusionProposal,
    Supplement,
    SupplementTemplate,
)
from applications.models.search import CompanyKey
from applications.models.selection.aid import AidException
from applications.models.selection.changes import DecisionChange, DecisionChangeMove
from applications.models.selection.decisions import Decision
from applications.models.selection.proposals import Selection, SelectionMove
from applications.models.set_acts import SetAct, SetChunk, SetResult
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
    "AssessmentReminder",
    "AssessorProfile",
    "Attachment",
    "BonusClaim",
    "BoxPaper",
    "Check",
    "CommitteeProposal",
    "CommitteeWish",
    "Company",
    "CompanyClaim",
    "CompanyKey",
    "CompanyTransfer",
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
    "DistributionPlan",
    "DistributionRule",
    "Ending",
    "Exclusion",
    "ExclusionProposal",
    "Expert",
    "ExpertMatch",
    "FormVersion",
    "FrozenParties",
    "InKindUse",
    "Inquiry",
    "InquiryAnswer",
    "InquiryMove",
    "Instalment",
    "Invitation",
    "IssuedDocument",
    "LateGrant",
    "LevelCertificate",
    "Member",
    "Objection",
    "ObjectionMove",
    "ObjectionPaper",
    "OfficerChange",
    "Opinion",
    "OpinionMove",
    "OwnerNomination",
    "Partner",
    "PartnerTerms",
    "PendingStep",
    "Pledge",
    "PreparedFiling",
    "Recovery",
    "RegistryChange",
    "RegistryCheck",
    "RegistryConsent",
    "RegistryReview",
    "RemindedAssessor",
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
    "SetAct",
    "SetChunk",
    "SetResult",
    "Settlement",
    "SheetDecision",
    "Site",
    "Spending",
    "StaffFlag",
    "StaffNote",
    "StageCheck",
    "StandIn",
    "Submission",
    "Supplement",
    "SupplementTemplate",
    "TieLift",
    "UsedTicket",
    "Viewer",
]
