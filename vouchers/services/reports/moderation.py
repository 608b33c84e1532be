"""Moderation of reports: automatic checks, return, rejection, acceptance, publication."""

from datetime import datetime

from django.db import transaction

from portal.core.errors import Closed, Finding, MoveNotAllowed, RuleBroken
from portal.jobs.progress import Progress, no_progress
from portal.models import MoveLogBase, User
from portal.records.workflow import move
from programs.queries.calendar import holidays
from vouchers.models import (
    ConsumerReport,
    ReportCheck,
    ReportPlan,
    ReportScreening,
    ReportVersion,
    Supplier,
    SupplierComment,
    SupplierTie,
)
from vouchers.rules.reports import moderation as moderation_rules
from vouchers.services import members, suppliers
from vouchers.services.catalogue import standing
from vouchers.services.reports.writing import plan_of
from vouchers.services.rewards import fees
from vouchers.states import MonitorState, ReportMoves, TieStanding

CHUNK = 500
SHOWN = 5  # most similar reports shown to the moderator


def screen(version: ReportVersion, *, now: datetime, progress: Progress = no_progress) -> int:
    """Run the automatic checks once, store the findings, return their number.

    Compares the version with the last submitted version of every other report, in chunks.
    """
    if ReportScreening.objects.filter(version=version).exists():
        return version.checks.count()
    plan = plan_of(version.report)
    text = written_text(version)
    flags = moderation_rules.personal_data(text) + moderation_rules.insults(text, plan.insults)
    findings = [
        ReportCheck(version=version, code=flag.code, label=flag.label, words=flag.words[:200])
        for flag in flags
    ]
    similar, compared = _similar(version, plan, progress)
    findings += similar
    with transaction.atomic():
        _, first = ReportScreening.objects.get_or_create(
            version=version, defaults={"compared": compared, "at": now}
        )
        if first:
            ReportCheck.objects.bulk_create(findings)
    return len(findings)


