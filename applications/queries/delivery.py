"""Deliverables as pages, staff screens, settlement and statistics read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from applications.models import Agreement, Deliverable, DeliveryEntry, Member
from applications.rules import delivery as rules
from applications.states import AgreementState, DeliverableState, EndingState, PartnerState
from applications.visibility import WRITERS
from portal.access import impartiality
from portal.access.roles import roles_of
from portal.core.errors import Finding, NotFound
from portal.core.particles import particle
from portal.models import User
from programs.models import ProgramRound
from programs.roles import MANAGER, OFFICER
from programs.visibility import sub_programs_of

FIRM, SUPPLIER, EXPERT, STAFF = "firm", "supplier", "expert", "staff"
SIDES = {FIRM: "신청기업", SUPPLIER: "공급기업", EXPERT: "전문가", STAFF: "사업 담당자"}
OVER = (DeliverableState.ACCEPTED, DeliverableState.STOPPED)
# While a deliverable may be worked on; what outlasts the agreement goes on after its settlement.
LIVING = (AgreementState.ACTIVE, AgreementState.SETTLING)
LASTING = (*LIVING, AgreementState.SETTLED, AgreementState.CLOSED)
LEVELS = "current_level"
TONES = {
    DeliverableState.PLANNED: "neutral",
    DeliverableState.UNDER_WAY: "info",
    DeliverableState.HANDED_IN: "warning",
    DeliverableState.ACCEPTED: "success",
    DeliverableState.STOPPED: "danger",
}


@dataclass(frozen=True)
class DeliverableStatus:
    """How far a deliverable is, what it is blocked on ("" if nothing) and what it still lacks."""

    deliverable: Deliverable
    progress: rules.Progress
    blocked_on: str
    missing: tuple[Finding, ...]

    @property
    def tone(self) -> str:
        return TONES[DeliverableState(self.deliverable.state)]

    @property
    def doer(self) -> str:
        return SIDES[FIRM if self.firm_does_it else self.deliverable.spec["by"]]

    @property
    def firm_does_it(self) -> bool:
        """Whether the firm does a supplier's work because no supplier has joined."""
        return confirming_side(self.deliverable) != self.deliverable.spec["accepted_by"]

    @property
    def judge(self) -> str:
        return SIDES[confirming_side(self.deliverable)]


def entries_of(deliverable: Deliverable) -> list[rules.Entry]:
    """Return the records of a deliverable in the form of `rules.delivery`."""
    rows = deliverable.entries.annotate(count=Count("files")).order_by("number")
    return [
        rules.Entry(on, amount, confirmed, count)
        for on, amount, confirmed, count in rows.values_list("on", "amount", "confirmed", "count")
    ]


def status_of(deliverable: Deliverable) -> DeliverableStatus:
    return statuses_of([deliverable])[0]


def statuses_of(deliverables: Sequence[Deliverable]) -> list[DeliverableStatus]:
    """Return the status of each, with one query for all records and one for what blocks them."""
    records: dict[int, list[rules.Entry]] = {row.pk: [] for row in deliverables}
    rows = DeliveryEntry.objects.filter(deliverable__in=records).annotate(count=Count("files"))
    for pk, on, amount, confirmed, count in rows.order_by("number").values_list(
        "deliverable_id", "on", "amount", "confirmed", "count"
    ):
        records[pk].append(rules.Entry(on, amount, confirmed, count))
    others = Deliverable.objects.filter(agreement__in={row.agreement_id for row in deliverables})
    names = {(row.agreement_id, row.code): row for row in others}
    found = []
    for row in deliverables:
        before = names.get((row.agreement_id, row.spec.get("after") or ""))
        blocked_on = before.label if before and before.state not in OVER else ""
        missing = rules.unready(row.spec, records[row.pk], result={})
        found.append(
            DeliverableStatus(
                row, rules.progress(row.spec, records[row.pk]), blocked_on, tuple(missing)
            )
        )
    return found


def confirming_side(deliverable: Deliverable) -> str:
    """Return the side that confirms: staff where the firm does a supplier's work."""
    spec = deliverable.spec
    if spec["by"] == SUPPLIER and spec["accepted_by"] == FIRM:
        partners = deliverable.agreement.application.partners
        if not partners.filter(state=PartnerState.ACCEPTED).exists():
            return STAFF
    return str(spec["accepted_by"])


