"""Objections (이의신청): filed once and in time, decided by other people, followed to the end."""

from collections.abc import Sequence
from datetime import datetime

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
from applications.queries import objection as queries
from applications.queries.selection import reserve
from applications.rules import selection as ranking
from applications.services.assessment import scoring
from applications.services.selection import decisions
from applications.states import (
    ApplicationMoves,
    BonusState,
    ChangeKind,
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
from programs.queries import holidays
from programs.rules import calendar

FORMATS = ("pdf", "hwp", "hwpx", "docx", "xlsx", "jpg", "png", "zip")
PAPERS = 5
TEXT_LENGTH = 4_000


def file(
    application: Application,
    *,
    text: str,
    uploads: "Sequence[File[bytes]]" = (),
    by: User,
    now: datetime,
) -> Objection:
    """File an objection with its evidence: once, in writing, before the clock has run out.

    The edge has checked that `by` may write for the company. Raises BadInput (`objection_text`,
    `file_…`), Closed (`objection_late`), MoveNotAllowed (`objected_before`).
    """
    text = text.strip()
    if not text or len(text) > TEXT_LENGTH:
        raise BadInput(f"이의 내용을 {TEXT_LENGTH:,}자 안에서 적어 주세요.", code="objection_text")
    if len(uploads) > PAPERS:
        raise BadInput(f"증빙은 {PAPERS}개까지 낼 수 있습니다.", code="file_count")
    found = [(upload, files.inspect(upload, allowed=FORMATS)) for upload in uploads]
    clock = queries.clock(application, now)
    if Objection.objects.filter(application=application).exists():
        raise MoveNotAllowed("이의신청은 신청마다 한 번만 할 수 있습니다.", code="objected_before")
    if clock is None:
        raise MoveNotAllowed("이의를 신청할 결정이 없습니다.", code="nothing_to_contest")
    if now >= clock.due_at:
        raise Closed("이의신청 기한이 지났습니다.", code="objection_late")
    days = application.sub_program.objection_answer_days
    try:
        with transaction.atomic():
            made = Objection.objects.create(
                application=application,
                decision_id=clock.decision,
                text=text,
                due_at=clock.due_at,
                filed_by=by,
                filed_at=now,
                answer_due_at=calendar.period_end(now, days, holidays()),
            )
            move(application, ApplicationMoves.OBJECT, by=by, now=now, owner=True)
            papers = {checked.sha256: (upload, checked) for upload, checked in found}
            for upload, checked in papers.values():
                ObjectionPaper.objects.create(
                    objection=made,
                    name=checked.name,
                    file=files.store(upload),
                    size=checked.size,
                    sha256=checked.sha256,
                    content_type=checked.content_type,
                )
            _tell(made, "applications/objection_filed", now)
    except IntegrityError as twice:
        if Objection.objects.filter(application=application).exists():
            raise MoveNotAllowed(
                "이의신청은 신청마다 한 번만 할 수 있습니다.", code="objected_before"
            ) from twice
        raise
    return made


def dismiss(objection: Objection, *, note: str, by: User, now: datetime) -> None:
    """Confirm the decision, with reasons. Raises MoveNotAllowed (`barred`)."""
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
        _tell(objection, "applications/objection_decided", now)


def uphold(
    objection: Objection,
    *,
    remedy: Remedy,
    note: str,
    bonuses: Sequence[BonusClaim] = (),
    by: User,
    now: datetime,
) -> None:
    """Uphold: recognise refused bonuses, or lead the application back to other assessors.

    Raises BadInput (`remedy`), MoveNotAllowed (`barred`).
    """
    refuse_barred(objection, by)
    if (remedy == Remedy.BONUS) != bool(bonuses):
        raise BadInput("다시 인정할 가점을 고르거나 재평가를 고르세요.", code="remedy")
    application = Application.objects.get(pk=objection.application_id)
    with transaction.atomic():
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
        _tell(objection, "applications/objection_decided", now)


def rescore(objection: Objection, *, by: User, now: datetime) -> ScoreRun:
    """Ask for the new run: the frozen rubric of the old one, linked to it, this case alone.

    Raises RuleBroken when new sheets are missing or unlocked, MoveNotAllowed.
    """
    selection = Selection.objects.select_related("run", "sub_program").get(
        pk=objection.decision.selection_id
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
    """Draft the new decision from a finished run of an objection; nothing for any other run.

    An officer who had no part in the old decision takes the draft up, a manager approves it.
    Whoever is ahead of the last selected is selected, whatever the places; where everybody at or
    above the floor was selected, whoever reaches it now, as long as a place is free. Safe to repeat.
    """
    objection = Objection.objects.filter(run=run).select_related("decision__selection").first()
    if objection is None or objection.state != ObjectionState.UPHELD:
        return None
    there = DecisionChange.objects.filter(
        application=objection.application_id, kind=ChangeKind.OBJECTION
    ).first()
    if there is not None:
        return there
    place, outcome, reason = _judged(objection, run)
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
    """Raise MoveNotAllowed (`barred`) for whoever decided or judged the case."""
    if by.pk in queries.barred(objection):
        raise MoveNotAllowed(
            "원래의 결정이나 평가에 참여한 사람은 이의신청을 처리할 수 없습니다.", code="barred"
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


def _judged(objection: Objection, run: ScoreRun) -> tuple[int, str, str]:
    """Put the new score among the old ones: rank, outcome, and the reason in words."""
    selection = objection.decision.selection
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
        ranking.Candidate(pk, total, raw, core, at, 0, passed)
        for rows in (others, own)
        for pk, total, raw, core, at, passed in rows.values_list(*columns).iterator()
    ]
    beyond = selection.decisions.filter(previous=None, reason_code=ranking.AID_LIMIT)
    beyond = beyond.exclude(application=objection.application_id)
    ranked = ranking.rank(candidates, set(beyond.values_list("application", flat=True)))
    found = next(row for row in ranked if row.candidate.id == objection.application_id)
    total, place = found.candidate.total, found.rank
    told = f"이의신청을 받아들여 다시 산정한 결과 {total}점, {place:,}위입니다."
    if not found.candidate.passed_floor:
        return place, Outcome.REJECTED, f"{told} 기준점수에 못 미칩니다."
    if place <= selection.cut.get("selected_count", 0):
        return place, Outcome.SELECTED, f"{told} 선정선 안에 있습니다."
    if selection.cut.get("stopped_by") == ranking.END and _has_place(selection):
        return place, Outcome.SELECTED, f"{told} 기준점수 이상을 모두 선정했으므로 선정됩니다."
    return place, Outcome.RESERVE, f"{told} 선정선 밖이어서 예비입니다."


def _has_place(selection: Selection) -> bool:
    free = reserve.standing(selection).free
    return free is None or free > 0


def _tell(objection: Objection, template: str, now: datetime) -> None:
    outbox.write(
        template,
        to_email=objection.filed_by.email,
        user=objection.filed_by,
        key=f"{template}:{objection.pk}",
        now=now,
        objection=objection,
        application=objection.application,
        program=objection.application.sub_program,
        state=objection.get_state_display(),
    )