@transaction.atomic
def send_back(report: ConsumerReport, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Return a report to its author with a reason, who may submit it again. Raises MoveNotAllowed."""
    _check_not_own(report, by)
    row = move(
        report, ReportMoves.RETURN, by=by, now=now, note=note, where={"filed": report.filed_id}
    )
    _notify(
        report, "vouchers/report_returned", f"report-returned:{row.pk}", now, reason=note.strip()
    )
    return row


@transaction.atomic
def reject(report: ConsumerReport, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Reject a report for good, with a reason for its author. Raises MoveNotAllowed."""
    _check_not_own(report, by)
    row = move(
        report, ReportMoves.REJECT, by=by, now=now, note=note, where={"filed": report.filed_id}
    )
    _notify(
        report, "vouchers/report_rejected", f"report-rejected:{row.pk}", now, reason=note.strip()
    )
    return row


@transaction.atomic
def accept(report: ConsumerReport, *, by: User, now: datetime, note: str = "") -> MoveLogBase:
    """Accept a report, commit its fee, and ask the supplier for a comment until a due date.

    A version with findings of the automatic checks needs a note. Raises MoveNotAllowed
    (`not_screened`, `note_required`, `own_report`, `excluded_member`), BudgetExceeded.
    """
    _check_not_own(report, by)
    _check_author(report)
    if not ReportScreening.objects.filter(version=report.filed_id).exists():
        raise MoveNotAllowed(
            "자동 점검이 아직 끝나지 않았습니다. 잠시 뒤 다시 시도하세요.", code="not_screened"
        )
    if not note.strip() and ReportCheck.objects.filter(version=report.filed_id).exists():
        raise MoveNotAllowed(
            "자동 점검에서 찾은 것이 있습니다. 채택해도 되는 까닭을 적어 주세요.",
            code="note_required",
        )
    until = plan_of(report).due_after("comment_days", now, holidays())
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
    _notify(report, "vouchers/report_accepted", f"report-accepted:{report.pk}", now)
    service = report.assignment.service
    suppliers.notify(
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
    """Record the supplier's comment on a report, once and in time; the report stays unchanged.

    The caller checks that `by` acts for the supplier. Raises Closed (`comment_closed`), RuleBroken
    (`text`, `private`), MoveNotAllowed (`already_commented`).
    """
    if not text.strip():
        raise RuleBroken([Finding("text", "의견을 적어 주세요.")])
    check_words(text, report.assignment.service.supplier, plan_of(report))
    if report.comment_until is None or now >= report.comment_until:
        raise Closed("의견을 내는 기간이 지났습니다.", code="comment_closed")
    # After the move, which locks the report: of two accounts of the supplier the second sees the first.
    move(report, ReportMoves.COMMENT, by=by, now=now, owner=True)
    if SupplierComment.objects.filter(report=report).exists():
        raise MoveNotAllowed("이 보고서에는 이미 의견을 냈습니다.", code="already_commented")
    return SupplierComment.objects.create(report=report, text=text.strip(), by=by, at=now)


@transaction.atomic
def publish(report: ConsumerReport, *, by: User, now: datetime) -> MoveLogBase:
    """Publish an accepted report after the supplier's comment or the comment period.

    Raises MoveNotAllowed (`comment_open`, `excluded_member`, `own_report`).
    """
    _check_not_own(report, by)
    _check_author(report)
    if comment_pending(report, now=now):
        raise MoveNotAllowed(
            "공급기업이 의견을 낼 수 있는 기간이 남아 있습니다.", code="comment_open"
        )
    row = move(report, ReportMoves.PUBLISH, by=by, now=now, changes={"published_at": now})
    standing.refresh([report.assignment.service_id])
    _notify(report, "vouchers/report_published", f"report-published:{report.pk}", now)
    return row


@transaction.atomic
def retract(report: ConsumerReport, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Withdraw a published report from the public, with a reason. Raises MoveNotAllowed."""
    row = move(report, ReportMoves.RETRACT, by=by, now=now, note=note)
    standing.refresh([report.assignment.service_id])
    return row


@transaction.atomic
def restore(report: ConsumerReport, *, note: str, by: User, now: datetime) -> MoveLogBase:
    """Publish a retracted report again. Raises MoveNotAllowed."""
    row = move(report, ReportMoves.RESTORE, by=by, now=now, note=note)
    standing.refresh([report.assignment.service_id])
    return row


def check_words(text: str, supplier: Supplier, plan: ReportPlan | None) -> None:
    """Check what a supplier writes for everybody to read. Raises RuleBroken (`private`)."""
    found = moderation_rules.unpublishable(
        text, plan.insults if plan else (), known=(supplier.phone, supplier.email)
    )
    if found:
        raise RuleBroken(
            [
                Finding(
                    "private",
                    f"누구나 읽는 글이라 실을 수 없습니다. {flag.label}: ‘{flag.words}’. "
                    "이 부분을 빼고 다시 내 주세요.",
                )
                for flag in found
            ],
            code="private",
        )


def comment_pending(report: ConsumerReport, *, now: datetime) -> bool:
    """Return whether the supplier may still comment and has not done so."""
    until = report.comment_until
    is_open = until is None or now < until
    return is_open and not SupplierComment.objects.filter(report=report).exists()


def written_text(version: ReportVersion) -> str:
    """Return the written parts of a version as one text."""
    parts = version.content["sections"]
    return moderation_rules.text_of(
        {row["code"]: row["text"] for row in parts}, [row["code"] for row in parts]
    )


def _similar(
    version: ReportVersion, plan: ReportPlan, progress: Progress
) -> tuple[list[ReportCheck], int]:
    """Return what the version shares with others, as a whole and by section, and their number."""
    mine = moderation_rules.shingles(written_text(version))
    sections = {row["code"]: row["text"] for row in version.content["sections"]}
    labels = {row["code"]: row["label"] for row in version.content["sections"]}
    others = (
        ReportVersion.objects.filter(pk__in=ConsumerReport.objects.order_by().values("filed"))
        .exclude(report=version.report_id)
        .order_by("pk")
    )
    total, seen, last = others.count(), 0, 0
    matches: list[ReportCheck] = []
    copies: list[ReportCheck] = []
    while part := list(others.filter(pk__gt=last)[:CHUNK]):
        last = part[-1].pk
        for other in part:
            theirs = moderation_rules.shingles(written_text(other))
            percent = moderation_rules.similarity(mine, theirs)
            if percent >= plan.similarity_percent:
                matches.append(
                    ReportCheck(
                        version=version,
                        code="similar",
                        label="다른 보고서와 비슷한 글",
                        other=other,
                        percent=percent,
                    )
                )
            copied = moderation_rules.copied_sections(sections, theirs, least=plan.section_percent)
            copies += [
                ReportCheck(
                    version=version,
                    code="similar_section",
                    label=f"‘{labels[code]}’ 항목이 다른 보고서와 비슷함"[:100],
                    other=other,
                    percent=share,
                )
                for code, share in copied.items()
            ]
        seen += len(part)
        progress(seen, total)
    return [*_most_similar(matches), *_most_similar(copies)], seen


def _most_similar(found: list[ReportCheck]) -> list[ReportCheck]:
    return sorted(found, key=lambda row: (-(row.percent or 0), row.other_id, row.label))[:SHOWN]


def _check_author(report: ConsumerReport) -> None:
    """Refuse the report of a member who is excluded or is barred by a tie to a supplier."""
    monitor = report.assignment.monitor
    tied = SupplierTie.objects.filter(
        user=monitor.user_id, ended_at=None, standing=TieStanding.BARS
    ).exists()
    if tied or monitor.state == MonitorState.EXCLUDED:
        raise MoveNotAllowed(
            "공급기업과의 이해관계 등으로 제외된 단원의 보고서입니다.", code="excluded_member"
        )


def _check_not_own(report: ConsumerReport, by: User) -> None:
    if report.assignment.monitor.user_id == by.pk:
        raise MoveNotAllowed("자기 보고서는 처리할 수 없습니다.", code="own_report")


def _notify(
    report: ConsumerReport, template: str, key: str, now: datetime, **context: object
) -> None:
    members.notify(
        report.assignment.monitor,
        template,
        key=key,
        now=now,
        report=report,
        service=report.assignment.service,
        **context,
    )
