"""Writing a report: draft, pictures, submission; reminders before it is due."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F

from portal.core.clock import KST
from portal.core.errors import (
    BadInput,
    Finding,
    MoveNotAllowed,
    RuleBroken,
    StaleVersion,
)
from portal.core.versions import earlier_save
from portal.jobs import broker, queue
from portal.models import Notice, User
from portal.notices import outbox
from portal.records import snapshot
from portal.records.workflow import move
from portal.uploads import files
from vouchers.models import (
    Assignment,
    ConsumerReport,
    ReportEvidence,
    ReportPlan,
    ReportVersion,
)
from vouchers.rules.reports import writing as writing_rules
from vouchers.services.reports import pictures
from vouchers.states import AssignmentState, MonitorState, ReportMoves, ReportState

SCREEN_JOB = "vouchers.screen_report"
WRITABLE = (ReportState.DRAFT, ReportState.RETURNED)
REMINDED_AT_ONCE = 2_000


class SaveConflict(StaleVersion):
    """The report was saved in another window; `report` is the saved state."""

    def __init__(self, report: ConsumerReport) -> None:
        then = "두 내용을 견주어 보고 다시 저장하세요."
        super().__init__(earlier_save("", report.saved_at, own=True, then=then).message)
        self.report = report


def start(assignment: Assignment, *, by: User, now: datetime) -> ConsumerReport:
    """Return the report of an assignment, created if there is none.

    Raises MoveNotAllowed: `assignment_over` for a dropped assignment or a former member, `no_plan`
    while the round has no report rules.
    """
    _check_open(assignment)
    if not ReportPlan.objects.filter(round=assignment.round_id).exists():
        raise MoveNotAllowed(
            "이 회차의 보고서 서식이 아직 정해지지 않았습니다. 정해지면 쓸 수 있습니다.",
            code="no_plan",
        )
    report, _ = ConsumerReport.objects.get_or_create(assignment=assignment)
    return report


@transaction.atomic
def save(
    report: ConsumerReport,
    *,
    texts: Mapping[str, str],
    ratings: Mapping[str, object],
    used_from: date | None,
    used_to: date | None,
    version: int,
    by: User,
    now: datetime,
) -> ConsumerReport:
    """Save the draft as a whole; it may be incomplete, but not hold invalid values.

    Raises SaveConflict when it was saved since `version`, RuleBroken (`invalid:…`), MoveNotAllowed
    (`already_submitted`, `assignment_over`).
    """
    form = writing_rules.parse(plan_of(report).form)
    values = _read(form, texts, ratings)
    _check_open(report.assignment)
    changed = ConsumerReport.objects.filter(
        pk=report.pk, version=version, state__in=WRITABLE
    ).update(
        texts=values[0],
        ratings=values[1],
        used_from=used_from,
        used_to=used_to,
        version=F("version") + 1,
        saved_at=now,
        updated_at=now,
    )
    report.refresh_from_db()
    if not changed:
        _check_writable(report)
        raise SaveConflict(report)
    return report


@transaction.atomic
def add_picture(
    report: ConsumerReport, *, upload: "File[bytes]", caption: str, by: User, now: datetime
) -> ReportEvidence:
    """Store a re-encoded picture of the use.

    Raises BadInput (`file_…`, `caption`, `file_repeated`, `file_count`), MoveNotAllowed.
    """
    if not caption.strip():
        raise BadInput("그림마다 무엇인지 설명을 적어 주세요.", code="caption")
    picture = pictures.reencode(upload)
    _touch(report, now)
    hashes = list(report.evidence.filter(removed_at=None).values_list("sha256", flat=True))
    most = writing_rules.parse(plan_of(report).form).evidence_most
    if picture.sha256 in hashes:
        raise BadInput("같은 그림을 이미 올렸습니다.", code="file_repeated")
    if len(hashes) >= most:
        raise BadInput(f"그림은 {most}장까지 올릴 수 있습니다.", code="file_count")
    return ReportEvidence.objects.create(
        report=report,
        caption=caption.strip(),
        file=files.store_bytes(picture.data),
        sha256=picture.sha256,
        content_type=picture.content_type,
        size=len(picture.data),
        width=picture.width,
        height=picture.height,
        added_at=now,
    )


@transaction.atomic
def remove_picture(picture: ReportEvidence, *, by: User, now: datetime) -> None:
    """Remove a picture from the draft; submitted versions keep its hash. Raises MoveNotAllowed."""
    _touch(picture.report, now)
    ReportEvidence.objects.filter(pk=picture.pk, removed_at=None).update(removed_at=now)


def missing(report: ConsumerReport, *, now: datetime) -> list[Finding]:
    """Return everything that is missing before the draft can be submitted."""
    return writing_rules.missing(
        writing_rules.parse(plan_of(report).form),
        texts=report.texts,
        ratings=report.ratings,
        used_from=report.used_from,
        used_to=report.used_to,
        evidence=report.evidence.filter(removed_at=None).count(),
        today=now.astimezone(KST).date(),
    )


@transaction.atomic
def submit(report: ConsumerReport, *, version: int, by: User, now: datetime) -> ReportVersion:
    """Submit the report: freeze and hash a version, enqueue its automatic checks.

    Raises RuleBroken with everything missing, SaveConflict when it was saved since `version`,
    MoveNotAllowed.
    """
    report = ConsumerReport.objects.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
    _check_open(report.assignment)
    _check_writable(report)
    if report.version != version:
        raise SaveConflict(report)
    if lacking := missing(report, now=now):
        raise RuleBroken(lacking, code="report_incomplete")
    number = report.versions.count() + 1
    content = snapshot.to_plain(_content(report, number, now))
    filed = ReportVersion.objects.create(
        report=report,
        number=number,
        content=content,
        sha256=snapshot.sha256_of_plain(content),
        submitted_at=now,
    )
    move(
        report,
        ReportMoves.SUBMIT,
        by=by,
        now=now,
        owner=True,
        where={"version": version},
        changes={"filed": filed, "submitted_at": report.submitted_at or now},
    )
    queue.enqueue(SCREEN_JOB, key=f"screen-report:{filed.pk}", new=True, version=filed.pk)
    return filed


def remind(now: datetime) -> int:
    """Queue the due reminders for reports not yet submitted; return their number.

    Safe to repeat: each reminder has a key, which includes the due date.
    """
    queued = 0
    for plan in ReportPlan.objects.select_related("round").filter(
        round__active_until__isnull=False
    ):
        due_at = plan.round.active_until
        if due_at is None or now >= due_at + timedelta(days=1):
            continue
        for day in writing_rules.reminders_due(due_at, now, plan.reminder_days):
            queued += _remind(plan, due_at, day, now)
    if queued:
        broker.notify("portal.notices.tasks.send_notices")
    return queued


def plan_of(report: ConsumerReport) -> ReportPlan:
    return report.assignment.round.plan


def _remind(plan: ReportPlan, due_at: datetime, day: int, now: datetime) -> int:
    pending = (
        Assignment.objects.filter(
            round=plan.round,
            state=AssignmentState.ACTIVE,
            monitor__state=MonitorState.ACTIVE,
            monitor__user__is_active=True,
        )
        .exclude(report__submitted_at__isnull=False)
        .select_related("monitor__user", "service")
        .order_by("pk")
    )
    keyed = {f"report-due:{row.pk}:{due_at:%Y%m%d%H%M}:{day}": row for row in pending}
    known = set(Notice.objects.filter(key__in=list(keyed)).values_list("key", flat=True))
    fresh = [key for key in keyed if key not in known][:REMINDED_AT_ONCE]
    Notice.objects.bulk_create(
        (
            Notice(
                key=key,
                **outbox.compose(
                    "vouchers/report_due",
                    to_email=keyed[key].monitor.user.email,
                    user=keyed[key].monitor.user,
                    now=now,
                    assignment=keyed[key],
                    due_at=due_at,
                    day=day,
                ),
            )
            for key in fresh
        ),
        ignore_conflicts=True,
    )
    return len(fresh)


def _content(report: ConsumerReport, number: int, now: datetime) -> dict[str, Any]:
    """Return everything that is reviewed and shown, independent of later changes of other rows."""
    assignment = report.assignment
    service = assignment.service
    form = plan_of(report).form
    return {
        "number": number,
        "submitted_at": now,
        "kind": assignment.monitor.kind,
        "service": {
            "code": service.code,
            "name": service.name,
            "category": service.category,
            "price_won": service.price_won,
            "supplier": service.supplier.name,
        },
        "used_from": report.used_from,
        "used_to": report.used_to,
        "sections": [
            {"code": row["code"], "label": row["label"], "text": report.texts.get(row["code"], "")}
            for row in form["sections"]
        ],
        "ratings": [
            {
                "code": row["code"],
                "label": row["label"],
                "low": row["low"],
                "high": row["high"],
                "low_label": row["low_label"],
                "high_label": row["high_label"],
                "value": None
                if report.ratings[row["code"]] == "skip"
                else report.ratings[row["code"]],
            }
            for row in form["scales"]
        ],
        "evidence": [
            {"id": row.pk, "caption": row.caption, "sha256": row.sha256}
            for row in report.evidence.filter(removed_at=None)
        ],
    }


def _read(
    form: writing_rules.FormRules, texts: Mapping[str, str], ratings: Mapping[str, object]
) -> tuple[dict[str, str], dict[str, object]]:
    findings: list[Finding] = []
    written = {}
    for part in form.sections:
        written[part.code] = str(texts.get(part.code, "")).replace("\r\n", "\n")
        if len(written[part.code]) > form.longest:
            message = f"‘{part.label}’ 항목은 {form.longest:,}자까지 적을 수 있습니다."
            findings.append(Finding(f"invalid:{part.code}", message))
    marks = {}
    for scale in form.scales:
        try:
            marks[scale.code] = writing_rules.read_rating(scale, ratings.get(scale.code))
        except BadInput as refused:
            findings.append(Finding(refused.code, refused.message))
    if findings:
        raise RuleBroken(findings)
    return written, {code: value for code, value in marks.items() if value is not None}


def _touch(report: ConsumerReport, now: datetime) -> None:
    """Lock the draft's row until the transaction ends, so that a submission cannot overtake."""
    _check_open(report.assignment)
    changed = ConsumerReport.objects.filter(pk=report.pk, state__in=WRITABLE).update(updated_at=now)
    if not changed:
        report.refresh_from_db()
        _check_writable(report)


def _check_writable(report: ConsumerReport) -> None:
    if report.state not in WRITABLE:
        raise MoveNotAllowed("이미 제출한 보고서라 고칠 수 없습니다.", code="already_submitted")


def _check_open(assignment: Assignment) -> None:
    monitor = assignment.monitor
    if assignment.state != AssignmentState.ACTIVE or monitor.state != MonitorState.ACTIVE:
        raise MoveNotAllowed(
            "배정이 취소되었거나 활동이 끝나 보고서를 쓸 수 없습니다.", code="assignment_over"
        )
