"""What pages, staff screens and PDFs read of an agreement: text, money, pending steps."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils.crypto import constant_time_compare

from applications.models import (
    Agreement,
    AgreementVersion,
    DeliveryEntry,
    Instalment,
    PendingStep,
    Settlement,
    StageCheck,
)
from applications.queries.selection import decisions
from applications.rules import agreement as rules
from applications.states import (
    AgreementState,
    AmendmentKind,
    CheckKind,
    FinalOutcome,
    InstalmentState,
    MidOutcome,
    Outcome,
    PayWhen,
    SettlementState,
)
from portal.core import validators
from portal.core.errors import BadInput
from programs.models import Budget
from programs.queries.ledger import held
from programs.rules import deadlines
from programs.rules.ledger import Balance

SETTLEMENT_SUFFIX = "-정산"


@dataclass(frozen=True)
class StepSummary:
    """A pending step as pages show it; `late_days` counts a day that has begun."""

    step_row: PendingStep
    label: str
    who: str
    since: datetime
    due_at: datetime
    late_days: int

    @property
    def tone(self) -> str:
        return "danger" if self.late_days else "info"

    @property
    def word(self) -> str:
        return f"{self.late_days:,}일 지남" if self.late_days else "기한 전"


def pending_steps(agreement: Agreement, *, now: datetime) -> list[StepSummary]:
    """Return the open steps of an agreement, the most urgent first."""
    rows = agreement.pending_steps.filter(done_at=None).order_by("due_at", "pk")
    return [summarize(step, now=now) for step in rows]


def summarize(step: PendingStep, *, now: datetime) -> StepSummary:
    """Describe a step and how late it is."""
    late = now - step.due_at
    days = late // timedelta(days=1) + 1 if late >= timedelta(0) else 0
    return StepSummary(
        step,
        label_of(step.step),
        step.get_waits_for_display(),
        step.since,
        step.due_at,
        days,
    )


def label_of(step: str) -> str:
    """Return a step's Korean label; the code itself when it is unknown."""
    return rules.STEPS[step][0] if step in rules.STEPS else step


def latest_text(agreement: Agreement) -> AgreementVersion:
    """Return the latest text, whether or not it is in force."""
    return agreement.versions.prefetch_related("signatures__by").get(number=agreement.version)


def text_of(agreement: Agreement, number: int) -> AgreementVersion:
    return agreement.versions.prefetch_related("signatures__by").get(number=number)


def current_settlement(agreement: Agreement) -> Settlement | None:
    """Return the settlement that is proposed or approved."""
    rows = agreement.settlements.exclude(state=SettlementState.RETURNED)
    return rows.select_related("recovery", "proposed_by", "decided_by").first()


def money_of(agreement: Agreement) -> Balance:
    """Return what the agreement holds of its pot now, in won."""
    pot = Budget.objects.get(sub_programs__applications=agreement.application_id)
    return held(pot, agreement.subject)


def is_lost(agreement: Agreement) -> bool:
    """Return whether an agreement in preparation has no selection behind it any more."""
    if agreement.state != AgreementState.PREPARING:
        return False
    award = decisions.award_of(agreement.application)
    return award is None or award.outcome != Outcome.SELECTED


def checks_of(agreement: Agreement) -> list[dict[str, Any]]:
    """Return the mid-check and final checks with the label of their outcome, oldest first."""
    labels = {CheckKind.MID: dict(MidOutcome.choices), CheckKind.FINAL: dict(FinalOutcome.choices)}
    return [
        {"check": row, "outcome": labels[CheckKind(row.kind)][row.outcome]}
        for row in agreement.stage_checks.select_related("by").order_by("pk")
    ]


@dataclass(frozen=True)
class CheckedDocument:
    """What the public check tells of a genuine document: still in force, replaced, or ended early."""

    in_force: bool
    ended_at: datetime | None


