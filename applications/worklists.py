"""What waits for those who run the support programme: officers, managers and assessors."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from applications.models import (
    Application,
    BonusClaim,
    CommitteeProposal,
    CompanyClaim,
    ConflictOfInterest,
    DecisionChange,
    Deliverable,
    ExclusionProposal,
    Expert,
    Inquiry,
    LateGrant,
    Objection,
    Opinion,
    OwnerNomination,
    PendingStep,
    RegistryChange,
    ScoreSheet,
    Selection,
    SheetDecision,
    StaffFlag,
    TieLift,
)
from applications.queries.assessment.conflicts import undecided_ties
from applications.queries.assessment.opinions import RELEASABLE
from applications.queries.assessment.sheets import late_sheets, unfinished_sheets
from applications.queries.inquiries import WAITS_FOR_STAFF
from applications.queries.officers.stand_ins import own_files
from applications.queries.registries import changes_for
from applications.roles import ASSESSOR
from applications.states import (
    ApplicationState,
    BonusState,
    ChangeState,
    ClaimState,
    DeliverableState,
    ExpertState,
    NominationState,
    ObjectionState,
    OpinionState,
    SelectionState,
    SupplementState,
    WaitsFor,
)
from applications.visibility import (
    changes_of,
    claims_of,
    committee_proposals_of,
    conflicts_of,
    exclusion_proposals_of,
    inquiries_of,
    late_grants_of,
    lifts_of,
    listed_sheets,
    objections_of,
    opinions_of,
    pending_steps_of,
    selections_of,
    sheet_decisions_of,
    sheets_of,
    staff_applications,
    staff_experts,
    undeclared_sheets,
)
from portal.core.dates import korean_day
from portal.models import User
from portal.staff.filters import OPEN
from portal.staff.worklists import Area, Rows, Shortcut, Whose, Worklist
from programs.roles import MANAGER, OFFICER, STAFF_READERS

S = ApplicationState
BOTH = frozenset({OFFICER, MANAGER})
OFFICERS, MANAGERS = frozenset({OFFICER}), frozenset({MANAGER})
OPEN_PROPOSAL = Q(approved_at=None, discarded_at=None)
OPEN_EXCLUSION = OPEN_PROPOSAL & Q(application__state=S.SCREENING)
OPEN_LATE_GRANT = Q(approved_at=None, cancelled_at=None, used_at=None, until__gt=Now())
SOLVED_COMMITTEE = Q(solved_at__isnull=False, confirmed_at=None, discarded_at=None)


def _applications(state: ApplicationState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[Application]:
        return staff_applications(person).filter(state=state)

    return rows


def _in_charge(state: ApplicationState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[Application]:
        mine = own_files(person, korean_day(now))
        return staff_applications(person).filter(mine, state=state)

    return rows


def _of_nobody(state: ApplicationState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[Application]:
        return staff_applications(person).filter(state=state, officer=None)

    return rows


def _supplements(state: SupplementState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[Application]:
        screened = staff_applications(person).filter(state=S.SCREENING, supplement_state=state)
        return screened.exclude(supplement_state="")  # the condition of its index

    return rows


def own_answered(person: User, now: datetime) -> QuerySet[Application]:
    mine = own_files(person, korean_day(now))
    return _supplements(SupplementState.ANSWERED)(person, now).filter(mine)


def bonuses(person: User, now: datetime) -> QuerySet[Application]:
    claims = BonusClaim.objects.filter(state=BonusState.CLAIMED)
    screened = staff_applications(person).filter(state=S.SCREENING)
    return screened.filter(pk__in=claims.values("application"))


def _flagged(person: User, **flags: Any) -> QuerySet[Application]:
    found = StaffFlag.objects.filter(cleared_at=None, **flags)
    return staff_applications(person).filter(pk__in=found.order_by().values("application"))


def own_flags(person: User, now: datetime) -> QuerySet[Application]:
    return _flagged(person, who=person)


def late_flags(person: User, now: datetime) -> QuerySet[Application]:
    return _flagged(person, due_on__lt=korean_day(now))


def open_late_grants(person: User, now: datetime) -> QuerySet[LateGrant]:
    return late_grants_of(person).filter(OPEN_LATE_GRANT)


def inquiries(person: User, now: datetime) -> QuerySet[Inquiry]:
    return inquiries_of(person).filter(WAITS_FOR_STAFF)


def changed_answers(person: User, now: datetime) -> QuerySet[RegistryChange]:
    return changes_for(person).filter(review=None)


def _claims(state: ClaimState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[CompanyClaim]:
        return claims_of(person).filter(state=state)

    return rows


def nominations(person: User, now: datetime) -> QuerySet[OwnerNomination]:
    firms = staff_applications(person).order_by().values("company")
    return OwnerNomination.objects.filter(state=NominationState.PROPOSED, company__in=firms)


def committees(person: User, now: datetime) -> QuerySet[CommitteeProposal]:
    return committee_proposals_of(person).filter(SOLVED_COMMITTEE)


def ties(person: User, now: datetime) -> QuerySet[ConflictOfInterest]:
    return undecided_ties(conflicts_of(person))


def open_exclusions(person: User, now: datetime) -> QuerySet[ExclusionProposal]:
    return exclusion_proposals_of(person).filter(OPEN_EXCLUSION)


def open_lifts(person: User, now: datetime) -> QuerySet[TieLift]:
    return lifts_of(person).filter(OPEN_PROPOSAL)


def overdue_sheets(person: User, now: datetime) -> QuerySet[ScoreSheet]:
    return late_sheets(sheets_of(person), now)


def sheet_decisions(person: User, now: datetime) -> QuerySet[SheetDecision]:
    return sheet_decisions_of(person).filter(OPEN_PROPOSAL)


def own_unfinished(person: User, now: datetime) -> QuerySet[ScoreSheet]:
    return unfinished_sheets(listed_sheets(person))


def undeclared(person: User, now: datetime) -> QuerySet[ScoreSheet]:
    return undeclared_sheets(person)


def _selections(state: SelectionState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[Selection]:
        return selections_of(person).filter(state=state)

    return rows


def draft_opinions(person: User, now: datetime) -> QuerySet[Opinion]:
    return opinions_of(person).filter(state=OpinionState.DRAFT)


def releasable_opinions(person: User, now: datetime) -> QuerySet[Opinion]:
    return opinions_of(person).filter(RELEASABLE)


def _objections(state: ObjectionState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[Objection]:
        return objections_of(person).filter(state=state)

    return rows


def _changes(state: ChangeState) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[DecisionChange]:
        return changes_of(person).filter(state=state)

    return rows


def _steps(who: WaitsFor) -> Rows:
    def rows(person: User, now: datetime) -> QuerySet[PendingStep]:
        return pending_steps_of(person).filter(done_at=None, waits_for=who)

    return rows


def late_firms(person: User, now: datetime) -> QuerySet[PendingStep]:
    steps = pending_steps_of(person).filter(done_at=None, waits_for=WaitsFor.FIRM)
    return steps.filter(due_at__lte=now)


def handed_in(person: User, now: datetime) -> QuerySet[Deliverable]:
    mine = staff_applications(person).order_by().values("pk")
    return Deliverable.objects.filter(
        state=DeliverableState.HANDED_IN, agreement__application__in=mine
    )


def experts(person: User, now: datetime) -> QuerySet[Expert]:
    return staff_experts(person).filter(state=ExpertState.APPLIED)


def _list(
    code: str,
    area: Area,
    label: str,
    roles: Iterable[str],
    rows: Rows,
    screen: str,
    query: Mapping[str, str],
    **columns: Any,
) -> Worklist:
    page = f"admin:applications_{screen}_changelist"
    return Worklist(code, area, label, frozenset(roles), rows, page, query, **columns)


def _in(state: str) -> dict[str, str]:
    return {"state__exact": state}


# fmt: off
WORKLISTS = (
    _list("own-submitted", Area.INTAKE, "내 건: 요건검토를 시작할 신청", OFFICERS,
          _in_charge(S.SUBMITTED), "application", {"state": "submitted", "charge": "mine"},
          since="submitted_at", whose=Whose.MINE),
    _list("own-screening", Area.INTAKE, "내 건: 요건검토 중인 신청", OFFICERS,
          _in_charge(S.SCREENING), "application", {"state": "screening", "charge": "mine"},
          since="submitted_at", whose=Whose.MINE),
    _list("own-answered", Area.INTAKE, "내 건: 보완 답변이 도착한 신청", OFFICERS,
          own_answered, "application", {"supplement": "answered", "charge": "mine"},
          since="submitted_at", whose=Whose.MINE),
    _list("nobodys-submitted", Area.INTAKE, "담당자가 없는 접수 신청", BOTH,
          _of_nobody(S.SUBMITTED), "application", {"state": "submitted", "charge": "nobody"},
          since="submitted_at", whose=Whose.NOBODY),
    _list("nobodys-screening", Area.INTAKE, "담당자가 없는 요건검토 신청", BOTH,
          _of_nobody(S.SCREENING), "application", {"state": "screening", "charge": "nobody"},
          since="submitted_at", whose=Whose.NOBODY),
    _list("applications-submitted", Area.INTAKE, "요건검토를 시작할 신청", BOTH,
          _applications(S.SUBMITTED), "application", {"state": "submitted"}, since="submitted_at"),
    _list("applications-screening", Area.INTAKE, "요건검토 중인 신청", BOTH,
          _applications(S.SCREENING), "application", {"state": "screening"}, since="submitted_at"),
    _list("supplements-answered", Area.INTAKE, "보완 답변이 도착한 신청", BOTH,
          _supplements(SupplementState.ANSWERED), "application", {"supplement": "answered"},
          since="submitted_at"),
    _list("supplements-expired", Area.INTAKE, "보완 기한이 지난 신청", BOTH,
          _supplements(SupplementState.EXPIRED), "application", {"supplement": "expired"},
          since="submitted_at"),
    _list("bonuses-claimed", Area.INTAKE, "가점을 확인할 신청", BOTH, bonuses,
          "application", {"state": "screening", "bonus": "claimed"}, since="submitted_at"),
    _list("inquiries-open", Area.INTAKE, "답변하거나 전달할 질의", BOTH, inquiries,
          "inquiry", {"waits": "officer"}, since="asked_at", due="due_at"),
    _list("flags-own", Area.INTAKE, "내가 할 일로 표시한 신청", BOTH, own_flags,
          "application", {"flag": "mine"}, since="submitted_at", whose=Whose.MINE),
    _list("flags-late", Area.INTAKE, "표시의 기한이 지난 신청", BOTH, late_flags,
          "application", {"flag": "overdue"}, since="submitted_at"),
    _list("registries-changed", Area.INTAKE, "확인할 바뀐 기관 조회", BOTH, changed_answers,
          "registrychange", {"reviewed": "no"}, since="answered_at"),
    _list("late-grants-proposed", Area.INTAKE, "승인할 기한 뒤 접수 허용", MANAGERS, open_late_grants,
          "lategrant", OPEN, since="granted_at", whose=Whose.APPROVAL),
    _list("claims-filed", Area.INTAKE, "검토할 기업 등록 이의", BOTH, _claims(ClaimState.FILED),
          "companyclaim", _in("filed"), since="filed_at"),
    _list("exclusions-proposed", Area.INTAKE, "승인할 요건 미충족", BOTH, open_exclusions,
          "exclusionproposal", OPEN, since="proposed_at", whose=Whose.APPROVAL),
    _list("claims-examined", Area.INTAKE, "결정할 기업 등록 이의", MANAGERS,
          _claims(ClaimState.EXAMINED), "companyclaim", _in("examined"), since="examined_at", whose=Whose.APPROVAL),
    _list("owners-proposed", Area.INTAKE, "승인할 대표 담당자 지정", MANAGERS, nominations,
          "ownernomination", _in("proposed"), since="proposed_at", whose=Whose.APPROVAL),
    _list("applications-assessing", Area.ASSESSMENT, "평가 중인 신청", OFFICERS,
          _applications(S.ASSESSING), "application", {"state": "assessing"}, since="submitted_at",
          mailed=False),
    _list("committees-solved", Area.ASSESSMENT, "확정할 평가위원 배정안", BOTH, committees,
          "committeeproposal", OPEN, since="solved_at", whose=Whose.APPROVAL),
    _list("ties-undecided", Area.ASSESSMENT, "결정할 평가위원 이해관계", BOTH, ties,
          "conflictofinterest", {"standing": "undecided"}, since="found_at"),
    _list("lifts-proposed", Area.ASSESSMENT, "승인할 이해관계 해제", BOTH, open_lifts,
          "tielift", OPEN, since="proposed_at", whose=Whose.APPROVAL),
    _list("sheets-late", Area.ASSESSMENT, "기한이 지난 평가표", BOTH, overdue_sheets,
          "scoresheet", {"late": "yes"}, since="assigned_at", due="due_at"),
    _list("sheets-decided", Area.ASSESSMENT, "승인할 평가표 제외·유지·복원", BOTH, sheet_decisions,
          "sheetdecision", OPEN, since="proposed_at", whose=Whose.APPROVAL),
    Worklist("sheets-undeclared", Area.ASSESSMENT, "이해관계를 먼저 확인할 평가표",
             frozenset({ASSESSOR}), undeclared, "assessor_desk", since="assigned_at", due="due_at",
             whose=Whose.MINE),
    Worklist("sheets-own", Area.ASSESSMENT, "작성할 평가표", frozenset({ASSESSOR}), own_unfinished,
             "assessor_desk", since="assigned_at", due="due_at", whose=Whose.MINE),
    _list("selections-proposed", Area.SELECTION, "확인할 선정안", OFFICERS,
          _selections(SelectionState.PROPOSED), "selection", _in("proposed"), since="requested_at"),
    _list("selections-confirmed", Area.SELECTION, "승인할 선정안", MANAGERS,
          _selections(SelectionState.CONFIRMED), "selection", _in("confirmed"),
          since="confirmed_at", whose=Whose.APPROVAL),
    _list("selections-decided", Area.SELECTION, "발표할 선정 결과", MANAGERS,
          _selections(SelectionState.DECIDED), "selection", _in("decided"), since="decided_at", whose=Whose.APPROVAL),
    _list("opinions-draft", Area.SELECTION, "다듬을 평가의견", OFFICERS, draft_opinions,
          "opinion", _in("draft"), since="begun_at"),
    _list("opinions-ready", Area.SELECTION, "공개할 평가의견", MANAGERS, releasable_opinions,
          "opinion", OPEN, since="ready_at", whose=Whose.APPROVAL),
    _list("objections-filed", Area.OBJECTION, "심의할 이의신청", MANAGERS,
          _objections(ObjectionState.FILED), "objection", _in("filed"),
          since="filed_at", due="answer_due_at", whose=Whose.APPROVAL),
    _list("objections-upheld", Area.OBJECTION, "다시 결정할 이의신청", BOTH,
          _objections(ObjectionState.UPHELD), "objection", _in("upheld"), since="decided_at"),
    _list("changes-drafted", Area.OBJECTION, "확인할 결정 변경안", OFFICERS,
          _changes(ChangeState.DRAFTED), "decisionchange", _in("drafted"), since="drafted_at"),
    _list("changes-proposed", Area.OBJECTION, "승인할 결정 변경", MANAGERS,
          _changes(ChangeState.PROPOSED), "decisionchange", _in("proposed"), since="drafted_at", whose=Whose.APPROVAL),
    _list("changes-seconded", Area.OBJECTION, "2차로 승인할 결정 변경", MANAGERS,
          _changes(ChangeState.SECONDED), "decisionchange", _in("seconded"), since="drafted_at", whose=Whose.APPROVAL),
    _list("steps-officer", Area.AGREEMENT, "담당자가 할 협약 일", OFFICERS,
          _steps(WaitsFor.OFFICER), "pendingstep", {"who": "officer"},
          since="since", due="due_at"),
    _list("steps-manager", Area.AGREEMENT, "승인·서명·지급을 기다리는 협약", MANAGERS,
          _steps(WaitsFor.MANAGER), "pendingstep", {"who": "manager"},
          since="since", due="due_at", whose=Whose.APPROVAL),
    _list("steps-late", Area.AGREEMENT, "기업의 기한이 지난 협약 일", OFFICERS, late_firms,
          "pendingstep", {"late": "yes", "who": "firm"}, since="since", due="due_at"),
    _list("deliverables-handed-in", Area.DELIVERY, "완료 확인을 기다리는 수행 항목", BOTH,
          handed_in, "deliverable", _in("handed_in"), since="handed_in_at"),
    _list("experts-applied", Area.DELIVERY, "확인할 전문가 등록", BOTH, experts,
          "expert", _in("applied"), since="created_at"),
)
# fmt: on

SHORTCUTS = (
    Shortcut("현황판", frozenset(STAFF_READERS), "admin:applications_roundreport_figures"),
)
