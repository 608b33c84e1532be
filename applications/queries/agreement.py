"""What pages, staff screens and PDFs read of an agreement: text, money, pending steps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from applications.models import Agreement, AgreementVersion, PendingStep, Settlement
from applications.rules import agreement as rules
from applications.states import CheckKind, FinalOutcome, MidOutcome, SettlementState, WaitsFor
from programs.models import Budget
from programs.queries.ledger import held
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


def steps_due_from_firms(
    agreements: QuerySet[Agreement], applications: Iterable[int], *, now: datetime
) -> dict[int, StepSummary]:
    """Return the firm's most urgent open step by application; those without one are absent."""
    rows = PendingStep.objects.filter(
        agreement__in=agreements.filter(application__in=list(applications)).order_by().values("pk"),
        waits_for=WaitsFor.FIRM,
        done_at=None,
    ).select_related("agreement")
    # Of several steps of an application the last one, the most urgent, stays in the dictionary.
    return {
        step.agreement.application_id: summarize(step, now=now)
        for step in rows.order_by("-due_at", "-pk")
    }


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


def checks_of(agreement: Agreement) -> list[dict[str, Any]]:
    """Return the mid-check and final checks with the label of their outcome, oldest first."""
    labels = {CheckKind.MID: dict(MidOutcome.choices), CheckKind.FINAL: dict(FinalOutcome.choices)}
    return [
        {"check": row, "outcome": labels[CheckKind(row.kind)][row.outcome]}
        for row in agreement.stage_checks.select_related("by").order_by("pk")
    ]


def document_is_genuine(number: str, sha256: str) -> bool:
    """Return whether the agreement, or the settlement with its suffix, has this SHA-256."""
    claimed = sha256.strip().lower()
    name = number.strip()
    known: QuerySet[Settlement] | QuerySet[AgreementVersion]
    if name.endswith(SETTLEMENT_SUFFIX):
        known = Settlement.objects.filter(
            agreement__number=name.removesuffix(SETTLEMENT_SUFFIX), state=SettlementState.APPROVED
        )
    else:
        known = AgreementVersion.objects.filter(
            agreement__number=name, agreement__in_force__gte=1, signatures__side="ministry"
        )
    hashes = known.values_list("sha256", flat=True)
    return any(constant_time_compare(one, claimed) for one in hashes)
