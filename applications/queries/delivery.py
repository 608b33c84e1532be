"""What an agreement delivers, read for pages, desks, settlement and statistics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from applications.models import Agreement, Deliverable, DeliveryEntry, Member
from applications.rules import delivery as rules
from applications.states import DeliverableState, PartnerState
from applications.visibility import WRITERS
from portal.access.roles import roles_of
from portal.core.errors import Finding
from portal.models import User
from programs.models import ProgramRound
from programs.roles import MANAGER, OFFICER
from programs.visibility import sub_programs_of

FIRM, SUPPLIER, EXPERT, STAFF = "firm", "supplier", "expert", "staff"
SIDES = {FIRM: "신청기업", SUPPLIER: "공급기업", EXPERT: "전문가", STAFF: "사업 담당자"}
OVER = (DeliverableState.ACCEPTED, DeliverableState.STOPPED)
LEVELS = "current_level"
TONES = {
    DeliverableState.PLANNED: "neutral",
    DeliverableState.UNDER_WAY: "info",
    DeliverableState.HANDED_IN: "warning",
    DeliverableState.ACCEPTED: "success",
    DeliverableState.STOPPED: "danger",
}


@dataclass(frozen=True)
class Standing:
    """A deliverable with how far it is and what keeps it from going on."""

    deliverable: Deliverable
    progress: rules.Progress
    waits: str
    lacks: tuple[Finding, ...]

    @property
    def tone(self) -> str:
        """How it stands, for a badge."""
        return TONES[DeliverableState(self.deliverable.state)]

    @property
    def doer(self) -> str:
        """Who does it, in words."""
        return SIDES[FIRM if self.stands_in else self.deliverable.spec["by"]]

    @property
    def stands_in(self) -> bool:
        """Whether the firm does it because no supplier has joined."""
        return judge_of(self.deliverable) != self.deliverable.spec["accepted_by"]

    @property
    def judge(self) -> str:
        """Who confirms it, in words."""
        return SIDES[judge_of(self.deliverable)]


def entries_of(deliverable: Deliverable) -> list[rules.Entry]:
    """The records as the rules read them."""
    rows = deliverable.entries.annotate(count=Count("files")).order_by("number")
    return [
        rules.Entry(on, amount, confirmed, count)
        for on, amount, confirmed, count in rows.values_list("on", "amount", "confirmed", "count")
    ]


def standing(deliverable: Deliverable) -> Standing:
    """How far one deliverable is."""
    return standings([deliverable])[0]


def standings(deliverables: Sequence[Deliverable]) -> list[Standing]:
    """How far each is; one query for the records of all, one for what they wait on."""
    records: dict[int, list[rules.Entry]] = {row.pk: [] for row in deliverables}
    rows = DeliveryEntry.objects.filter(deliverable__in=records).annotate(count=Count("files"))
    for pk, *entry in rows.order_by("number").values_list(
        "deliverable_id", "on", "amount", "confirmed", "count"
    ):
        records[pk].append(rules.Entry(*entry))
    others = Deliverable.objects.filter(agreement__in={row.agreement_id for row in deliverables})
    names = {(row.agreement_id, row.code): row for row in others}
    found = []
    for row in deliverables:
        before = names.get((row.agreement_id, row.spec.get("after") or ""))
        waits = before.label if before and before.state not in OVER else ""
        lacks = rules.unready(row.spec, records[row.pk], result={})
        found.append(Standing(row, rules.progress(row.spec, records[row.pk]), waits, tuple(lacks)))
    return found


def judge_of(deliverable: Deliverable) -> str:
    """The side that confirms: staff in the firm's stead where the firm does a supplier's work."""
    spec = deliverable.spec
    if spec["by"] == SUPPLIER and spec["accepted_by"] == FIRM:
        partners = deliverable.agreement.application.partners
        if not partners.filter(state=PartnerState.ACCEPTED).exists():
            return STAFF
    return str(spec["accepted_by"])


def sides_of(user: User, deliverable: Deliverable) -> frozenset[str]:
    """On which sides of a deliverable a person may act.

    Where no supplier has joined, the firm records for it.
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
    ):
        sides.add(STAFF)
    return frozenset(sides)


def tally(agreement: Agreement) -> dict[str, int]:
    """How many things an agreement delivers, how many are over, how many wait to be confirmed."""
    states = list(agreement.deliverables.values_list("state", flat=True))
    return {
        "all": len(states),
        "over": sum(state in OVER for state in states),
        "judging": states.count(DeliverableState.HANDED_IN),
    }


def unfinished(agreement: Agreement) -> list[Finding]:
    """What must still be delivered before the agreement can be found complete.

    What outlasts the agreement, such as three years of use, is proved afterwards.
    """
    rows = [
        row
        for row in agreement.deliverables.exclude(state__in=OVER).order_by("order")
        if not row.spec.get("outlasts")
    ]
    return [
        Finding(f"undelivered:{row.code}", f"‘{row.label}’이(가) 아직 끝나지 않았습니다.")
        for row in rows
    ]


def pool_of(round: ProgramRound, code: str) -> dict[str, Any]:
    """A pool of experts as the catalogue words it. Raises StopIteration for a strange code."""
    return next(row for row in round.pools if row["code"] == code)


def level_choices(deliverable: Deliverable) -> list[tuple[str, str]]:
    """The levels that can be found, as the round's level question words them.

    Sub-programmes that ask for no level use the words of the one that does.
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
    """(agreement, level before, level after) where both are known, for the statistics.

    Before is what was answered in the application or found by the self-diagnosis, after what was
    found last and accepted.
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
