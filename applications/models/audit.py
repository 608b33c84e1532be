"""Rows of this app that must not change once final (see `portal.records.audit`)."""

from django.db.models import QuerySet

from applications.models.agreement.contracts import (
    Agreement,
    AgreementMove,
    AgreementSignature,
    AgreementVersion,
)
from applications.models.application import Application, ApplicationMove
from applications.models.assessment.conflicts import ConflictStatement
from applications.models.assessment.exclusions import SheetDecision
from applications.models.assessment.opinions import Opinion, OpinionMove
from applications.models.assessment.rubrics import RubricVersion
from applications.models.assessment.scoring import ScoreResult, ScoreRun
from applications.models.assessment.sheets import ScoreSheet
from applications.models.inquiries import Inquiry, InquiryAnswer, InquiryMove
from applications.models.intake.filing import Submission
from applications.models.intake.tickets import UsedTicket
from applications.models.objection import Objection, ObjectionMove
from applications.models.screening import Exclusion
from applications.models.selection.aid import AidException
from applications.models.selection.changes import DecisionChange, DecisionChangeMove
from applications.models.selection.decisions import Decision
from applications.models.selection.proposals import Selection, SelectionMove
from applications.models.settlement.reports import StageCheck
from applications.models.settlement.spending import InKindUse
from portal.models import Stateful
from portal.records.audit import Audited

# Models whose rows must be in the state that their last move led to.
MOVED: tuple[type[Stateful], ...] = (
    Application, Selection, DecisionChange, Objection, Agreement, Inquiry, Opinion,
)  # fmt: skip


def plain_submissions() -> QuerySet[Submission]:
    return Submission.objects.filter(application__ticket=None)


def ticket_submissions() -> QuerySet[Submission]:
    """Return what was filed by a ticket: written later than the instant that it carries."""
    return Submission.objects.filter(application__ticket__isnull=False)


def submitted_sheets() -> QuerySet[ScoreSheet]:
    return ScoreSheet.objects.filter(locked_at__isnull=False)


def sheet_decisions() -> QuerySet[SheetDecision]:
    """Return what was decided about sheets: a sheet that is excluded may be restored later."""
    return SheetDecision.objects.filter(approved_at__isnull=False)


def released_opinions() -> QuerySet[Opinion]:
    return Opinion.objects.filter(released_at__isnull=False)


def finished_runs() -> QuerySet[ScoreRun]:
    return ScoreRun.objects.filter(finished_at__isnull=False)


def finished_results() -> QuerySet[ScoreResult]:
    """Return results of finished runs; an unfinished run may still rewrite its own."""
    return ScoreResult.objects.filter(run__finished_at__isnull=False)


def made_decisions() -> QuerySet[Decision]:
    """Return first decisions of decided selections; a proposal is no decision yet."""
    return Decision.objects.filter(selection__decided_at__isnull=False, previous=None)


def later_decisions() -> QuerySet[Decision]:
    return Decision.objects.filter(previous__isnull=False)


SHEET_COLUMNS = (
    "application_id", "assessor_id", "assigned_at", "marks", "reasons", "comment", "locked_at",
    "sha256",
)  # fmt: skip
RUN_COLUMNS = (
    "sub_program_id", "number", "rubric", "rubric_sha256", "requested_by_id", "requested_at",
    "finished_at", "scored", "inputs_sha256", "results_sha256",
)  # fmt: skip
DECISION_COLUMNS = (
    "selection_id", "application_id", "outcome", "rank", "grant_won", "reason_code", "reason",
)  # fmt: skip

AUDITED = (
    Audited("submissions", "제출본", plain_submissions, since="application__submitted_at"),
    Audited(
        "ticket-submissions",
        "확인표로 접수한 제출본",
        ticket_submissions,
        since="application__ticket__redeemed_at",
    ),
    Audited("used-tickets", "접수 확인표로 한 접수", UsedTicket.objects.all, time="redeemed_at"),
    Audited("application-moves", "신청 처리 이력", ApplicationMove.objects.all, time="at"),
    Audited("exclusions", "요건 미충족", Exclusion.objects.all, time="at"),
    Audited("rubrics", "평가 기준 판", RubricVersion.objects.all, time="frozen_at"),
    Audited("conflict-statements", "이해관계 확인서", ConflictStatement.objects.all, time="at"),
    Audited(
        "score-sheets", "제출된 평가표", submitted_sheets, since="locked_at", columns=SHEET_COLUMNS
    ),
    Audited(
        "sheet-decisions",
        "평가표 제외·유지·복원",
        sheet_decisions,
        since="approved_at",
    ),
    Audited("opinion-moves", "평가의견 처리 이력", OpinionMove.objects.all, time="at"),
    Audited("opinions", "공개한 평가의견", released_opinions, since="released_at"),
    Audited("score-runs", "점수 산정", finished_runs, since="finished_at", columns=RUN_COLUMNS),
    Audited("score-results", "평가 결과", finished_results, since="run__finished_at"),
    Audited("selection-moves", "선정 처리 이력", SelectionMove.objects.all, time="at"),
    Audited(
        "decisions", "결정", made_decisions, since="selection__decided_at", columns=DECISION_COLUMNS
    ),
    Audited("later-decisions", "바뀐 결정", later_decisions, time="at"),
    Audited("aid-exceptions", "지원 한도 예외", AidException.objects.all, time="at"),
    Audited("decision-change-moves", "결정 변경 이력", DecisionChangeMove.objects.all, time="at"),
    Audited("objection-moves", "이의신청 처리 이력", ObjectionMove.objects.all, time="at"),
    Audited("inquiry-moves", "질의 처리 이력", InquiryMove.objects.all, time="at"),
    Audited("inquiry-answers", "질의 답변", InquiryAnswer.objects.all, time="at"),
    Audited("agreement-moves", "협약 처리 이력", AgreementMove.objects.all, time="at"),
    Audited("agreement-texts", "협약서", AgreementVersion.objects.all, time="made_at"),
    Audited("agreement-signatures", "협약 서명", AgreementSignature.objects.all, time="at"),
    Audited("stage-checks", "수행 점검", StageCheck.objects.all, time="at"),
    Audited("in-kind-uses", "현물 사용", InKindUse.objects.all, time="at"),
)
