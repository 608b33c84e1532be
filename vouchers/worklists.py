"""What waits for the staff of the voucher programme and its public panel."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from portal.models import User
from portal.staff.worklists import Area, Rows, Whose, Worklist
from vouchers.models import (
    AssignmentRun,
    AwardRound,
    ConsumerReport,
    Correction,
    ExclusionProposal,
    GoodCase,
    PanelApplication,
    PanelSelection,
    ReportFee,
    SaleSuspension,
    SupplierTie,
)
from vouchers.roles import AGENCY, EDITORS, MINISTRY, MODERATOR, PANEL_OPERATOR
from vouchers.states import (
    AssignmentRunState,
    AwardRoundState,
    CorrectionState,
    GoodCaseState,
    PanelApplicationState,
    PanelSelectionState,
    ReportState,
    SuspensionState,
    TieStanding,
)
from vouchers.visibility import staff_corrections, staff_panel_applications, staff_reports


def applications(person: User, now: datetime) -> QuerySet[PanelApplication]:
    return staff_panel_applications(person).filter(state=PanelApplicationState.SUBMITTED)


def flagged(person: User, now: datetime) -> QuerySet[SupplierTie]:
    return SupplierTie.objects.filter(standing=TieStanding.FLAGGED, ended_at=None)


def exclusions(person: User, now: datetime) -> QuerySet[ExclusionProposal]:
    return ExclusionProposal.objects.filter(confirmed=None)


def selections(person: User, now: datetime) -> QuerySet[PanelSelection]:
    return PanelSelection.objects.filter(state=PanelSelectionState.PROPOSED)


def assignments(person: User, now: datetime) -> QuerySet[AssignmentRun]:
    return AssignmentRun.objects.filter(state=AssignmentRunState.PROPOSED)


def fees(person: User, now: datetime) -> QuerySet[ReportFee]:
    return ReportFee.objects.filter(settlement=None)


def cases(person: User, now: datetime) -> QuerySet[GoodCase]:
    return GoodCase.objects.filter(state=GoodCaseState.PROPOSED)


def suspensions(person: User, now: datetime) -> QuerySet[SaleSuspension]:
    return SaleSuspension.objects.filter(state=SuspensionState.PROPOSED)


def objections(person: User, now: datetime) -> QuerySet[SaleSuspension]:
    return SaleSuspension.objects.filter(
        state=SuspensionState.IN_FORCE, objected_at__isnull=False, decided_at=None
    )


def _reports(state: ReportState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[ConsumerReport]:
        return staff_reports(person).filter(state=state)

    return rows


def _corrections(state: CorrectionState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[Correction]:
        return staff_corrections(person).filter(state=state)

    return rows


def _awards(state: AwardRoundState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[AwardRound]:
        return AwardRound.objects.filter(state=state)

    return rows


def _list(
    code: str,
    label: str,
    roles: Iterable[str],
    rows: Rows,
    screen: str,
    query: Mapping[str, str],
    **columns: Any,
) -> Worklist:
    page = f"admin:vouchers_{screen}_changelist"
    return Worklist(code, Area.PANEL, label, frozenset(roles), rows, page, query, **columns)


def _in(state: str) -> dict[str, str]:
    return {"state__exact": state}


K, R, W = CorrectionState, ReportState, AwardRoundState

# fmt: off
WORKLISTS = (
    _list("panel-applications", "평가할 모니터링단 지원", [PANEL_OPERATOR], applications,
          "panelapplication", _in("submitted"), since="submitted_at"),
    _list("panel-selections", "발표할 단원 선정안", [PANEL_OPERATOR], selections,
          "panelselection", _in("proposed"), since="requested_at", whose=Whose.APPROVAL),
    _list("panel-assignments", "확정할 서비스 배정안", [PANEL_OPERATOR], assignments,
          "assignmentrun", _in("proposed"), since="requested_at", whose=Whose.APPROVAL),
    _list("supplier-ties", "판단할 공급기업 이해관계", EDITORS, flagged,
          "suppliertie", {"standing__exact": "flagged", "ended_at__isempty": "1"},
          since="found_at"),
    _list("member-exclusions", "확정할 단원 제외 제안", EDITORS, exclusions,
          "exclusionproposal", {"confirmed__isnull": "True"}, since="proposed_at", whose=Whose.APPROVAL),
    _list("reports-submitted", "검토할 소비자 보고서", [MODERATOR], _reports(R.SUBMITTED),
          "consumerreport", _in("submitted"), since="submitted_at"),
    _list("reports-commenting", "의견을 듣고 공개할 보고서", [MODERATOR], _reports(R.COMMENTING),
          "consumerreport", _in("commenting"), since="accepted_at", due="comment_until"),
    _list("corrections-raised", "확인할 문제 제기", [AGENCY], _corrections(K.RAISED),
          "correction", _in("raised"), since="raised_at"),
    _list("corrections-verified", "시정을 요청할 문제", [AGENCY], _corrections(K.VERIFIED),
          "correction", _in("verified"), since="raised_at"),
    _list("corrections-answered", "확인할 시정 결과", [AGENCY], _corrections(K.ANSWERED),
          "correction", _in("answered"), since="answered_at"),
    _list("suspensions-proposed", "확정할 판매 중지 제안", [AGENCY], suspensions,
          "salesuspension", _in("proposed"), since="proposed_at", whose=Whose.APPROVAL),
    _list("suspensions-objected", "판매 중지에 대한 이의신청", [AGENCY], objections,
          "salesuspension",
          {**_in("in_force"), "objected_at__isempty": "0", "decided_at__isempty": "1"},
          since="objected_at", whose=Whose.APPROVAL),
    _list("cases-proposed", "결정할 우수 사례 추천", [AGENCY, MINISTRY], cases,
          "goodcase", _in("proposed"), since="proposed_at", whose=Whose.APPROVAL),
    _list("fees-open", "지급할 원고료", [PANEL_OPERATOR], fees,
          "reportfee", {"settled": "open"}, since="earned_at"),
    _list("awards-proposed", "승인할 시상안", [AGENCY, MINISTRY], _awards(W.PROPOSED),
          "awardround", _in("proposed"), since="proposed_at", whose=Whose.APPROVAL),
    _list("awards-approved", "지급할 인센티브", [PANEL_OPERATOR], _awards(W.APPROVED),
          "awardround", _in("approved"), since="approved_at"),
)
# fmt: on
