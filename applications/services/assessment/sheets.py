"""Score sheets of assessors.

Assigned without ties, opened after a conflict statement, marked per criterion, then locked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from applications.models import Application, ConflictStatement, ScoreSheet
from applications.queries.assessment import committee as people
from applications.roles import ASSESSOR
from applications.rules.assessment.scoring import Criterion
from applications.services.assessment import conflicts, rubrics
from applications.states import ApplicationMoves, ApplicationState
from portal.access.roles import roles_of
from portal.core.errors import (
    BadInput,
    Finding,
    MoveNotAllowed,
    NotFound,
    RuleBroken,
    StaleVersion,
)
from portal.core.versions import earlier_save
from portal.forms.people import told_apart
from portal.models import User
from portal.notices import staff as staff_notices
from portal.records import snapshot
from portal.records.workflow import move
from programs.models import SubProgram
from programs.queries.calendar import holidays
from programs.rules import deadlines

REASON_LENGTH = 2_000
STATEMENT_LENGTH = 400
STEP = "assessing"  # the process step whose planned days the assessors have


def candidates(application: Application) -> QuerySet[User]:
    """Return the assessors without a sheet for this application, tied or not, by name."""
    return people.assessors().exclude(pk__in=application.sheets.values("assessor"))


def assign(application: Application, *, assessor: User, by: User, now: datetime) -> ScoreSheet:
    """Assign one assessor; raises as `assign_all` does."""
    return assign_all(application, assessors=[assessor], by=by, now=now)[0]


def assign_all(
    application: Application, *, assessors: Sequence[User], by: User, now: datetime
) -> list[ScoreSheet]:
    """Assign several assessors to an application: all or none.

    Raises RuleBroken with every tie of each of them, BadInput (`assessor`) for somebody who is no
    assessor, MoveNotAllowed (`already_assigned`).
    """
    for assessor in assessors:
        if ASSESSOR not in roles_of(assessor):
            raise BadInput(f"{told_apart(assessor)}님은 평가위원이 아닙니다.", code="assessor")
    tied = conflicts.ties_of(application, assessors)
    findings = [
        Finding(tie.code, f"{told_apart(assessor)} 평가위원 - {tie.message}")
        for assessor in assessors
        for tie in tied[assessor.pk]
    ]
    if findings:
        raise RuleBroken(findings, message="이해관계가 있어 배정할 수 없습니다.")
    names = ", ".join(map(told_apart, assessors))
    with transaction.atomic():
        move(application, ApplicationMoves.ASSIGN, by=by, now=now, note=f"배정: {names}")
        if application.sheets.filter(assessor__in=assessors).exists():
            raise MoveNotAllowed("이미 배정된 평가위원이 있습니다.", code="already_assigned")
        rubric = rubrics.freeze(application.sub_program, by=by, now=now)
        sheets = ScoreSheet.objects.bulk_create(
            ScoreSheet(
                application=application,
                assessor=assessor,
                rubric=rubric,
                assigned_by=by,
                assigned_at=now,
                due_at=due_at(application.sub_program, now),
            )
            for assessor in assessors
        )
        for sheet in sheets:
            staff_notices.tell(
                "applications/sheet_assigned",
                user=sheet.assessor,
                about=application.sub_program_id,
                key=f"assigned:{sheet.pk}",
                now=now,
                program=application.sub_program,
                count=1,
                due_at=sheet.due_at,
            )
    return sheets


def due_at(sub_program: SubProgram, now: datetime) -> datetime | None:
    """Return when a sheet assigned now is due, None when the assessment step states no days."""
    step = next((row for row in sub_program.steps if row["code"] == STEP), None)
    return deadlines.step_due(step, now, holidays()) if step else None


def declare(sheet: ScoreSheet, *, tied: bool, words: str, by: User, now: datetime) -> ScoreSheet:
    """Record the assessor's conflict statement, which opens the application or ends the sheet.

    With a tie the sheet is abstained, the tie recorded and the officers notified. Raises BadInput
    (`words`) for a tie without a description, MoveNotAllowed (`declared`) for a second statement.
    """
    _require_owner(sheet, by)
    text = _checked_reason(words) if tied else words.strip()[:STATEMENT_LENGTH]
    with transaction.atomic():
        opened = ScoreSheet.objects.waiting().filter(pk=sheet.pk, declared_at=None)
        if not opened.update(declared_at=now):
            raise _refusal(sheet, "이해관계를 이미 확인한 평가표입니다.")
        ConflictStatement.objects.create(
            application_id=sheet.application_id, assessor=by, tied=tied, words=text, at=now
        )
        if tied:
            conflicts.record_statement(sheet.application_id, by, statement=text, now=now)
            _abstain(sheet, f"이해관계 신고: {text}", by, now)
    sheet.refresh_from_db()
    return sheet


def abstain(sheet: ScoreSheet, *, reason: str, by: User, now: datetime) -> ScoreSheet:
    """Let the assessor abstain from a sheet that is not locked; officers are notified.

    Raises BadInput (`words`) without a reason, MoveNotAllowed after the lock.
    """
    _require_owner(sheet, by)
    text = _checked_reason(reason)
    with transaction.atomic():
        _abstain(sheet, text, by, now)
    sheet.refresh_from_db()
    return sheet


def unassign(sheet: ScoreSheet, *, note: str, by: User, now: datetime) -> None:
    """Delete a sheet that is not locked. Raises MoveNotAllowed."""
    with transaction.atomic():
        text = f"{told_apart(sheet.assessor)}: {note.strip()}" if note.strip() else ""
        move(sheet.application, ApplicationMoves.UNASSIGN, by=by, now=now, note=text)
        removed, _ = ScoreSheet.objects.waiting().filter(pk=sheet.pk).delete()
        if not removed:
            raise _locked()


def close(applications: Iterable[int] | QuerySet[Any], *, reason: str, now: datetime) -> int:
    """End the sheets that still wait at applications whose assessment is over; tell the assessors.

    Sheets already submitted stay as they are. Returns how many were closed.
    """
    waiting = ScoreSheet.objects.waiting().filter(application__in=applications)
    rows = list(
        waiting.select_related("assessor", "application__sub_program").order_by("assessor", "pk")
    )
    closed = [
        row
        for row in rows
        if ScoreSheet.objects.waiting()
        .filter(pk=row.pk)
        .update(withdrawn_at=now, end_reason=reason)
    ]
    by_assessor: dict[User, list[ScoreSheet]] = {}
    for row in closed:
        by_assessor.setdefault(row.assessor, []).append(row)
    for assessor, sheets in by_assessor.items():
        staff_notices.tell(
            "applications/sheet_closed",
            user=assessor,
            about=sheets[0].application.sub_program_id,
            key=f"sheet-closed:{sheets[0].pk}:{now.isoformat()}",
            now=now,
            program=sheets[0].application.sub_program,
            count=len(sheets),
            reason=reason,
        )
    return len(closed)


def stop(application: Application, *, since: datetime, reason: str, now: datetime) -> None:
    """End every sheet assigned since then, submitted ones too; their marks are kept and not counted."""
    close([application.pk], reason=reason, now=now)
    ScoreSheet.objects.counted().filter(application=application, assigned_at__gte=since).update(
        withdrawn_at=now, end_reason=reason
    )


def save(
    sheet: ScoreSheet,
    *,
    marks: Mapping[str, int | None],
    reasons: Mapping[str, str],
    comment: str,
    version: int,
    by: User,
    now: datetime,
    skipped: Collection[str] = (),
) -> ScoreSheet:
    """Store an unfinished sheet; gaps are allowed until the lock.

    `marks` are whole points by criterion code, `skipped` the criteria marked as not applicable.
    Raises BadInput (`marks`, `skipped`, `reasons`), StaleVersion when it was saved elsewhere in
    between, MoveNotAllowed after the lock or before the conflict statement.
    """
    _require_owner(sheet, by)
    criteria = _criteria(sheet)
    kept = _checked_marks(criteria, marks) | _checked_skips(criteria, skipped)
    texts = {code: text.strip() for code, text in reasons.items() if text.strip()}
    if set(texts) - set(criteria) or any(len(text) > REASON_LENGTH for text in texts.values()):
        raise BadInput(f"평가 의견은 항목마다 {REASON_LENGTH:,}자까지 씁니다.", code="reasons")
    open_rows = ScoreSheet.objects.waiting().filter(
        pk=sheet.pk,
        version=version,
        declared_at__isnull=False,
        application__state=ApplicationState.ASSESSING,
    )
    changed = open_rows.update(
        marks=kept, reasons=texts, comment=comment.strip(), version=version + 1
    )
    if not changed:
        raise _refusal(sheet)
    sheet.refresh_from_db()
    return sheet


def lock(sheet: ScoreSheet, *, by: User, now: datetime) -> ScoreSheet:
    """Submit the sheet: hashed and, from now on, immutable in the database as well.

    Raises RuleBroken with every criterion without a mark or a reason and every tie found since the
    assignment, MoveNotAllowed.
    """
    _require_owner(sheet, by)
    sheet.refresh_from_db()
    if sheet.ended:
        raise _refusal(sheet)
    if findings := unready(sheet) + _later_ties(sheet, by):
        raise RuleBroken(findings, message="평가표를 제출할 수 없습니다.")
    with transaction.atomic():
        move(sheet.application, ApplicationMoves.LOCK_SHEET, by=by, now=now)
        open_rows = ScoreSheet.objects.waiting().filter(
            pk=sheet.pk, version=sheet.version, declared_at__isnull=False
        )
        changed = open_rows.update(locked_at=now, sha256=digest(sheet))
        if not changed:
            raise _refusal(sheet)
    sheet.refresh_from_db()
    return sheet


def unready(sheet: ScoreSheet) -> list[Finding]:
    """Return everything a sheet lacks before it can be submitted."""
    findings = []
    for criterion in rubrics.of_sheet(sheet).criteria:
        if criterion.code not in sheet.marks:
            findings.append(
                Finding(f"mark_missing:{criterion.code}", f"점수를 입력하세요: {criterion.label}")
            )
        if not sheet.reasons.get(criterion.code):
            findings.append(
                Finding(
                    f"reason_missing:{criterion.code}", f"평가 의견을 적으세요: {criterion.label}"
                )
            )
    return findings


def digest(sheet: ScoreSheet) -> str:
    """Return the hash under which a sheet is locked."""
    return snapshot.sha256(
        {
            "application": sheet.application_id,
            "assessor": sheet.assessor_id,
            "marks": sheet.marks,
            "reasons": sheet.reasons,
            "comment": sheet.comment,
        }
    )


def _require_owner(sheet: ScoreSheet, by: User) -> None:
    if sheet.assessor_id != by.pk:
        raise NotFound()


def _checked_reason(reason: str) -> str:
    text = reason.strip()
    if not text or len(text) > STATEMENT_LENGTH:
        raise BadInput(f"사유를 {STATEMENT_LENGTH}자까지 적으세요.", code="words")
    return text


def _abstain(sheet: ScoreSheet, reason: str, by: User, now: datetime) -> None:
    move(sheet.application, ApplicationMoves.ABSTAIN, by=by, now=now, note=reason)
    open_rows = ScoreSheet.objects.waiting().filter(pk=sheet.pk)
    if not open_rows.update(abstained_at=now, end_reason=reason):
        raise _refusal(sheet)
    conflicts.tell_of_end(sheet, "회피", reason, now)


def _later_ties(sheet: ScoreSheet, by: User) -> list[Finding]:
    kept = set(conflicts.kept_ties(sheet).values_list("code", flat=True))
    ties = [row for row in conflicts.ties(sheet.application, by) if row.code not in kept]
    # In a blind stage the message must not name the company.
    if ties and sheet.application.sub_program.blind:
        return [Finding("tied", "이 신청과 이해관계가 확인되었습니다.")]
    return ties


def _criteria(sheet: ScoreSheet) -> dict[str, Criterion]:
    return {row.code: row for row in rubrics.of_sheet(sheet).criteria}


def _checked_skips(
    criteria: Mapping[str, Criterion], skipped: Collection[str]
) -> dict[str, int | None]:
    for code in skipped:
        if code not in criteria or not criteria[code].skippable:
            label = criteria[code].label if code in criteria else code
            raise BadInput(f"‘{label}’ 항목은 해당 없음으로 둘 수 없습니다.", code="skipped")
    return dict.fromkeys(skipped)


def _checked_marks(
    criteria: Mapping[str, Criterion], marks: Mapping[str, int | None]
) -> dict[str, int | None]:
    kept: dict[str, int | None] = {
        code: points for code, points in marks.items() if points is not None
    }
    if unknown := ", ".join(sorted(set(kept) - set(criteria))):
        raise BadInput(f"평가표에 없는 항목입니다: {unknown}", code="marks")
    for code, points in kept.items():
        limit = criteria[code].max_points
        if type(points) is not int or not 0 <= points <= limit:
            raise BadInput(
                f"‘{criteria[code].label}’ 점수는 0점에서 {limit}점 사이의 정수여야 합니다.",
                code="marks",
            )
    return kept


def _refusal(sheet: ScoreSheet, otherwise: str = "") -> StaleVersion | MoveNotAllowed:
    fresh = ScoreSheet.objects.select_related("application").filter(pk=sheet.pk).first()
    if fresh is None:
        return MoveNotAllowed("배정이 취소된 평가표입니다.", code="unassigned")
    if fresh.ended:
        return MoveNotAllowed("회피했거나 제외된 평가표입니다.", code="sheet_ended")
    if fresh.locked_at is not None:
        return _locked()
    if fresh.application.state != ApplicationState.ASSESSING:
        return MoveNotAllowed("평가 중인 신청이 아니어서 저장할 수 없습니다.")
    if otherwise:
        return MoveNotAllowed(otherwise, code="declared")
    if fresh.declared_at is None:
        return MoveNotAllowed("먼저 이해관계를 확인하세요.", code="undeclared")
    return earlier_save("", own=True)  # nobody else may write on it


def _locked() -> MoveNotAllowed:
    return MoveNotAllowed("제출한 평가표는 고칠 수 없습니다.", code="sheet_locked")
