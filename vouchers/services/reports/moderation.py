"""Reading reports before the public does: checks, return with reasons, acceptance, publication."""

from datetime import datetime, timedelta

from django.db import transaction

from portal.core.clock import KST
from portal.core.errors import Closed, Finding, MoveNotAllowed, RuleBroken
from portal.jobs.progress import Progress
from portal.models import MoveLogBase, User
from portal.records.workflow import move
from vouchers.models import (
    ConsumerReport,
    ReportCheck,
    ReportScreening,
    ReportVersion,
    SupplierComment,
    SupplierTie,
)
from vouchers.rules.reports import moderation as rules
from vouchers.services import members, suppliers
from vouchers.services.reports.writing import plan_of
from vouchers.services.rewards import fees
from vouchers.states import MonitorState, ReportMoves

CHUNK = 500
SHOWN = 5  # the likest reports; more than these help nobody decide
END_OF_DAY = timedelta(days=1)


def screen(version: ReportVersion, *, now: datetime, progress: Progress | None = None) -> int:
    """Look a submitted version through, once: what a moderator is pointed at. Returns how much.

    Compares it with the last submitted version of every other report, a part at a time.
    """
    if ReportScreening.objects.filter(version=version).exists():
        return version.checks.count()
    plan = plan_of(version.report)
    text = written(version)
    flags = rules.personal_data(text) + rules.insults(text, plan.insults)
    found = [
        ReportCheck(version=version, code=flag.code, label=flag.label, words=flag.words[:200])
        for flag in flags
    ]
    like, compared = _alike(version, plan.similarity_percent, progress)
    found += [
        ReportCheck(
            version=version,
            code="similar",
            label="다른 보고서와 비슷한 글",
            other=other,
            percent=percent,
        )
        for percent, other in like
    ]
    with transaction.atomic():
        _, first = ReportScreening.objects.get_or_create(
            version=version, defaults={"compared": compared, "at": now}
        )
        if first:
            ReportCheck.objects.bulk_create(found)
    return len(found)


