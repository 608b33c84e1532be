"""Tables whose final rows the audit chain covers (see `portal.records.audit`)."""

from django.db.models import QuerySet

from portal.models import Stateful
from portal.records.audit import Audited
from vouchers.models.assignment import Assignment, AssignmentMove, AssignmentRun, AssignmentRunMove
from vouchers.models.catalogue import Service, ServiceMove
from vouchers.models.conflicts import ExclusionProposal, TieDecision
from vouchers.models.corrections import (
    Correction,
    CorrectionAnswer,
    CorrectionEvidence,
    CorrectionMove,
    Issue,
)
from vouchers.models.good_cases import GoodCase, GoodCaseMove
from vouchers.models.members import Monitor, MonitorMove
from vouchers.models.panel import PanelRoundChange
from vouchers.models.recruitment import PanelApplication, PanelApplicationMove
from vouchers.models.reports import (
    ConsumerReport,
    ConsumerReportMove,
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
from vouchers.models.selection import PanelDecision, PanelSelection, PanelSelectionMove
from vouchers.models.suspensions import SaleSuspension, SaleSuspensionMove

# Models whose state must equal the target of their last move.
MOVED: tuple[type[Stateful], ...] = (
    Service,
    PanelApplication,
    PanelSelection,
    Monitor,
    AssignmentRun,
    Assignment,
    ConsumerReport,
    Correction,
    SaleSuspension,
    GoodCase,
    AwardRound,
)


def released_selections() -> QuerySet[PanelSelection]:
    return PanelSelection.objects.filter(released_at__isnull=False)


def released_decisions() -> QuerySet[PanelDecision]:
    """Return the decisions of released selections; before, they are only proposed."""
    return PanelDecision.objects.filter(selection__released_at__isnull=False)


def confirmed_runs() -> QuerySet[AssignmentRun]:
    return AssignmentRun.objects.filter(confirmed_at__isnull=False)


def decided_exclusions() -> QuerySet[ExclusionProposal]:
    return ExclusionProposal.objects.filter(decided_at__isnull=False)


def issued_certificates() -> QuerySet[Certificate]:
    return Certificate.objects.filter(issued_at__isnull=False)


SELECTION = (
    "round_id", "number", "rules", "inputs", "inputs_sha256", "results_sha256", "requested_by_id",
    "requested_at", "released_at",
)  # fmt: skip
RUN = (
    "round_id", "number", "seed", "inputs", "inputs_sha256", "pairs", "results_sha256",
    "confirmed_at",
)  # fmt: skip
AWARDS = ("round_id", "pool_won", "rules", "results_sha256", "proposed_by_id", "proposed_at")

AUDITED = (
    Audited("panel-round-changes", "모집 날짜 변경", PanelRoundChange.objects.all, time="at"),
    Audited("service-moves", "서비스 판매 이력", ServiceMove.objects.all, time="at"),
    Audited("panel-moves", "지원 처리 이력", PanelApplicationMove.objects.all, time="at"),
    Audited("panel-selection-moves", "단원 선정 이력", PanelSelectionMove.objects.all, time="at"),
    Audited(
        "panel-selections", "단원 선정", released_selections, since="released_at", columns=SELECTION
    ),
    Audited(
        "panel-decisions", "단원 선정 결과", released_decisions, since="selection__released_at"
    ),
    Audited("monitor-moves", "단원 이력", MonitorMove.objects.all, time="at"),
    Audited("tie-decisions", "이해관계 판단", TieDecision.objects.all, time="at"),
    Audited("exclusion-proposals", "제외 제안", decided_exclusions, since="decided_at"),
    Audited("assignment-run-moves", "배정 계산 이력", AssignmentRunMove.objects.all, time="at"),
    Audited("assignment-runs", "확정한 배정", confirmed_runs, since="confirmed_at", columns=RUN),
    Audited("assignment-moves", "배정 이력", AssignmentMove.objects.all, time="at"),
    Audited("report-moves", "보고서 이력", ConsumerReportMove.objects.all, time="at"),
    Audited("report-versions", "보고서 제출본", ReportVersion.objects.all, time="submitted_at"),
    Audited("supplier-comments", "공급기업 의견", SupplierComment.objects.all, time="at"),
    Audited("good-case-moves", "우수 사례 이력", GoodCaseMove.objects.all, time="at"),
    Audited("issues", "문제 제기", Issue.objects.all, time="raised_at"),
    Audited("correction-moves", "시정 이력", CorrectionMove.objects.all, time="at"),
    Audited("suspension-moves", "판매 중지 이력", SaleSuspensionMove.objects.all, time="at"),
    Audited("correction-answers", "시정 결과", CorrectionAnswer.objects.all, time="at"),
    Audited("correction-proofs", "시정 증빙", CorrectionEvidence.objects.all, since="answer__at"),
    Audited("report-fees", "원고료", ReportFee.objects.all, time="earned_at"),
    Audited("fee-settlements", "원고료 처리", FeeSettlement.objects.all, time="at"),
    Audited("award-moves", "시상 처리 이력", AwardRoundMove.objects.all, time="at"),
    Audited("award-rounds", "시상", AwardRound.objects.all, since="proposed_at", columns=AWARDS),
    Audited("awards", "시상 대상", Award.objects.all, since="award_round__proposed_at"),
    Audited("certificates", "표창장", issued_certificates, since="issued_at"),
)
