"""Tables of the service catalogue, the public panel and its reports, one module per subject."""

from vouchers.models.assignment import (
    Assignment,
    AssignmentMove,
    AssignmentRule,
    AssignmentRun,
    AssignmentRunMove,
    Wish,
)
from vouchers.models.books import ReportBook
from vouchers.models.catalogue import CatalogueImport, ImportRow, QuotedFigure, Service, ServiceMove
from vouchers.models.conflicts import ExclusionProposal, SupplierTie, TieDecision
from vouchers.models.corrections import (
    Correction,
    CorrectionAnswer,
    CorrectionEvidence,
    CorrectionMove,
    Issue,
)
from vouchers.models.good_cases import GoodCase, GoodCaseMove
from vouchers.models.members import Monitor, MonitorMove
from vouchers.models.panel import (
    CoveredService,
    PanelCriterion,
    PanelKind,
    PanelRound,
    PanelRoundChange,
)
from vouchers.models.plans import ReportPlan
from vouchers.models.recruitment import PanelApplication, PanelApplicationMove, PanelEvidence
from vouchers.models.reports import (
    ConsumerReport,
    ConsumerReportMove,
    ReportCheck,
    ReportEvidence,
    ReportScreening,
    ReportVersion,
    SupplierComment,
)
from vouchers.models.rewards import (
    Award,
    AwardRound,
    AwardRoundMove,
    Certificate,
    FeeSettlement,
    ReportFee,
)
from vouchers.models.selection import PanelDecision, PanelMark, PanelSelection, PanelSelectionMove
from vouchers.models.suppliers import Supplier, SupplierContact, SupplierMember, SupplierPartner
from vouchers.models.suspensions import SaleSuspension, SaleSuspensionMove

__all__ = [
    "Assignment",
    "AssignmentMove",
    "AssignmentRule",
    "AssignmentRun",
    "AssignmentRunMove",
    "Award",
    "AwardRound",
    "AwardRoundMove",
    "CatalogueImport",
    "Certificate",
    "ConsumerReport",
    "ConsumerReportMove",
    "Correction",
    "CorrectionAnswer",
    "CorrectionEvidence",
    "CorrectionMove",
    "CoveredService",
    "ExclusionProposal",
    "FeeSettlement",
    "GoodCase",
    "GoodCaseMove",
    "ImportRow",
    "Issue",
    "Monitor",
    "MonitorMove",
    "PanelApplication",
    "PanelApplicationMove",
    "PanelCriterion",
    "PanelDecision",
    "PanelEvidence",
    "PanelKind",
    "PanelMark",
    "PanelRound",
    "PanelRoundChange",
    "PanelSelection",
    "PanelSelectionMove",
    "QuotedFigure",
    "ReportBook",
    "ReportCheck",
    "ReportEvidence",
    "ReportFee",
    "ReportPlan",
    "ReportScreening",
    "ReportVersion",
    "SaleSuspension",
    "SaleSuspensionMove",
    "Service",
    "ServiceMove",
    "Supplier",
    "SupplierComment",
    "SupplierContact",
    "SupplierMember",
    "SupplierPartner",
    "SupplierTie",
    "TieDecision",
    "Wish",
]
