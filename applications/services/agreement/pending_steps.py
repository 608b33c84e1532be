"""Keep the pending steps of agreements: open and finish them, notify who has to act."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from applications.models import Agreement, Amendment, Member, PendingStep, Report
from applications.queries.agreement import is_lost, payable_parts
from applications.rules import agreement as rules
from applications.rules.settlement import REQUESTED, SHARE
from applications.states import (
    AgreementState,
    AmendmentKind,
    AmendmentState,
    CheckKind,
    EndingState,
    FinalOutcome,
    InstalmentState,
    PaperState,
    PayWhen,
    RecoveryState,
    ReportKind,
    ReportState,
    SettlementState,
    SpendingState,
    WaitsFor,
)
from applications.visibility import WRITERS
from portal.models import User
from portal.notices import outbox
from programs.queries.calendar import holidays

CHUNK = 200
WITH_SPENDING = (SHARE, REQUESTED)


def sync(agreement: Agreement, *, now: datetime) -> list[PendingStep]:
    """Finish the steps that are done, open those that are due now and return them.

    Every service that changes an agreement calls this. The firm is notified of each of its steps.
    """
    due = rules.pending_steps(status_of(agreement))
    rows = list(agreement.pending_steps.filter(done_at=None))
    done = [row.pk for row in rows if row.step not in due]
    if done:
        PendingStep.objects.filter(pk__in=done).update(done_at=now)
    known = {row.step for row in rows}
    opened = [
        PendingStep(
            agreement=agreement,
            step=step,
            waits_for=rules.STEPS[step][1],
            since=now,
            due_at=_due(agreement, step, now),
        )
        for step in due
        if step not in known
    ]
    PendingStep.objects.bulk_create(opened)
    for row in opened:
        if row.waits_for == WaitsFor.FIRM:
            _notify_step("applications/agreement_step", row, _people_for(row), now)
    return opened


def status_of(agreement: Agreement) -> rules.AgreementStatus:
    """Return the facts of an agreement from which `rules.pending_steps` derives the steps."""
    flags = set(_early_flags(agreement))
    flags |= set(_work_flags(agreement))
    flags |= set(_money_flags(agreement))
    if agreement.endings.filter(state=EndingState.ASKED).exists():
        flags.add("ending")
    return rules.AgreementStatus(agreement.state, agreement.kind in WITH_SPENDING, frozenset(flags))


def expects_mid_check(agreement: Agreement) -> bool:
    """Return whether an instalment depends on a mid-check, which needs a progress report."""
    plan = agreement.terms["instalments"]
    return any(row["after"] == PayWhen.MID_CHECK for row in plan)


def remind(now: datetime) -> int:
    """Tell the firm once that a step of its own is late; staff read of it once a day.

    Safe to repeat; returns how many steps were told. What is due soon is in the mails of
    `portal.todos`.
    """
    rows = PendingStep.objects.filter(due_at__lte=now, late_told_at=None, done_at=None)
    related = rows.select_related("agreement__application__sub_program", "agreement__company")
    told = 0
    for step in related.order_by("due_at", "pk").iterator(chunk_size=CHUNK):
        _notify_step("applications/agreement_step_late", step, _late_people(step), now)
        PendingStep.objects.filter(pk=step.pk).update(late_told_at=now)
        told += 1
    return told


def notify(
    agreement: Agreement, *, key: str, title: str, lines: Iterable[str], now: datetime
) -> None:
    """Send news of an agreement to everybody who may act for the firm, once for each `key`."""
    for person in people_of(agreement):
        outbox.write(
            "applications/agreement_news",
            to_email=person.email,
            user=person,
            key=f"{key}:{person.pk}",
            now=now,
            agreement=agreement,
            title=title,
            lines=list(lines),
        )


def people_of(agreement: Agreement) -> list[User]:
    """Return who may act for the leading firm."""
    return _writers(agreement.company_id)


def _people_for(step: PendingStep) -> list[User]:
    agreement = step.agreement
    # A change of lead is signed by the firm that takes over.
    if step.step != "sign_change":
        return people_of(agreement)
    change = Amendment.objects.filter(
        version__agreement=agreement, version__number=agreement.version, kind=AmendmentKind.LEAD
    ).first()
    return _writers(change.proposal["company"]) if change else people_of(agreement)


def _writers(company: int) -> list[User]:
    rows = Member.objects.filter(company=company, role__in=WRITERS)
    return [row.user for row in rows.select_related("user").order_by("pk")]


def _late_people(step: PendingStep) -> list[User]:
    """Return whom a late step is mailed to: staff read of it in their mail of the day."""
    return _people_for(step) if step.waits_for == WaitsFor.FIRM else []


def _notify_step(template: str, step: PendingStep, people: Iterable[User], now: datetime) -> None:
    label = rules.STEPS[step.step][0]
    for person in people:
        with transaction.atomic():
            outbox.write(
                template,
                to_email=person.email,
                user=person,
                key=f"{template.partition('/')[2]}:{step.pk}:{person.pk}",
                now=now,
                agreement=step.agreement,
                step=step,
                label=label,
            )


def _early_flags(agreement: Agreement) -> Iterable[str]:
    if agreement.state == AgreementState.PREPARING:
        if is_lost(agreement):
            yield "lost"
        papers = dict(
            agreement.papers.exclude(state=PaperState.RETURNED).values_list("requirement", "state")
        )
        if any(row["code"] not in papers for row in agreement.terms["papers"]):
            yield "papers_missing"
        if PaperState.PENDING in papers.values():
            yield "papers_pending"
        if _signed(agreement, agreement.version):
            yield "signed_firm"
    change = agreement.amendments.filter(
        state__in=[AmendmentState.ASKED, AmendmentState.EXAMINED]
    ).first()
    if change:
        asked = change.state == AmendmentState.ASKED
        yield "examine_change" if asked else "decide_change"
    if agreement.in_force and agreement.in_force < agreement.version:
        yield "amend" if _signed(agreement, agreement.version) else "sign_change"


def _work_flags(agreement: Agreement) -> Iterable[str]:
    checks = list(agreement.stage_checks.order_by("pk"))
    mid = next((row for row in checks if row.kind == CheckKind.MID), None)
    reports = {row.kind: row for row in agreement.reports.all()}
    if agreement.state == AgreementState.ACTIVE and expects_mid_check(agreement) and mid is None:
        filed = reports.get(ReportKind.PROGRESS)
        is_filed = filed is not None and filed.state == ReportState.FILED
        yield "mid_check_due" if is_filed else "progress_due"
    if agreement.state != AgreementState.SETTLING:
        return
    final = [row for row in checks if row.kind == CheckKind.FINAL]
    report: Report | None = reports.get(ReportKind.FINAL)
    if not ended_early(agreement):
        if report is not None and report.state != ReportState.FILED:
            yield "held"
        elif not final or final[-1].outcome == FinalOutcome.HELD:
            yield "final_check_due"
    if agreement.spending_at:
        yield "spending_filed"
        if agreement.spendings.filter(removed_at=None, state=SpendingState.CLAIMED).exists():
            yield "spending_claimed"
    if agreement.settlements.filter(state=SettlementState.PROPOSED).exists():
        yield "proposed"


def _money_flags(agreement: Agreement) -> Iterable[str]:
    parts = list(agreement.instalments.all())
    if agreement.state == AgreementState.ACTIVE:
        if any(part.state == InstalmentState.REQUESTED for part in parts):
            yield "pay"
        elif payable_parts().filter(agreement=agreement).exists():
            yield "request_pay"
    if agreement.state == AgreementState.SETTLED:
        states = {part.state for part in parts}
        if InstalmentState.REQUESTED in states:
            yield "balance_requested"
        elif InstalmentState.PLANNED in states:
            yield "balance_planned"
        settled = agreement.settlements.filter(state=SettlementState.APPROVED).first()
        recovery = getattr(settled, "recovery", None)
        if recovery is not None and recovery.state == RecoveryState.DUE:
            yield "recovery_due"


def ended_early(agreement: Agreement) -> bool:
    """Return whether an early end was approved."""
    return agreement.endings.filter(state=EndingState.APPROVED).exists()


def _signed(agreement: Agreement, version: int) -> bool:
    return agreement.versions.filter(number=version, signatures__side="firm").exists()


def _due(agreement: Agreement, step: str, now: datetime) -> datetime:
    match step:
        case "papers":
            return agreement.papers_due_at
        case "sign" | "conclude":
            return agreement.sign_due_at
        case "progress" | "final":
            report = agreement.reports.filter(kind=step).first()
            if report is not None:
                return report.due_at
        case "spending":
            return rules.due(agreement.terms, "spending_days", now, holidays())
        case "refile":
            held = agreement.stage_checks.filter(outcome=FinalOutcome.HELD).last()
            if held is not None and held.until is not None:
                return held.until
        case "recover":
            settled = agreement.settlements.get(state=SettlementState.APPROVED)
            return settled.recovery.due_at
    return rules.due(agreement.terms, "staff_days", now, holidays())
