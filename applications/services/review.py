"""Assessors and their sheets: assigned without ties, marked per criterion, locked for good."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from applications.models import Application, Company, Member, Partner, ScoreSheet
from applications.states import ApplicationState, PartnerState
from portal import notices, snapshot
from portal import ties as conflict
from portal.errors import BadInput, Finding, MoveNotAllowed, NotFound, RuleBroken, StaleVersion
from portal.models import User
from portal.roles import ASSESSOR, roles_of
from portal.workflow import move
from programs.models import Criterion

REASON_LENGTH = 2_000
TAKING_PART = [PartnerState.INVITED, PartnerState.ACCEPTED]


def candidates(application: Application) -> QuerySet[User]:
    """Assessors who have no sheet for this application yet, tied or not."""
    return (
        User.objects.filter(is_active=True, groups__name=ASSESSOR)
        .exclude(pk__in=application.sheets.values("assessor"))
        .order_by("name", "pk")
    )


def ties(application: Application, assessor: User) -> list[Finding]:
    """Every reason why this assessor may not judge this application."""
    return ties_of(application, [assessor])[assessor.pk]


def ties_of(application: Application, assessors: Sequence[User]) -> dict[int, list[Finding]]:
    """Every tie of every assessor, by the assessor's pk, in a fixed number of queries."""
    parties = _parties(application)
    jobs: dict[int, list[Member]] = {assessor.pk: [] for assessor in assessors}
    for job in Member.objects.filter(user__in=jobs).select_related("company"):
        jobs[job.user_id].append(job)
    return {
        assessor.pk: conflict.ties(_person(assessor, jobs[assessor.pk]), parties, who="평가위원")
        for assessor in assessors
    }


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
    tied = ties_of(application, assessors)
    findings = [
        Finding(tie.code, f"{assessor} 평가위원 - {tie.message}")
        for assessor in assessors
        for tie in tied[assessor.pk]
    ]
    if findings:
        raise RuleBroken(findings, message="이해관계가 있어 배정할 수 없습니다.")
    names = ", ".join(str(assessor) for assessor in assessors)
    with transaction.atomic():
        move(application, "assign", by=by, now=now, note=f"배정: {names}")
        if application.sheets.filter(assessor__in=assessors).exists():
            raise MoveNotAllowed("이미 배정된 평가위원이 있습니다.", code="already_assigned")
        sheets = ScoreSheet.objects.bulk_create(
            ScoreSheet(application=application, assessor=assessor, assigned_by=by, assigned_at=now)
            for assessor in assessors
        )
        for sheet in sheets:
            notices.write(
                "sheet_assigned",
                to_email=sheet.assessor.email,
                user=sheet.assessor,
                key=f"assigned:{sheet.pk}",
                now=now,
                sheet=sheet,
            )
    return sheets


def unassign(sheet: ScoreSheet, *, note: str, by: User, now: datetime) -> None:
    """Take a sheet that is not locked away from its assessor. Raises MoveNotAllowed."""
    with transaction.atomic():
        words = f"{sheet.assessor}: {note.strip()}" if note.strip() else ""
        move(sheet.application, "unassign", by=by, now=now, note=words)
        removed, _ = ScoreSheet.objects.filter(pk=sheet.pk, locked_at=None).delete()
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
) -> ScoreSheet:
    """Keep what the assessor has so far; gaps are allowed until the lock.

    Marks are whole points per criterion code. Raises BadInput for a mark out of range,
    StaleVersion when it was saved elsewhere meanwhile, MoveNotAllowed after the lock.
    """
    _own(sheet, by)
    criteria = _criteria(sheet)
    kept = _checked_marks(criteria, marks)
    words = {code: text.strip() for code, text in reasons.items() if text.strip()}
    if set(words) - set(criteria) or any(len(text) > REASON_LENGTH for text in words.values()):
        raise BadInput(f"평가 의견은 항목마다 {REASON_LENGTH:,}자까지 씁니다.", code="reasons")
    changed = ScoreSheet.objects.filter(
        pk=sheet.pk,
        version=version,
        locked_at=None,
        application__state=ApplicationState.ASSESSING,
    ).update(marks=kept, reasons=words, comment=comment.strip(), version=version + 1)
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
    if findings := unready(sheet) + ties(sheet.application, by):
        raise RuleBroken(findings, message="평가표를 제출할 수 없습니다.")
    with transaction.atomic():
        move(sheet.application, "lock_sheet", by=by, now=now)
        changed = ScoreSheet.objects.filter(
            pk=sheet.pk, version=sheet.version, locked_at=None
        ).update(locked_at=now, sha256=digest(sheet))
        if not changed:
            raise _why_not(sheet)
    sheet.refresh_from_db()
    return sheet