def genuine_document(number: str, sha256: str) -> CheckedDocument | None:
    """Return what became of the agreement, or the settlement with its suffix, with this SHA-256."""
    try:
        claimed = validators.sha256(sha256)
    except BadInput:
        return None
    name = validators.document_number(number)
    known: QuerySet[Settlement] | QuerySet[AgreementVersion]
    if name.endswith(SETTLEMENT_SUFFIX):
        known = Settlement.objects.filter(
            agreement__number=name.removesuffix(SETTLEMENT_SUFFIX), state=SettlementState.APPROVED
        )
    else:
        known = AgreementVersion.objects.filter(
            agreement__number=name, agreement__in_force__gte=1, signatures__side="ministry"
        )
    for row in known.select_related("agreement"):
        if constant_time_compare(row.sha256, claimed):
            agreement, text = row.agreement, row if isinstance(row, AgreementVersion) else None
            ended = agreement.closed_at if agreement.state == AgreementState.ENDED else None
            return CheckedDocument(text is None or text.number == agreement.in_force, ended)
    return None


def unsigned_sums() -> QuerySet[AgreementVersion]:
    """Return the texts with changed sums that are approved and wait for signatures.

    Such a text names what was paid when it was approved, so that nothing is paid until it is in force.
    """
    return AgreementVersion.objects.filter(
        agreement__state=AgreementState.ACTIVE,
        number=F("agreement__version"),
        number__gt=F("agreement__in_force"),
        amendment__kind=AmendmentKind.SUMS,
    )


def sums_waiting(agreement: Agreement) -> bool:
    """Return whether changed sums of the agreement wait for signatures now."""
    return unsigned_sums().filter(agreement=agreement).exists()


def last_recorded_on(agreement: Agreement) -> date | None:
    """Return the last day on which work or spending of the agreement is recorded; None without any."""
    work = DeliveryEntry.objects.filter(deliverable__agreement=agreement).aggregate(on=Max("on"))
    spent = agreement.spendings.filter(removed_at=None).aggregate(on=Max("spent_on"))
    days = [row["on"] for row in (work, spent) if row["on"] is not None]
    return max(days, default=None)


def ends_in_force(agreement: Agreement) -> list[date]:
    """Return the last day of work by every text that is or was in force."""
    if agreement.starts_on is None:
        return []
    texts = agreement.versions.filter(number__lte=agreement.in_force)
    periods = [text.content["period"] for text in texts]
    return [
        date.fromisoformat(str(period["ends_on"]))
        if period.get("ends_on")
        else deadlines.months_later(agreement.starts_on, period["months"])
        for period in periods
    ]


def payable_parts() -> QuerySet[Instalment]:
    """Return the instalments whose condition is met while those before them are done: one of each agreement.

    None of an agreement whose changed sums wait for signatures.
    """
    before = Instalment.objects.filter(
        agreement=OuterRef("agreement"),
        number__lt=OuterRef("number"),
        state__in=[InstalmentState.PLANNED, InstalmentState.REQUESTED],
    )
    going_on = StageCheck.objects.filter(
        agreement=OuterRef("agreement"), kind=CheckKind.MID, outcome=MidOutcome.CONTINUE
    )
    active = Q(agreement__state=AgreementState.ACTIVE)
    met = (
        active & Q(after=PayWhen.CONCLUSION)
        | active & Q(after=PayWhen.MID_CHECK) & Exists(going_on)
        | Q(agreement__state=AgreementState.SETTLED, after=PayWhen.SETTLEMENT)
    )
    changing = unsigned_sums().filter(agreement=OuterRef("agreement"))
    return Instalment.objects.filter(
        ~Exists(before), ~Exists(changing), met, state=InstalmentState.PLANNED
    )


def requested_parts() -> QuerySet[Instalment]:
    """Return the instalments that wait for their approval, one of each agreement at most."""
    return Instalment.objects.filter(state=InstalmentState.REQUESTED)
