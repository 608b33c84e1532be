"""Reports and checks of the work: save drafts, file reports, record the mid and final check."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import F

from applications.models import Agreement, Ending, Report, ReportFile, StageCheck
from applications.queries import delivery
from applications.rules import agreement as agreement_rules
from applications.rules.intake.questions import review
from applications.services.agreement import instalments, pending_steps
from applications.states import (
    AgreementMoves,
    AgreementState,
    CheckKind,
    EndingKind,
    FinalOutcome,
    MidOutcome,
    ReportKind,
    ReportState,
)
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.core.moves import Move
from portal.core.versions import earlier_save
from portal.models import User
from portal.records import snapshot
from portal.records.workflow import move, set_state
from portal.uploads import files
from programs.queries.calendar import holidays
from programs.rules import deadlines

FORMATS = ("pdf", "hwp", "hwpx", "xlsx", "jpg", "png", "zip")
MOST_FILES = 10


def questions(report: Report) -> list[dict[str, Any]]:
    """Return the questions of this report, as agreed."""
    agreed: list[dict[str, Any]] = report.agreement.terms["reports"][report.kind]
    return agreed


def save(
    report: Report, *, answers: Mapping[str, Any], version: int, by: User, now: datetime
) -> Report:
    """Save the answers so far.

    Raises StaleVersion when somebody saved in between, MoveNotAllowed (`report_filed`), RuleBroken
    for answers of a wrong type.
    """
    read = review(questions(report), answers, drafting=True)
    if read.findings:
        raise RuleBroken(read.findings)
    _check_open(report)
    mine = Report.objects.filter(pk=report.pk, version=version, state=ReportState.DRAFT)
    if not mine.update(data=read.values, version=F("version") + 1, saved_by=by, saved_at=now):
        report.refresh_from_db()
        _check_open(report)
        raise earlier_save(str(report.saved_by), report.saved_at, own=report.saved_by_id == by.pk)
    report.refresh_from_db()
    return report


def attach(report: Report, *, upload: "File[bytes]", by: User, now: datetime) -> ReportFile:
    """Attach a file. Raises BadInput (`file_…`), MoveNotAllowed (`report_filed`)."""
    found = files.inspect(upload, allowed=FORMATS)
    with transaction.atomic():
        _lock_open(report)
        there = report.files.filter(removed_at=None)
        if there.filter(sha256=found.sha256).exists():
            raise BadInput("같은 파일을 이미 올렸습니다.", code="file_repeated")
        if there.count() >= MOST_FILES:
            raise BadInput(f"{MOST_FILES}개까지 올릴 수 있습니다.", code="file_count")
        return ReportFile.objects.create(
            report=report,
            name=found.name,
            file=files.store(upload, by=by),
            size=found.size,
            sha256=found.sha256,
            content_type=found.content_type,
            uploaded_by=by,
            uploaded_at=now,
        )


@transaction.atomic
def detach(file: ReportFile, *, by: User, now: datetime) -> None:
    """Remove a file from a report that is not filed yet. Raises MoveNotAllowed."""
    _lock_open(file.report)
    ReportFile.objects.filter(pk=file.pk, removed_at=None).update(removed_at=now)
    files.discard_on_commit(file.file)


def file(report: Report, *, by: User, now: datetime) -> Report:
    """File a report under the SHA-256 of its content; the final one ends the work.

    Raises RuleBroken with everything that is missing, MoveNotAllowed (`report_filed`,
    `mid_check_first`).
    """
    agreement = report.agreement
    with transaction.atomic():
        move(agreement, _step(report), by=by, now=now, owner=True, changes=_finished(report, now))
        report.refresh_from_db()
        read = review(questions(report), report.data)
        if read.findings:
            raise RuleBroken(read.findings)
        if report.kind == ReportKind.FINAL and _mid_check_missing(agreement):
            raise MoveNotAllowed(
                "중간점검이 끝난 뒤에 최종보고서를 낼 수 있습니다.", code="mid_check_first"
            )
        content = {
            "agreement": agreement.number,
            "kind": report.kind,
            "answers": read.values,
            "filed_at": now,
            "files": [[row.name, row.sha256] for row in report.files.filter(removed_at=None)],
        }
        drafts = Report.objects.filter(pk=report.pk, state=ReportState.DRAFT)
        digest = snapshot.sha256(content)
        if not set_state(drafts, ReportState.FILED, filed_by=by, filed_at=now, sha256=digest):
            raise MoveNotAllowed("이미 제출한 보고서입니다.", code="report_filed")
        if report.kind == ReportKind.FINAL:
            instalments.withdraw_requests(agreement)
        pending_steps.sync(agreement, now=now)
    report.refresh_from_db()
    return report


def check_mid(
    agreement: Agreement, *, outcome: str, reason: str, by: User, now: datetime
) -> StageCheck:
    """Record the mid-check (중간점검): continue, stop or finish early.

    Stopping requests the end of the agreement, which another person approves; finishing early
    makes the final report due `report_days` from now. Raises BadInput, MoveNotAllowed.
    """
    if outcome not in MidOutcome.values:
        raise BadInput("점검 결과를 고르세요.", code="outcome")
    with transaction.atomic():
        note = f"{MidOutcome(outcome).label}: {reason.strip()}" if reason.strip() else ""
        move(agreement, AgreementMoves.MID_CHECK, by=by, now=now, note=note)
        progress = agreement.reports.filter(kind=ReportKind.PROGRESS, state=ReportState.FILED)
        if not progress.exists():
            raise MoveNotAllowed("중간보고서가 제출된 뒤에 점검하세요.", code="report_first")
        made = _judge(agreement, CheckKind.MID, outcome, reason, by, now)
        if outcome == MidOutcome.STOP:
            _request_ending(agreement, reason, by, now)
        if outcome == MidOutcome.FINISH:
            due = agreement_rules.due(agreement.terms, "report_days", now, holidays())
            agreement.reports.filter(kind=ReportKind.FINAL).update(due_at=due)
        label = MidOutcome(outcome).label
        pending_steps.notify(
            agreement,
            key=f"stage-check:{made.pk}",
            title=f"중간점검 결과: {label}",
            lines=[reason.strip()],
            now=now,
        )
        pending_steps.sync(agreement, now=now)
    return made


def check_final(
    agreement: Agreement,
    *,
    outcome: str,
    reason: str,
    by: User,
    now: datetime,
    days: int | None = None,
) -> StageCheck:
    """Record the final check: done, diligent, failed, or held until the report is completed.

    Done requires everything to be delivered. Raises BadInput (`outcome`, `days`), RuleBroken with
    what is not, MoveNotAllowed (`report_first`).
    """
    if outcome not in FinalOutcome.values:
        raise BadInput("점검 결과를 고르세요.", code="outcome")
    held = outcome == FinalOutcome.HELD
    if held and not days:
        raise BadInput("보류할 때는 보완 기한을 정하세요.", code="days")
    ranges.check("hold_days", days if held else None, today=korean_day(now), code="days")
    if outcome == FinalOutcome.DONE and (lacks := delivery.unfinished(agreement)):
        raise RuleBroken(
            lacks, message="아직 끝나지 않은 수행 항목이 있어 완료로 판정할 수 없습니다."
        )
    with transaction.atomic():
        note = f"{FinalOutcome(outcome).label}: {reason.strip()}" if reason.strip() else ""
        move(agreement, AgreementMoves.FINAL_CHECK, by=by, now=now, note=note)
        filed = agreement.reports.filter(kind=ReportKind.FINAL, state=ReportState.FILED)
        if not filed.exists():
            raise MoveNotAllowed("최종보고서가 제출된 뒤에 점검하세요.", code="report_first")
        policy = agreement_rules.policy_for(agreement.terms, "report_days")
        until = deadlines.due_after(now, days, policy, holidays()) if held and days else None
        made = _judge(agreement, CheckKind.FINAL, outcome, reason, by, now, until=until)
        if held:
            set_state(filed, ReportState.DRAFT)
        pending_steps.notify(
            agreement,
            key=f"stage-check:{made.pk}",
            title=f"최종점검 결과: {FinalOutcome(outcome).label}",
            lines=[reason.strip()],
            now=now,
        )
        pending_steps.sync(agreement, now=now)
    return made


def _judge(
    agreement: Agreement,
    kind: CheckKind,
    outcome: str,
    reason: str,
    by: User,
    now: datetime,
    until: datetime | None = None,
) -> StageCheck:
    try:
        with transaction.atomic():
            return StageCheck.objects.create(
                agreement=agreement,
                kind=kind,
                outcome=outcome,
                reason=reason.strip(),
                until=until,
                by=by,
                at=now,
            )
    except IntegrityError as repeated:
        raise MoveNotAllowed("이미 점검을 마쳤습니다.", code="checked") from repeated


def _request_ending(agreement: Agreement, reason: str, by: User, now: datetime) -> None:
    asked = agreement.endings.filter(state="asked").exists()
    if not asked:
        Ending.objects.create(
            agreement=agreement,
            kind=EndingKind.TERMINATE,
            reason=f"중간점검 중단: {reason.strip()}"[:500],
            asked_by=by,
            asked_at=now,
        )


def _step(report: Report) -> Move:
    if report.kind == ReportKind.PROGRESS:
        return AgreementMoves.REPORT
    if report.agreement.state == AgreementState.SETTLING:
        return AgreementMoves.REFILE
    return AgreementMoves.FINISH


def _finished(report: Report, now: datetime) -> dict[str, Any]:
    if report.kind == ReportKind.FINAL and report.agreement.state == AgreementState.ACTIVE:
        return {"finished_at": now}
    return {}


def _mid_check_missing(agreement: Agreement) -> bool:
    if not pending_steps.expects_mid_check(agreement):
        return False
    return not agreement.stage_checks.filter(kind=CheckKind.MID).exists()


def _check_open(report: Report) -> None:
    open_states = (AgreementState.ACTIVE, AgreementState.SETTLING)
    if report.state != ReportState.DRAFT or report.agreement.state not in open_states:
        raise MoveNotAllowed("이미 제출했거나 쓸 수 없는 보고서입니다.", code="report_filed")


def _lock_open(report: Report) -> None:
    locked = Report.objects.select_for_update(of=("self",)).select_related("agreement")
    _check_open(locked.get(pk=report.pk))