def unready(sheet: ScoreSheet) -> list[Finding]:
    """Everything that a sheet lacks before it can be handed in."""
    findings = []
    for criterion in sheet.application.sub_program.criteria.all():
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


def _criteria(sheet: ScoreSheet) -> dict[str, Criterion]:
    return {row.code: row for row in sheet.application.sub_program.criteria.all()}


def _checked_marks(
    criteria: Mapping[str, Criterion], marks: Mapping[str, int | None]
) -> dict[str, int]:
    kept = {code: points for code, points in marks.items() if points is not None}
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


def _why_not(sheet: ScoreSheet) -> StaleVersion | MoveNotAllowed:
    fresh = ScoreSheet.objects.select_related("application").filter(pk=sheet.pk).first()
    if fresh is None:
        return MoveNotAllowed("배정이 취소된 평가표입니다.", code="unassigned")
    if fresh.locked_at is not None:
        return _locked()
    if fresh.application.state != ApplicationState.ASSESSING:
        return MoveNotAllowed("평가 중인 신청이 아니어서 저장할 수 없습니다.")
    return StaleVersion()


def _locked() -> MoveNotAllowed:
    return MoveNotAllowed("제출한 평가표는 고칠 수 없습니다.", code="sheet_locked")


def _person(assessor: User, jobs: Sequence[Member]) -> conflict.Person:
    return conflict.Person(
        name=str(assessor),
        user_id=assessor.pk,
        email=assessor.email,
        phone=assessor.phone,
        business_numbers=frozenset(job.company.business_number for job in jobs),
        company_ids=frozenset(job.company_id for job in jobs),
    )


def _parties(application: Application) -> list[conflict.Party]:
    """The applicant and everybody who takes part, with the contacts of their people."""
    partners = list(
        application.partners.filter(state__in=TAKING_PART).select_related("company").order_by("pk")
    )
    companies = [application.company_id, *(row.company_id for row in partners if row.company_id)]
    people: dict[int, list[User]] = {}
    for member in Member.objects.filter(company__in=companies).select_related("user"):
        people.setdefault(member.company_id, []).append(member.user)
    labels = {row["role"]: row["label"] for row in application.sub_program.partner_roles}
    applicant = _party(application.company, "신청기업", people)
    return [
        applicant,
        *(_partner(row, labels.get(row.role, "참여기관"), people) for row in partners),
    ]


def _party(
    company: Company, role: str, people: Mapping[int, Sequence[User]], *, email: str = ""
) -> conflict.Party:
    members = people.get(company.pk, ())
    return conflict.Party(
        name=company.name,
        role=role,
        business_number=company.business_number,
        phones=frozenset({company.phone, *(user.phone for user in members)} - {""}),
        emails=frozenset({email, *(user.email for user in members)} - {""}),
        address=company.address,
        company_id=company.pk,
        member_user_ids=frozenset(user.pk for user in members),
    )


def _partner(row: Partner, role: str, people: Mapping[int, Sequence[User]]) -> conflict.Party:
    if row.company is not None:
        return _party(row.company, role, people, email=row.email)
    return conflict.Party(name=row.company_name, role=role, emails=frozenset({row.email}))
