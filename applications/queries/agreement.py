"""What pages, desk and paper read of an agreement: its text, its money, whose turn it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from applications.models import Agreement, AgreementVersion, Settlement, Turn
from applications.rules import agreement as rules
from applications.states import CheckKind, FinalOutcome, MidOutcome, SettlementState, WaitsFor
from programs.models import Budget
from programs.queries.ledger import held
from programs.rules.ledger import Balance

SETTLEMENT_MARK = "-정산"


@dataclass(frozen=True)
class Waiting:
    """A turn in words: what, who, since when, until when, and how many days late."""

    turn: Turn
    label: str
    who: str
    since: datetime
    due_at: datetime
    late_days: int

    @property
    def tone(self) -> str:
        """How urgent it is, for a badge."""
        return "danger" if self.late_days else "info"

    @property
    def word(self) -> str:
        """How it stands against its deadline, in words."""
        return f"{self.late_days:,}일 지남" if self.late_days else "기한 전"


def waiting(agreement: Agreement, *, now: datetime) -> list[Waiting]:
    """The open turns of an agreement, the most urgent first."""
    rows = agreement.turns.filter(done_at=None).order_by("due_at", "pk")
    return [told(turn, now=now) for turn in rows]


def waiting_for_firms(
    agreements: QuerySet[Agreement], applications: Iterable[int], *, now: datetime
) -> dict[int, Waiting]:
    """The most urgent open turn of the firm, by application; those without one are absent."""
    rows = Turn.objects.filter(
        agreement__in=agreements.filter(application__in=list(applications)).order_by().values("pk"),
        waits_for=WaitsFor.FIRM,
        done_at=None,
    ).select_related("agreement")
    # The last one written of an application stays: the most urgent.
    return {
        turn.agreement.application_id: told(turn, now=now)
        for turn in rows.order_by("-due_at", "-pk")
    }


def told(turn: Turn, *, now: datetime) -> Waiting:
    """Put a turn into words; a day that has begun counts as late."""
    late = now - turn.due_at
    days = late // timedelta(days=1) + 1 if late >= timedelta(0) else 0
    return Waiting(
        turn,
        label_of(turn.step),
        turn.get_waits_for_display(),
        turn.since,
        turn.due_at,
        days,
    )


def label_of(step: str) -> str:
    """A step in words."""
    return rules.STEPS[step][0] if step in rules.STEPS else step


def latest_text(agreement: Agreement) -> AgreementVersion:
    """The latest text, whether or not it is in force."""
    return agreement.versions.prefetch_related("signatures__by").get(number=agreement.version)


def text_of(agreement: Agreement, number: int) -> AgreementVersion:
    """One text with its signatures."""
    return agreement.versions.prefetch_related("signatures__by").get(number=number)


def standing_settlement(agreement: Agreement) -> Settlement | None:
    """The settlement that is proposed or approved."""
    rows = agreement.settlements.exclude(state=SettlementState.RETURNED)
    return rows.select_related("recovery", "proposed_by", "decided_by").first()


def money_of(agreement: Agreement) -> Balance:
    """What the ledger says of the agreement now."""
    pot = Budget.objects.get(sub_programs__applications=agreement.application_id)
    return held(pot, agreement.subject)


def checks_of(agreement: Agreement) -> list[dict[str, Any]]:
    """The checks of the work in words."""
    words = {CheckKind.MID: dict(MidOutcome.choices), CheckKind.FINAL: dict(FinalOutcome.choices)}
    return [
        {"check": row, "outcome": words[CheckKind(row.kind)][row.outcome]}
        for row in agreement.stage_checks.select_related("by").order_by("pk")
    ]


def document_is_genuine(number: str, sha256: str) -> bool:
    """Tell whether an agreement (or, with its mark, a settlement) carries this hash."""
    asked = sha256.strip().lower()
    name = number.strip()
    if name.endswith(SETTLEMENT_MARK):
        known = Settlement.objects.filter(
            agreement__number=name.removesuffix(SETTLEMENT_MARK), state=SettlementState.APPROVED
        )
    else:
        known = AgreementVersion.objects.filter(
            agreement__number=name, agreement__in_force__gte=1, signatures__side="ministry"
        )
    hashes = known.values_list("sha256", flat=True)
    return any(constant_time_compare(one, asked) for one in hashes)