@transaction.atomic
def send_back(report: ConsumerReport, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Return a report with reasons, which the member reads. Raises MoveNotAllowed."""
    _not_own(report, by)
    row = move(
        report, ReportMoves.RETURN, by=by, now=now, note=note, where={"filed": report.filed_id}
    )
    _tell(report, "vouchers/report_returned", f"report-returned:{row.pk}", now, reason=note.strip())
    return row


@transaction.atomic
def reject(report: ConsumerReport, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Turn a report down for good, with reasons, which the member reads. Raises MoveNotAllowed."""
    _not_own(report, by)
    row = move(
        report, ReportMoves.REJECT, by=by, now=now, note=note, where={"filed": report.filed_id}
    )
    _tell(report, "vouchers/report_rejected", f"report-rejected:{row.pk}", now, reason=note.strip())
    return row


@transaction.atomic
def accept(report: ConsumerReport, *, by: User, now: datetime, note: str = "") -> MoveLogBase:
    """Accept a report: its fee is set aside and the supplier is asked for its word, in time.

    A version that the machine has pointed at something in needs a note. Raises MoveNotAllowed
    (`not_screened`, `note_required`, `own_report`, `excluded_member`), BudgetExceeded.
    """
    _not_own(report, by)
    _fit(report)
    if not ReportScreening.objects.filter(version=report.filed_id).exists():
        raise MoveNotAllowed(
            "자동 점검이 아직 끝나지 않았습니다. 잠시 뒤 다시 시도하세요.", code="not_screened"
        )
    if not note.strip() and ReportCheck.objects.filter(version=report.filed_id).exists():
        raise MoveNotAllowed(
            "자동 점검에서 찾은 것이 있습니다. 채택해도 되는 까닭을 적어 주세요.",
            code="note_required",
        )
    until = _end_of_day(now + timedelta(days=plan_of(report).comment_days))
    row = move(
        report,
        ReportMoves.ACCEPT,
        by=by,
        now=now,
        note=note.strip(),
        where={"filed": report.filed_id},
        changes={"accepted_at": now, "comment_until": until},
    )
    fees.earn(report, by=by, now=now)
    _tell(report, "vouchers/report_accepted", f"report-accepted:{report.pk}", now)
    service = report.assignment.service
    suppliers.to_supplier(
        service.supplier,
        "vouchers/comment_asked",
        key=f"comment-asked:{report.pk}",
        now=now,
        report=report,
        service=service,
        until=until,
    )
    return row


@transaction.atomic
def comment(report: ConsumerReport, *, text: str, by: User, now: datetime) -> SupplierComment:
    """Take the supplier's word on a report, once and in time; it never changes the report.

    The edge has checked that `by` works at the supplier's desk. Raises Closed, BadInput,
    MoveNotAllowed when a word was given already.
    """
    if not text.strip():
        raise RuleBroken([Finding("text", "의견을 적어 주세요.")])
    if report.comment_until is None or now >= report.comment_until:
        raise Closed("의견을 내는 기간이 지났습니다.", code="comment_closed")
    if SupplierComment.objects.filter(report=report).exists():
        raise MoveNotAllowed("이 보고서에는 이미 의견을 냈습니다.", code="already_commented")
    move(report, ReportMoves.COMMENT, by=by, now=now, owner=True)
    return SupplierComment.objects.create(report=report, text=text.strip(), by=by, at=now)


@transaction.atomic
def publish(report: ConsumerReport, *, by: User, now: datetime) -> MoveLogBase:
    """Publish a report when the supplier has spoken or its time is over, ties looked at once more.

    Raises MoveNotAllowed (`comment_open`, `excluded_member`, `own_report`).
    """
    _not_own(report, by)
    _fit(report)
    if waits(report, now=now):
        raise MoveNotAllowed(
            "공급기업이 의견을 낼 수 있는 기간이 남아 있습니다.", code="comment_open"
        )
    row = move(report, ReportMoves.PUBLISH, by=by, now=now, changes={"published_at": now})
    _tell(report, "vouchers/report_published", f"report-published:{report.pk}", now)
    return row


def retract(report: ConsumerReport, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Take a published report back from the public, with the reason. Raises MoveNotAllowed."""
    return move(report, ReportMoves.RETRACT, by=by, now=now, note=note)


def restore(report: ConsumerReport, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Show a report again that was taken back. Raises MoveNotAllowed."""
    return move(report, ReportMoves.RESTORE, by=by, now=now, note=note)


def waits(report: ConsumerReport, *, now: datetime) -> bool:
    """Tell whether the supplier may still speak and has not spoken."""
    until = report.comment_until
    open_still = until is None or now < until
    return open_still and not SupplierComment.objects.filter(report=report).exists()


def written(version: ReportVersion) -> str:
    """The written parts of a version, joined."""
    parts = version.content["sections"]
    return rules.text_of(
        {row["code"]: row["text"] for row in parts}, [row["code"] for row in parts]
    )


def _alike(
    version: ReportVersion, least: int, progress: Progress | None
) -> tuple[list[tuple[int, ReportVersion]], int]:
    mine = rules.shingles(written(version))
    others = (
        ReportVersion.objects.filter(pk__in=ConsumerReport.objects.order_by().values("filed"))
        .exclude(report=version.report_id)
        .order_by("pk")
    )
    total, seen, last = others.count(), 0, 0
    found: list[tuple[int, ReportVersion]] = []
    while part := list(others.filter(pk__gt=last)[:CHUNK]):
        last = part[-1].pk
        for other in part:
            percent = rules.similarity(mine, rules.shingles(written(other)))
            if percent >= least:
                found.append((percent, other))
        seen += len(part)
        if progress is not None:
            progress(seen, total)
    found.sort(key=lambda row: (-row[0], row[1].pk))
    return found[:SHOWN], seen


def _fit(report: ConsumerReport) -> None:
    """Nobody who was excluded or has an open tie to a supplier is published."""
    monitor = report.assignment.monitor
    tied = SupplierTie.objects.filter(user=monitor.user_id, ended_at=None).exists()
    if tied or monitor.state == MonitorState.EXCLUDED:
        raise MoveNotAllowed(
            "공급기업과의 이해관계 등으로 제외된 단원의 보고서입니다.", code="excluded_member"
        )


def _not_own(report: ConsumerReport, by: User) -> None:
    if report.assignment.monitor.user_id == by.pk:
        raise MoveNotAllowed("자기 보고서는 처리할 수 없습니다.", code="own_report")


def _tell(report: ConsumerReport, template: str, key: str, now: datetime, **words: object) -> None:
    members.to_member(
        report.assignment.monitor,
        template,
        key=key,
        now=now,
        report=report,
        service=report.assignment.service,
        **words,
    )


def _end_of_day(instant: datetime) -> datetime:
    """The midnight that ends the instant's day in Korea: a whole last day for everybody."""
    day = instant.astimezone(KST).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + END_OF_DAY
