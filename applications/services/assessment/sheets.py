"""Assessors and their sheets: assigned without ties, opened after a word on conflicts, marked per
criterion, locked for good.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from applications.models import Application, ConflictStatement, ScoreSheet
from applications.roles import ASSESSOR
from applications.rules.assessment.scoring import Criterion
from applications.services.assessment import conflicts, rubrics
from applications.states import ApplicationMoves, ApplicationState
from portal.access.roles import roles_of
from portal.core.errors import BadInput, Finding, MoveNotAllowed, NotFound, RuleBroken, StaleVersion
from portal.models import User
from portal.notices import outbox
from portal.records import snapshot
from portal.records.workflow import move
from programs.models import SubProgram

REASON_LENGTH = 2_000
WORDS_LENGTH = 400
STEP = "assessing"  # the step of the process whose planned days are the assessors' time


def candidates(application: Application) -> QuerySet[User]:
    """Assessors who have no sheet for this application yet, tied or not."""
    return (
        User.objects.filter(is_active=True, groups__name=ASSESSOR)
        .exclude(pk__in=application.sheets.values("assessor"))
        .order_by("name", "pk")
    )


def assign(application: Application, *, assessor: User, by: User, now: datetime) -> ScoreSheet:
    """Give the application to an assessor. Raises RuleBroken with every tie, MoveNotAllowed."""
    return assign_all(application, assessors=[assessor], by=by, now=now)[0]


def assign_all(
    application: Application, *, assessors: Sequence[User], by: User, now: datetime
) -> list[ScoreSheet]:
    """Give the application to several assessors: all of them or none.

    Raises RuleBroken with every tie of every one of them, BadInput (`assessor`) for somebody who
    is no assessor, MoveNotAllowed.
    """
    for assessor in assessors:
        if ASSESSOR not in roles_of(assessor):
            raise BadInput(f"{assessor}님은 평가위원이 아닙니다.", code="assessor")
    tied = conflicts.ties_of(application, assessors)
    findings = [
        Finding(tie.code, f"{assessor} 평가위원 - {tie.message}")
        for assessor in assessors
        for tie in tied[assessor.pk]
    ]
    if findings:
        raise RuleBroken(findings, message="이해관계가 있어 배정할 수 없습니다.")
    names = ", ".join(str(assessor) for assessor in assessors)
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
            outbox.write(
                "applications/sheet_assigned",
                to_email=sheet.assessor.email,
                user=sheet.assessor,
                key=f"assigned:{sheet.pk}",
                now=now,
                program=application.sub_program,
                count=1,
                due_at=sheet.due_at,
            )
    return sheets


def due_at(sub_program: SubProgram, now: datetime) -> datetime | None:
    """When a sheet given out now is due: after the planned days of the assessment, if stated."""
    days = next((row.get("days") for row in sub_program.steps if row["code"] == STEP), None)
    return now + timedelta(days=days) if days else None


def declare(sheet: ScoreSheet, *, tied: bool, words: str, by: User, now: datetime) -> ScoreSheet:
    """Take the assessor's word on conflicts of interest, before the file opens; it stays on record.

    Without a tie the file opens. With one the sheet ends as abstained, the tie stands as found,
    and the officers are told. Raises BadInput (`words`) for a tie that is not told,
    MoveNotAllowed when it has been said before.
    """
    _own(sheet, by)
    text = _said(words) if tied else words.strip()[:WORDS_LENGTH]
    with transaction.atomic():
        opened = ScoreSheet.objects.waiting().filter(pk=sheet.pk, declared_at=None)
        if not opened.update(declared_at=now):
            raise _why_not(sheet, "이해관계를 이미 확인한 평가표입니다.")
        ConflictStatement.objects.create(
            application_id=sheet.application_id, assessor=by, tied=tied, words=text, at=now
        )
        if tied:
            conflicts.state(sheet, words=text, now=now)
            _abstain(sheet, f"이해관계 신고: {text}", by, now)
    sheet.refresh_from_db()
    return sheet


def abstain(sheet: ScoreSheet, *, reason: str, by: User, now: datetime) -> ScoreSheet:
    """Let the assessor step back from a sheet that is not handed in; officers see a free place.

    Raises BadInput (`words`) without a reason, MoveNotAllowed after the lock.
    """
    _own(sheet, by)
    text = _said(reason)
    with transaction.atomic():
        _abstain(sheet, text, by, now)
    sheet.refresh_from_db()
    return sheet


def challenge(sheet: ScoreSheet, *, note: str, by: User, now: datetime) -> None:
    """Take a sheet out of the sum because a party objected to its assessor and was right (기피).

    Possible for a locked sheet as well: its marks stay readable. Raises MoveNotAllowed.
    """
    words = f"기피 신청 인용: {note.strip()}"
    with transaction.atomic():
        if not note.strip() or not conflicts.withdraw(
            ScoreSheet.objects.filter(pk=sheet.pk), reason=words, by=by, now=now
        ):
            raise MoveNotAllowed("사유를 적어야 하며, 이미 끝난 평가표는 뺄 수 없습니다.")


def unassign(sheet: ScoreSheet, *, note: str, by: User, now: datetime) -> None:
    """Take a sheet that is not locked away from its assessor. Raises MoveNotAllowed."""
    with transaction.atomic():
        words = f"{sheet.assessor}: {note.strip()}" if note.strip() else ""
        move(sheet.application, ApplicationMoves.UNASSIGN, by=by, now=now, note=words)
        removed, _ = ScoreSheet.objects.waiting().filter(pk=sheet.pk).delete()
        if not removed:
            raise _locked()


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
    """Keep what the assessor has so far; gaps are allowed until the lock.

    Marks are whole points per criterion code; `skipped` are criteria marked as not applicable.
    Raises BadInput for a mark out of range or a criterion that must be judged, StaleVersion when
    it was saved elsewhere meanwhile, MoveNotAllowed after the lock or before the assessor's word
    on conflicts of interest.
    """
    _own(sheet, by)
    criteria = _criteria(sheet)
    kept = _checked_marks(criteria, marks) | _checked_skips(criteria, skipped)
    words = {code: text.strip() for code, text in reasons.items() if text.strip()}
    if set(words) - set(criteria) or any(len(text) > REASON_LENGTH for text in words.values()):
        raise BadInput(f"평가 의견은 항목마다 {REASON_LENGTH:,}자까지 씁니다.", code="reasons")
    opened = ScoreSheet.objects.waiting().filter(
        pk=sheet.pk,
        version=version,
        declared_at__isnull=False,
        application__state=ApplicationState.ASSESSING,
    )
    changed = opened.update(marks=kept, reasons=words, comment=comment.strip(), version=version + 1)
    if not changed:
        raise _why_not(sheet)
    sheet.refresh_from_db()
    return sheet


def lock(sheet: ScoreSheet, *, by: User, now: datetime) -> ScoreSheet:
    """Hand the sheet in: hashed, and unchangeable from now on, in the database as well.

    Raises RuleBroken with every criterion that lacks a mark or a reason and every tie that has
    come up since, MoveNotAllowed.
    """
    _own(sheet, by)
    sheet.refresh_from_db()
    if sheet.ended:
        raise _why_not(sheet)
    if findings := unready(sheet) + _untied(sheet, by):
        raise RuleBroken(findings, message="평가표를 제출할 수 없습니다.")
    with transaction.atomic():
        move(sheet.application, ApplicationMoves.LOCK_SHEET, by=by, now=now)
        opened = ScoreSheet.objects.waiting().filter(
            pk=sheet.pk, version=sheet.version, declared_at__isnull=False
        )
        changed = opened.update(locked_at=now, sha256=digest(sheet))
        if not changed:
            raise _why_not(sheet)
    sheet.refresh_from_db()
    return sheet


def unready(sheet: ScoreSheet) -> list[Finding]:
    """Everything that a sheet lacks before it can be handed in."""
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
    """The hash a sheet is locked under: whose, of what, and every word of it."""
    return snapshot.sha256(
        {
            "application": sheet.application_id,
            "assessor": sheet.assessor_id,
            "marks": sheet.marks,
            "reasons": sheet.reasons,
            "comment": sheet.comment,
        }
    )


def _own(sheet: ScoreSheet, by: User) -> None:
    if sheet.assessor_id != by.pk:
        raise NotFound()


def _said(words: str) -> str:
    text = words.strip()
    if not text or len(text) > WORDS_LENGTH:
        raise BadInput(f"사유를 {WORDS_LENGTH}자까지 적으세요.", code="words")
    return text


def _abstain(sheet: ScoreSheet, reason: str, by: User, now: datetime) -> None:
    move(sheet.application, ApplicationMoves.ABSTAIN, by=by, now=now, note=reason)
    waiting = ScoreSheet.objects.waiting().filter(pk=sheet.pk)
    if not waiting.update(abstained_at=now, end_reason=reason):
        raise _why_not(sheet)
    conflicts.tell_officers(sheet, "회피", reason, now)


def _untied(sheet: ScoreSheet, by: User) -> list[Finding]:
    """Ties that came up since; where the applicant is hidden, so is the firm that they name."""
    found = conflicts.ties(sheet.application, by)
    if found and sheet.application.sub_program.blind:
        return [Finding("tied", "이 신청과 이해관계가 확인되었습니다.")]
    return found


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
    if strange := ", ".join(sorted(set(kept) - set(criteria))):
        raise BadInput(f"평가표에 없는 항목입니다: {strange}", code="marks")
    for code, points in kept.items():
        limit = criteria[code].max_points
        if type(points) is not int or not 0 <= points <= limit:
            raise BadInput(
                f"‘{criteria[code].label}’ 점수는 0점에서 {limit}점 사이의 정수여야 합니다.",
                code="marks",
            )
    return kept


def _why_not(sheet: ScoreSheet, otherwise: str = "") -> StaleVersion | MoveNotAllowed:
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
    return StaleVersion()


def _locked() -> MoveNotAllowed:
    return MoveNotAllowed("제출한 평가표는 고칠 수 없습니다.", code="sheet_locked")