def sides_of(user: User, deliverable: Deliverable) -> frozenset[str]:
    """Return the sides on which a person may act.

    The firm acts as its supplier where none has joined. Staff who are tied to the firm or are its
    expert are no staff here.
    """
    agreement = deliverable.agreement
    application = agreement.application
    sides = set()
    if Member.objects.filter(user=user, company=agreement.company_id, role__in=WRITERS).exists():
        sides.add(FIRM)
    partners = application.partners.filter(state=PartnerState.ACCEPTED)
    if partners.filter(
        company__members__user=user, company__members__role__in=WRITERS
    ).exists() or (FIRM in sides and not partners.exists()):
        sides.add(SUPPLIER)
    if deliverable.expert is not None and deliverable.expert.user_id == user.pk:
        sides.add(EXPERT)
    if (
        roles_of(user) & {OFFICER, MANAGER}
        and sub_programs_of(user).filter(pk=application.sub_program_id).exists()
        and not impartiality.tied(user, deliverable)
    ):
        sides.add(STAFF)
    return frozenset(sides)


def goes_on(deliverable: Deliverable, agreement: Agreement | None = None) -> bool:
    """Return whether its agreement lets it be worked on: never after an early end.

    `agreement` is the row read last, where the caller has locked it.
    """
    agreement = agreement or deliverable.agreement
    states = LASTING if deliverable.spec.get("outlasts") else LIVING
    ended = agreement.endings.filter(state=EndingState.APPROVED)
    return agreement.state in states and not ended.exists()


def occupying() -> QuerySet[Deliverable]:
    """Return the open deliverables of living agreements, which take up their experts."""
    rows = Deliverable.objects.exclude(state__in=OVER).filter(agreement__state__in=LIVING)
    return rows.exclude(agreement__endings__state=EndingState.APPROVED)


def tally(agreement: Agreement) -> dict[str, int]:
    """Count an agreement's deliverables: `all`, `over`, and `judging` (not confirmed yet)."""
    states = list(agreement.deliverables.values_list("state", flat=True))
    return {
        "all": len(states),
        "over": sum(state in OVER for state in states),
        "judging": states.count(DeliverableState.HANDED_IN),
    }


def unfinished(agreement: Agreement) -> list[Finding]:
    """Return what must still be delivered before the final check can say done.

    What outlasts the agreement, such as three years of use, is proved afterwards.
    """
    rows = [
        row
        for row in agreement.deliverables.exclude(state__in=OVER).order_by("order")
        if not row.spec.get("outlasts")
    ]
    return [
        Finding(
            f"undelivered:{row.code}",
            f"‘{row.label}’{particle(row.label, '이/가')} 아직 끝나지 않았습니다.",
        )
        for row in rows
    ]


def pool_of(round: ProgramRound, code: str) -> dict[str, Any]:
    """Return a pool of experts as the catalogue states it. Raises NotFound (`pool`)."""
    for row in round.pools:
        if row["code"] == code:
            pool: dict[str, Any] = row
            return pool
    raise NotFound("없는 전문가 풀입니다.", code="pool")


def level_choices(deliverable: Deliverable) -> list[tuple[str, str]]:
    """Return (code, label) of the levels, as the round's level question states them.

    Sub-programmes without that question use the one of the sub-programme that has it.
    """
    round = deliverable.agreement.application.sub_program.round
    programs: Iterable[Any] = [deliverable.agreement.application.sub_program]
    programs = [*programs, *round.sub_programs.order_by("order")]
    for program in programs:
        for question in program.questions:
            if question["code"] == LEVELS:
                return [(row["code"], row["label"]) for row in question["choices"]]
    return []


def levels(agreements: QuerySet[Agreement]) -> list[tuple[int, str, str]]:
    """Return (agreement, level before, level after) where both are known, for the statistics.

    Before is the answer in the application or the self-diagnosis, after the last accepted level.
    """
    found: dict[int, list[str]] = {}
    answered: dict[int, str] = {}
    accepted = Deliverable.objects.filter(
        agreement__in=agreements, state=DeliverableState.ACCEPTED, result__has_key="level"
    ).order_by("agreement", "order")
    filed = f"agreement__application__submission__content__answers__{LEVELS}"
    for pk, level, answer in accepted.values_list("agreement_id", "result__level", filed):
        if level:
            found.setdefault(pk, []).append(level)
        if answer:
            answered[pk] = answer
    rows = []
    for pk, seen in found.items():
        before = answered.get(pk) or (seen[0] if len(seen) > 1 else None)
        if before:
            rows.append((pk, before, seen[-1]))
    return sorted(rows)
