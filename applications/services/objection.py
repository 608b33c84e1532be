"""Objections (이의신청): filed once and in time, decided by other people, then scored again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Max

from applications.models import (
    Application,
    BonusClaim,
    Decision,
    DecisionChange,
    Objection,
    ObjectionPaper,
    ScoreResult,
    ScoreRun,
    ScoreSheet,
    Selection,
)
from applications.queries import objection as objection_queries
from applications.queries.selection import reserve
from applications.rules import selection as selection_rules
from applications.services.application import notify_applicant
from applications.services.assessment import conflicts, opinions, scoring, sheets
from applications.services.selection import decisions
from applications.services.selection import reserve as reserve_services
from applications.states import (
    PENDING_CHANGES,
    ApplicationMoves,
    ApplicationState,
    BonusState,
    ChangeKind,
    ChangeMoves,
    ObjectionMoves,
    ObjectionState,
    Outcome,
    Remedy,
)
from portal.core.errors import BadInput, Closed, Finding, MoveNotAllowed, RuleBroken
from portal.jobs import queue
from portal.models import User
from portal.notices import outbox
from portal.records.workflow import move, set_state
from portal.uploads import files
from programs.models import SubProgram
from programs.queries.calendar import holidays

FORMATS = ("pdf", "hwp", "hwpx", "docx", "xlsx", "jpg", "png", "zip")
MAX_FILES = 5
TEXT_LENGTH = 4_000


def file(
    application: Application,
    *,
    text: str,
    uploads: "Sequence[File[bytes]]" = (),
    by: User,
    now: datetime,
) -> Objection:
    """File an objection with its evidence: once, in writing, before it is due.

    The caller has checked that `by` may write for the company. Raises BadInput (`objection_text`,
    `file_…`), Closed (`objection_late`), MoveNotAllowed (`objected_before`, `nothing_to_contest`).
    """
    text = text.strip()
    if not text or len(text) > TEXT_LENGTH:
        raise BadInput(f"이의 내용을 {TEXT_LENGTH:,}자 안에서 적어 주세요.", code="objection_text")
    if len(uploads) > MAX_FILES:
        raise BadInput(f"증빙은 {MAX_FILES}개까지 낼 수 있습니다.", code="file_count")
    inspected = [(upload, files.inspect(upload, allowed=FORMATS)) for upload in uploads]
    clock = objection_queries.clock(application, now)
    if objection_queries.current(application) is not None:
        raise MoveNotAllowed("이의신청은 신청마다 한 번만 할 수 있습니다.", code="objected_before")
    if clock is None:
        raise MoveNotAllowed("이의를 신청할 결정이 없습니다.", code="nothing_to_contest")
    if now >= clock.due_at:
        raise Closed("이의신청 기한이 지났습니다.", code="objection_late")
    program = application.sub_program
    try:
        with transaction.atomic():
            made = Objection.objects.create(
                application=application,
                decision_id=clock.decision,
                exclusion_id=clock.exclusion,
                text=text,
                due_at=clock.due_at,
                filed_by=by,
                filed_at=now,
                answer_due_at=program.due_after("objection_answer_days", now, holidays()),
            )
            step = ApplicationMoves.OBJECT_EXCLUSION if clock.exclusion else ApplicationMoves.OBJECT
            move(application, step, by=by, now=now, owner=True)
            papers = {checked.sha256: (upload, checked) for upload, checked in inspected}
            for upload, checked in papers.values():
                ObjectionPaper.objects.create(
                    objection=made,
                    name=checked.name,
                    file=files.store(upload, by=by),
                    size=checked.size,
                    sha256=checked.sha256,
                    content_type=checked.content_type,
                )
            _notify(made, "applications/objection_filed", now)
    except IntegrityError as error:
        if objection_queries.current(application) is not None:
            raise MoveNotAllowed(
                "이의신청은 신청마다 한 번만 할 수 있습니다.", code="objected_before"
            ) from error
        raise
    return made


def dismiss(objection: Objection, *, note: str, by: User, now: datetime) -> None:
    """Dismiss the objection with reasons. Raises MoveNotAllowed (`barred`)."""
    refuse_barred(objection, by)
    with transaction.atomic():
        move(
            objection,
            ObjectionMoves.DISMISS,
            by=by,
            now=now,
            note=note,
            changes={"decided_by": by, "decided_at": now, "answer": note.strip()},
        )
        _notify(objection, "applications/objection_decided", now)


def uphold(
    objection: Objection,
    *,
    remedy: Remedy,
    note: str,
    bonuses: Sequence[BonusClaim] = (),
    by: User,
    now: datetime,
) -> None:
    """Uphold: grant refused bonuses, or return the application to other assessors or to screening.

    Raises BadInput (`remedy`), MoveNotAllowed (`barred`, `change_open` while another change of the
    decision is pending: two outcomes cannot be prepared side by side; `contracted` once the decision
    is carried out and cannot change any more).
    """
    refuse_barred(objection, by)
    if (remedy == Remedy.SCREENING) != (objection.exclusion_id is not None):
        raise BadInput("이 이의신청에 맞는 조치를 고르세요.", code="remedy")
    if remedy == Remedy.SCREENING:
        return _readmit(objection, note=note, by=by, now=now)
    if (remedy == Remedy.BONUS) != bool(bonuses):
        raise BadInput("다시 인정할 가점을 고르거나 재평가를 고르세요.", code="remedy")
    application = Application.objects.get(pk=objection.application_id)
    with transaction.atomic():
        reserve_services.lock_program(application.sub_program)
        # Locked, as the conclusion of an agreement locks it.
        rows = Application.objects.select_for_update(of=("self",))
        application = rows.get(pk=application.pk)
        if application.state != ApplicationState.RELEASED:
            raise MoveNotAllowed(
                "협약을 맺었거나 이미 끝난 신청이어서 다시 산정할 수 없습니다.", code="contracted"
            )
        if application.changes.filter(state__in=PENDING_CHANGES).exists():
            raise MoveNotAllowed(
                "이 신청에는 아직 끝나지 않은 결정 변경안이 있습니다. ‘결정 변경’에서 승인하거나"
                " 폐기한 뒤 인용하세요.",
                code="change_open",
            )
        move(
            objection,
            ObjectionMoves.UPHOLD,
            by=by,
            now=now,
            note=note,
            changes={"decided_by": by, "decided_at": now, "answer": note.strip(), "remedy": remedy},
        )
        if remedy == Remedy.SHEETS:
            move(application, ApplicationMoves.REASSESS, by=by, now=now, note=note)
        refused = BonusClaim.objects.filter(
            application=application, pk__in=[claim.pk for claim in bonuses]
        )
        set_state(
            refused,
            BonusState.GRANTED,
            reason=f"이의신청 인용: {note.strip()}"[:300],
            decided_by=by,
            decided_at=now,
        )
        _notify(objection, "applications/objection_decided", now)


def _readmit(objection: Objection, *, note: str, by: User, now: datetime) -> None:
    application = Application.objects.get(pk=objection.application_id)
    with transaction.atomic():
        answer = {"decided_by": by, "decided_at": now, "answer": note.strip()}
        move(
            objection,
            ObjectionMoves.READMIT,
            by=by,
            now=now,
            note=note,
            changes={**answer, "remedy": Remedy.SCREENING},
        )
        row = move(application, ApplicationMoves.REINSTATE, by=by, now=now, note=note)
        _notify(objection, "applications/objection_decided", now)
        # Everybody who was told of the exclusion is told that it is over.
        notify_applicant(
            application,
            "applications/reinstated",
            key=f"reinstated:{row.pk}",
            now=now,
            reason=note.strip(),
        )


def take_back(objection: Objection, *, note: str, by: User, now: datetime) -> None:
    """Stop a new assessment that cannot be finished: the objection is to be decided again.

    The application returns to the decision in force, the new sheets end, and the firm is told. Raises
    MoveNotAllowed (`barred`, `same_person` for whoever upheld it, `no_reassessment` where nothing is
    assessed anew or the new score was requested).
    """
    refuse_barred(objection, by)
    if objection.decided_by_id == by.pk:
        raise MoveNotAllowed(
            "재평가를 인용한 사람은 거둘 수 없습니다. 다른 결정권자가 확인해야 합니다.",
            code="same_person",
        )
    since = objection.decided_at
    if objection.remedy != Remedy.SHEETS or objection.run_id is not None or since is None:
        raise MoveNotAllowed("거둘 수 있는 재평가가 아닙니다.", code="no_reassessment")
    application = Application.objects.get(pk=objection.application_id)
    due_at = application.sub_program.due_after("objection_answer_days", now, holidays())
    with transaction.atomic():
        move(
            objection,
            ObjectionMoves.TAKE_BACK,
            by=by,
            now=now,
            note=note,
            where={"run": None, "decided_at": since},
            changes={
                "decided_by": None,
                "decided_at": None,
                "answer": "",
                "remedy": "",
                "answer_due_at": due_at,
            },
        )
        move(application, ApplicationMoves.STOP_REASSESSMENT, by=by, now=now, note=note)
        reason = f"재평가를 거두었습니다: {note.strip()}"[: conflicts.REASON_LENGTH]
        sheets.stop(application, since=since, reason=reason, now=now)
        _notify(objection, "applications/objection_taken_back", now, reason=note.strip())


def lapse(application: Application, *, reason: str, now: datetime) -> None:
    """Close an objection that leads to nothing any more, because the application has ended.

    One that was upheld is not scored again; a change drafted from it is discarded.
    """
    open_states = [ObjectionState.FILED, ObjectionState.UPHELD]
    for row in application.objections.filter(state__in=open_states):
        answer = {"decided_at": now, "answer": f"{row.answer} {reason}".strip()}
        # Who upheld it stays in the log of its moves.
        undone = {"decided_by": None, "remedy": "", "run": None}
        move(row, ObjectionMoves.LAPSE, by=None, now=now, note=reason, changes=answer | undone)
    drafts = application.changes.filter(kind=ChangeKind.OBJECTION, state__in=PENDING_CHANGES)
    for draft in drafts:
        move(draft, ChangeMoves.DISCARD, by=None, now=now, note=reason)


def rescore(objection: Objection, *, by: User, now: datetime) -> ScoreRun:
    """Request a new run over this case alone, under the frozen rubric of the old one.

    Raises RuleBroken when new sheets are missing or unlocked, MoveNotAllowed.
    """
    selection = Selection.objects.select_related("run", "sub_program").get(
        pk=objection.result.selection_id
    )
    program = selection.sub_program
    with transaction.atomic():
        SubProgram.objects.select_for_update(no_key=True).get(pk=program.pk)
        if findings := _unready(objection, program):
            raise RuleBroken(findings, message="점수를 다시 산정할 수 없습니다.")
        last = program.score_runs.aggregate(last=Max("number"))["last"] or 0
        run = ScoreRun.objects.create(
            sub_program=program,
            number=last + 1,
            version=selection.run.version,
            rubric=selection.run.rubric,
            rubric_sha256=selection.run.rubric_sha256,
            previous=selection.run,
            requested_by=by,
            requested_at=now,
        )
        where = {"run": None}
        move(objection, ObjectionMoves.RESCORE, by=by, now=now, where=where, changes={"run": run})
        run.job = queue.enqueue(scoring.JOB, key=f"score:{run.pk}", by=by, run=run.pk)
        run.save(update_fields=["job"])
    return run


def conclude(run: ScoreRun, *, now: datetime) -> DecisionChange | None:
    """Draft the new decision from the finished run of an objection; None for other runs.

    An officer without part in the old decision takes the draft up, a manager approves it. The
    application is selected when it ranks above the line, whatever the places; where everybody at or
    above the floor was selected, also when it reaches the floor and a place is free. Safe to
    repeat.
    """
    objection = Objection.objects.filter(run=run).select_related("decision__selection").first()
    if objection is None or objection.state != ObjectionState.UPHELD:
        return None
    existing = DecisionChange.objects.filter(
        application=objection.application_id, kind=ChangeKind.OBJECTION
    ).first()
    if existing is not None:
        return existing
    if objection.remedy == Remedy.SHEETS:
        opinions.schedule(run)
    place, outcome, reason = _judge(objection, run)
    application = Application.objects.select_related("submission").get(pk=objection.application_id)
    current = Decision.objects.filter(application=application).order_by("-pk")[0]
    selected = outcome == Outcome.SELECTED
    return decisions.open_change(
        current,
        kind=ChangeKind.OBJECTION,
        outcome=outcome,
        grant_won=(application.submission.support_won or 0) if selected else 0,
        rank=place,
        reason=reason,
        by=None,
        now=now,
    )


def refuse_barred(objection: Objection, by: User) -> None:
    """Raise MoveNotAllowed (`barred`) for who decided or assessed the case or refused a bonus."""
    if by.pk in objection_queries.barred(objection):
        raise MoveNotAllowed(
            "원래의 결정이나 평가에 참여했거나 가점을 인정하지 않은 사람은 이의신청을 처리할 수"
            " 없습니다.",
            code="barred",
        )


def _unready(objection: Objection, program: SubProgram) -> list[Finding]:
    if objection.remedy != Remedy.SHEETS:
        return []
    sheets = ScoreSheet.objects.filter(
        application=objection.application_id,
        assigned_at__gte=objection.decided_at,
        withdrawn_at=None,
    )
    if sheets.waiting().exists():
        return [Finding("sheets_unlocked", "제출하지 않은 재평가 평가표가 있습니다.")]
    if sheets.count() < program.minimum_sheets:
        return [
            Finding(
                "too_few_sheets",
                f"재평가 평가표가 최소 {program.minimum_sheets}부에 못 미칩니다."
                " 다른 평가위원을 더 배정하세요.",
            )
        ]
    return []


def _judge(objection: Objection, run: ScoreRun) -> tuple[int, str, str]:
    """Rank the new score among the old ones; return (rank, outcome, reason)."""
    selection = objection.result.selection
    columns = (
        "application_id",
        "total",
        "raw",
        "core",
        "application__submitted_at",
        "passed_floor",
    )
    others = ScoreResult.objects.filter(run=selection.run_id).exclude(
        application=objection.application_id
    )
    own = ScoreResult.objects.filter(run=run, application=objection.application_id)
    candidates = [
        selection_rules.Candidate(pk, total, raw, core, at, 0, passed)
        for rows in (others, own)
        for pk, total, raw, core, at, passed in rows.values_list(*columns).iterator()
    ]
    beyond = selection.decisions.filter(previous=None, reason_code=selection_rules.AID_LIMIT)
    beyond = beyond.exclude(application=objection.application_id)
    ranked = selection_rules.rank(candidates, set(beyond.values_list("application", flat=True)))
    case = next(row for row in ranked if row.candidate.id == objection.application_id)
    total, place = case.candidate.total, case.rank
    summary = f"이의신청을 받아들여 다시 산정한 결과 {total}점, {place:,}위입니다."
    if not case.candidate.passed_floor:
        return place, Outcome.REJECTED, f"{summary} 기준점수에 못 미칩니다."
    if place <= selection.cut.get("selected_count", 0):
        return place, Outcome.SELECTED, f"{summary} 선정선 안에 있습니다."
    if selection.cut.get("stopped_by") == selection_rules.END and _has_place(selection):
        return place, Outcome.SELECTED, f"{summary} 기준점수 이상을 모두 선정했으므로 선정됩니다."
    return place, Outcome.RESERVE, f"{summary} 선정선 밖이어서 예비입니다."


def _has_place(selection: Selection) -> bool:
    free = reserve.status(selection).free
    return free is None or free > 0


def _notify(objection: Objection, template: str, now: datetime, **context: Any) -> None:
    # After a new assessment was taken back the objection is answered again.
    times = objection.moves.filter(move=ObjectionMoves.TAKE_BACK.name).count()
    again = f":{times}" if times else ""
    outbox.write(
        template,
        to_email=objection.filed_by.email,
        user=objection.filed_by,
        key=f"{template.removeprefix('applications/')}:{objection.pk}{again}",
        now=now,
        objection=objection,
        application=objection.application,
        program=objection.application.sub_program,
        state=objection.get_state_display(),
        **context,
    )
