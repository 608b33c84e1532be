"""Writing a report: beginning, saving, pictures, handing in; reminders before it is due."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F

from portal.core.clock import KST
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken, StaleVersion
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
from vouchers.rules.reports import writing as rules
from vouchers.services.reports import pictures
from vouchers.states import AssignmentState, MonitorState, ReportMoves, ReportState

SCREEN_JOB = "vouchers.screen_report"
WRITABLE = (ReportState.DRAFT, ReportState.RETURNED)
REMINDED_AT_ONCE = 2_000


class Conflict(StaleVersion):
    """The report was saved in another window; carries what stands there now."""

    def __init__(self, report: ConsumerReport) -> None:
        super().__init__("다른 창에서 먼저 저장했습니다. 두 내용을 견주어 보고 다시 저장하세요.")
        self.report = report


def start(assignment: Assignment, *, by: User, now: datetime) -> ConsumerReport:
    """Begin the report of an assignment; one that was begun is returned.

    Raises MoveNotAllowed: `assignment_over` when it was taken back or the member has left, `no_plan`
    while nobody has said what the round's reports ask.
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
    """Save the draft as a whole; gaps are allowed, wrong values are not.

    Raises Conflict when it was saved meanwhile, RuleBroken (`invalid:…`), and MoveNotAllowed
    (`already_submitted`, `assignment_over`).
    """
    form = rules.parse(plan_of(report).form)
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
        raise Conflict(report)
    return report


@transaction.atomic
def add_picture(
    report: ConsumerReport, *, upload: "File[bytes]", caption: str, by: User, now: datetime
) -> ReportEvidence:
    """Keep a picture of the use, made anew from its pixels.

    Raises BadInput (`file_…`, `caption`, `file_repeated`, `file_count`), MoveNotAllowed.
    """
    if not caption.strip():
        raise BadInput("그림마다 무엇인지 설명을 적어 주세요.", code="caption")
    picture = pictures.remade(upload)
    _touch(report, now)
    there = list(report.evidence.filter(removed_at=None).values_list("sha256", flat=True))
    most = rules.parse(plan_of(report).form).evidence_most
    if picture.sha256 in there:
        raise BadInput("같은 그림을 이미 올렸습니다.", code="file_repeated")
    if len(there) >= most:
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
    """Take a picture out of the draft; what was submitted with it keeps its hash. MoveNotAllowed."""
    _touch(picture.report, now)
    ReportEvidence.objects.filter(pk=picture.pk, removed_at=None).update(removed_at=now)


def missing(report: ConsumerReport, *, now: datetime) -> list[Finding]:
    """Name everything that keeps the draft from being handed in."""
    return rules.missing(
        rules.parse(plan_of(report).form),
        texts=report.texts,
        ratings=report.ratings,
        used_from=report.used_from,
        used_to=report.used_to,
        evidence=report.evidence.filter(removed_at=None).count(),
        today=now.astimezone(KST).date(),
    )


@transaction.atomic
def submit(report: ConsumerReport, *, version: int, by: User, now: datetime) -> ReportVersion:
    """Hand the report in: frozen, hashed, and sent to be looked through.

    Raises RuleBroken with everything missing, Conflict when it was saved meanwhile,
    MoveNotAllowed.
    """
    report = ConsumerReport.objects.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
    _check_open(report.assignment)
    _check_writable(report)
    if report.version != version:
        raise Conflict(report)
    if found := missing(report, now=now):
        raise RuleBroken(found, code="report_incomplete")
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
    """Write the letters that are due to everybody whose report is not in; returns how many.

    Safe to repeat: a letter has a key of its own, and a due date that moves gets new letters.
    """
    written = 0
    for plan in ReportPlan.objects.select_related("round").filter(
        round__active_until__isnull=False
    ):
        due_at = plan.round.active_until
        if due_at is None or now >= due_at + timedelta(days=1):
            continue
        for day in rules.reminders_due(due_at, now, plan.reminder_days):
            written += _remind(plan, due_at, day, now)
    if written:
        broker.notify("portal.notices.tasks.send_notices")
    return written


def plan_of(report: ConsumerReport) -> ReportPlan:
    """The rules of the report's round."""
    return report.assignment.round.plan


def _remind(plan: ReportPlan, due_at: datetime, day: int, now: datetime) -> int:
    waiting = (
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
    letters = {f"report-due:{row.pk}:{due_at:%Y%m%d%H%M}:{day}": row for row in waiting}
    there = set(Notice.objects.filter(key__in=list(letters)).values_list("key", flat=True))
    fresh = [key for key in letters if key not in there][:REMINDED_AT_ONCE]
    Notice.objects.bulk_create(
        (
            Notice(
                key=key,
                **outbox.compose(
                    "vouchers/report_due",
                    to_email=letters[key].monitor.user.email,
                    user=letters[key].monitor.user,
                    now=now,
                    assignment=letters[key],
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
    """Everything that is judged and shown, so that nothing later changes it."""
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
    form: rules.FormRules, texts: Mapping[str, str], ratings: Mapping[str, object]
) -> tuple[dict[str, str], dict[str, object]]:
    found: list[Finding] = []
    words = {}
    for part in form.sections:
        words[part.code] = str(texts.get(part.code, "")).replace("\r\n", "\n")
        if len(words[part.code]) > form.longest:
            said = f"‘{part.label}’ 항목은 {form.longest:,}자까지 적을 수 있습니다."
            found.append(Finding(f"invalid:{part.code}", said))
    marks = {}
    for scale in form.scales:
        try:
            marks[scale.code] = rules.read_rating(scale, ratings.get(scale.code))
        except BadInput as refused:
            found.append(Finding(refused.code, refused.message))
    if found:
        raise RuleBroken(found)
    return words, {code: value for code, value in marks.items() if value is not None}


def _touch(report: ConsumerReport, now: datetime) -> None:
    """Hold the draft's row until the transaction ends, or refuse: handing in waits its turn."""
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
