"""Conflicts of interest: ties between people and suppliers, computed, recorded and rechecked.

A person tied to any supplier may not apply at all (source S28). A tie that is found after the filing
is only flagged: what either side changes later withdraws and excludes nobody, a person decides.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import Q, QuerySet

from portal.access import impartiality
from portal.access.accounts import verified_addresses, verified_addresses_of
from portal.access.roles import roles_of
from portal.assignment.ties import Index, Party, Person, linked
from portal.core.clock import KST
from portal.core.errors import BadInput, Finding, MoveNotAllowed
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import DeclaredTie, FirmLink, Job, User
from vouchers.models import (
    ExclusionProposal,
    Monitor,
    PanelApplication,
    Supplier,
    SupplierContact,
    SupplierMember,
    SupplierPartner,
    SupplierTie,
)
from vouchers.roles import EDITORS
from vouchers.services import members
from vouchers.states import MonitorState, PanelApplicationState, TieStanding

JOB = "vouchers.recheck"
WHO = "지원자"
CHUNK = 200
CHECKED = [
    PanelApplicationState.DRAFT,
    PanelApplicationState.SUBMITTED,
    PanelApplicationState.SELECTED,
    PanelApplicationState.RESERVE,
]
FILED = [state for state in CHECKED if state != PanelApplicationState.DRAFT]

Key = tuple[int, str]  # supplier id, code


Rows = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class Sources:
    """Everything the index is made from; as the key of the cache it knows every change."""

    suppliers: Rows
    partners: Rows
    contacts: Rows
    accounts: Rows
    addresses: Rows
    links: Rows


def read_sources() -> Sources:
    """Read the tables of the index, in six queries."""
    members = SupplierMember.objects.order_by("pk")
    verified = EmailAddress.objects.filter(verified=True, user__supplier_memberships__isnull=False)
    return Sources(
        tuple(
            Supplier.objects.order_by("pk").values_list(
                "pk", "name", "business_number", "phone", "email", "address"
            )
        ),
        tuple(
            SupplierPartner.objects.order_by("pk").values_list(
                "supplier_id", "supplier__name", "supplier__business_number", "name",
                "business_number",
            )
        ),
        tuple(SupplierContact.objects.order_by("pk").values_list("supplier_id", "email", "phone")),
        tuple(members.values_list("supplier_id", "user_id", "user__email")),
        tuple(verified.order_by("pk").distinct().values_list("user_id", "email")),
        tuple(FirmLink.objects.order_by("pk").values_list("one", "other")),
    )  # fmt: skip


class SupplierIndex:
    """Index over all suppliers and their partner firms that finds the ties of a person."""

    def __init__(self, sources: Sources) -> None:
        emails, phones, users = defaultdict(set), defaultdict(set), defaultdict(set)
        second = defaultdict(set)
        for user, email in sources.addresses:
            second[user].add(email)
        for owner, email, phone in sources.contacts:
            emails[owner].add(email)
            phones[owner].add(phone)
        for owner, user, email in sources.accounts:
            users[owner].add(user)
            emails[owner] |= {email, *second[user]}
        reached = linked(
            [
                *sources.links,
                *((own, number) for _, _, own, _, number in sources.partners if number),
            ]
        )
        parties = [
            Party(
                name=name,
                role="공급기업",
                business_number=number,
                phones=frozenset({phone, *phones[pk]} - {""}),
                emails=frozenset({email, *emails[pk]} - {""}),
                address=address,
                member_user_ids=frozenset(users[pk]),
                linked=reached.get(number, frozenset()),
            )
            for pk, name, number, phone, email, address in sources.suppliers
        ]
        partners = [
            Party(name=name, role=f"공급기업 {owner}의 협력사", business_number=number)
            for _, owner, _, name, number in sources.partners
        ]
        self.owners = [row[0] for row in (*sources.suppliers, *sources.partners)]
        self.index = Index([*parties, *partners])

    def ties(self, person: Person) -> list[tuple[int, Finding]]:
        """Return the ties of a person as (supplier id, finding), one per supplier and code."""
        found: dict[tuple[int, str], Finding] = {}
        for place, finding in self.index.ties(person, who=WHO):
            found.setdefault((self.owners[place], finding.code), finding)
        return [(owner, finding) for (owner, _), finding in found.items()]


def current_index() -> SupplierIndex:
    """Return the index of the current tables; it is built again only when one of them has changed."""
    return _cached_index(read_sources())


@lru_cache(maxsize=1)
def _cached_index(sources: Sources) -> SupplierIndex:
    return SupplierIndex(sources)


def person_of(
    user: User, application: PanelApplication | None, declared: Iterable[str] = ()
) -> Person:
    """Return what is known of a person: account, application, declared firms."""
    if application is None:
        return Person(
            name=user.name,
            user_id=user.pk,
            email=user.email,
            phone=user.phone,
            declared=frozenset(declared),
        )
    firms = application.firms or []
    numbers = {application.business_number, *(firm.get("business_number", "") for firm in firms)}
    return Person(
        name=application.name or user.name,
        user_id=user.pk,
        email=user.email,
        phone=application.phone or user.phone,
        business_numbers=frozenset(numbers - {""}),
        address=application.address,
        declared=frozenset(
            filter(
                None,
                [*declared, application.affiliation, *(firm.get("name", "") for firm in firms)],
            )
        ),
    )


def declared_by(users: Sequence[int], *, now: datetime) -> dict[int, set[str]]:
    """Return the names and numbers of the firms in the open declared ties of users, by user id."""
    found: dict[int, set[str]] = {}
    rows = DeclaredTie.objects.filter(user__in=users).exclude(
        ended_on__lt=now.astimezone(KST).date()
    )
    for user, name, number in rows.values_list("user_id", "firm_name", "business_number"):
        found.setdefault(user, set()).update({name, number} - {""})
    return found


def ties_of(
    user: User,
    application: PanelApplication | None,
    *,
    declared: Iterable[str] = (),
    addresses: Iterable[str] = (),
    index: SupplierIndex,
) -> dict[Key, Finding]:
    """Return the ties of a person by (supplier id, code), over all verified `addresses`."""
    person = person_of(user, application, declared)
    found: dict[Key, Finding] = {}
    for email in dict.fromkeys((user.email, *sorted(addresses))):
        for owner, finding in index.ties(replace(person, email=email)):
            found.setdefault((owner, finding.code), finding)
    return found


def check(
    user: User,
    application: PanelApplication | None,
    *,
    now: datetime,
    index: SupplierIndex | None = None,
) -> list[Finding]:
    """Compute and record the ties of a person; return those that keep them from applying.

    What an applicant wrote down keeps counting when they remove the words, until staff decide.
    """
    index = index or current_index()
    declared = declared_by([user.pk], now=now).get(user.pk, ())
    addresses = verified_addresses(user)
    found = ties_of(user, application, declared=declared, addresses=addresses, index=index)
    unstated = ties_of(user, None, declared=declared, addresses=addresses, index=index)
    return [
        Finding(row.code, row.reason)
        for row in record(user, found, stated=found.keys() - unstated.keys(), now=now)
        if row.standing != TieStanding.DISMISSED
    ]


@transaction.atomic
def record(
    user: User,
    found: Mapping[Key, Finding],
    *,
    stated: Collection[Key] = (),
    now: datetime,
) -> list[SupplierTie]:
    """Update the recorded ties of a person and return the open ones.

    New ones bar at the door, and are flagged for a person who has filed or is a member. Those no
    longer found end, except what the person had written down.
    """
    recorded = {
        (row.supplier_id, row.code): row
        for row in SupplierTie.objects.filter(user=user, ended_at=None)
    }
    ended = [row.pk for key, row in recorded.items() if key not in found and not row.stated]
    SupplierTie.objects.filter(pk__in=ended, ended_at=None).update(ended_at=now)
    new = [key for key in found if key not in recorded]
    judged = TieStanding.FLAGGED if new and has_filed(user) else TieStanding.BARS
    SupplierTie.objects.bulk_create(
        [
            SupplierTie(
                user=user,
                supplier_id=key[0],
                code=key[1],
                reason=found[key].message[:300],
                standing=judged,
                stated=key in stated,
                found_at=now,
            )
            for key in new
        ],
        ignore_conflicts=True,  # another check may have added the same meanwhile
    )
    return list(SupplierTie.objects.filter(user=user, ended_at=None).order_by("pk"))


def has_filed(user: User) -> bool:
    """Return whether a person's application or membership is to be protected from later changes."""
    return (
        PanelApplication.objects.filter(user=user, state__in=FILED).exists()
        or Monitor.objects.filter(user=user, state=MonitorState.ACTIVE).exists()
    )


def appeal(application: PanelApplication, *, text: str, by: User, now: datetime) -> int:
    """Ask staff to look at the ties of a draft again; return how many there are.

    Raises BadInput (`appeal`), MoveNotAllowed (`not_tied`).
    """
    if not text.strip():
        raise BadInput("왜 사실과 다른지 적어 주세요.", code="appeal")
    rows = SupplierTie.objects.filter(user=by, ended_at=None).exclude(
        standing=TieStanding.DISMISSED
    )
    asked = rows.update(appeal=text.strip()[:2_000], appealed_at=now)
    if not asked:
        raise MoveNotAllowed("확인할 공급기업과의 관계가 없습니다.", code="not_tied")
    return asked


def appealed_at(user: User) -> datetime | None:
    """Return when a person last asked staff to look at their ties, if they did."""
    rows = SupplierTie.objects.filter(user=user, ended_at=None, appealed_at__isnull=False)
    return rows.order_by("-appealed_at").values_list("appealed_at", flat=True).first()


@transaction.atomic
def dismiss(tie: SupplierTie, *, reason: str, by: User, now: datetime) -> None:
    """Decide that a tie is none; it is not raised again. Raises MoveNotAllowed, BadInput (`reason`)."""
    _may_decide(tie, reason, by)
    members.settle_tie(tie, TieStanding.DISMISSED, reason=reason.strip(), by=by, now=now)


@transaction.atomic
def confirm(tie: SupplierTie, *, reason: str, by: User, now: datetime) -> ExclusionProposal | None:
    """Decide that a tie holds: an applicant is barred, a member's exclusion is proposed.

    The proposal is returned; the tie stays flagged until a second person confirms it. Raises
    MoveNotAllowed, BadInput (`reason`).
    """
    _may_decide(tie, reason, by)
    rows = PanelApplication.objects.filter(user=tie.user_id).select_related("round", "user")
    released = rows.filter(
        Q(state=PanelApplicationState.RESERVE)
        | Q(monitor__state__in=[MonitorState.ACTIVE, MonitorState.LEFT])
    )
    text = f"{tie.reason} {reason.strip()}"[:300]
    if (held := released.order_by("-pk").first()) is not None:
        return members.propose_exclusion(held, reason=text, by=by, now=now)
    members.settle_tie(tie, TieStanding.BARS, reason=reason.strip(), by=by, now=now)
    for filed in rows.filter(state=PanelApplicationState.SUBMITTED):
        members.bar(filed, reason=text, by=by, now=now)
    return None


def _may_decide(tie: SupplierTie, reason: str, by: User) -> None:
    message = "이해관계를 판단할 권한이 없습니다."
    impartiality.require(by, EDITORS, about=tie, message=message)
    if tie.ended_at is not None or tie.standing == TieStanding.DISMISSED:
        raise MoveNotAllowed("이미 끝난 일입니다.", code="decided")
    if not reason.strip():
        raise BadInput("판단한 까닭을 적어 주세요.", code="reason")


def declare(
    user: User,
    *,
    firm_name: str,
    business_number: str = "",
    kind: str,
    note: str = "",
    by: User,
    now: datetime,
) -> DeclaredTie:
    """Record a tie that a person declares and request a recheck."""
    with transaction.atomic():
        made = DeclaredTie.objects.create(
            user=user,
            kind=kind,
            firm_name=firm_name,
            business_number=business_number,
            note=note,
            declared_at=now,
            declared_by=by,
        )
        request_recheck(reason=f"declared:{made.pk}", by=by)
    return made


def link(one: str, other: str, *, kind: str, origin: str, by: User, now: datetime) -> FirmLink:
    """Record that two firms belong together and request a recheck; repeating it changes nothing.

    Raises MoveNotAllowed (`role`, `same_firm`).
    """
    if not roles_of(by) & EDITORS:
        raise MoveNotAllowed("기업 간 관계를 기록할 권한이 없습니다.", code="role")
    if one == other:
        raise MoveNotAllowed("서로 다른 두 기업이어야 합니다.", code="same_firm")
    with transaction.atomic():
        made, created = FirmLink.objects.get_or_create(
            one=min(one, other),
            other=max(one, other),
            kind=kind,
            defaults={"origin": origin, "recorded_at": now, "recorded_by": by},
        )
        if created:
            request_recheck(reason=f"link:{made.pk}", by=by)
    return made


def request_recheck(*, reason: str, by: User | None) -> Job:
    """Enqueue a recheck of all ties because data have changed, once per `reason`."""
    return queue.enqueue(JOB, key=f"vouchers:recheck:{reason}", by=by)


def recheck(*, now: datetime, progress: Progress = no_progress) -> dict[str, int]:
    """Recheck all ties and flag new ones for staff; nobody is barred or excluded by it.

    Return the numbers of people checked and with a tie to decide. Each person is handled in a
    transaction of their own; running again is safe.
    """
    index = current_index()
    rows = PanelApplication.objects.filter(Q(state__in=CHECKED) | Q(monitor__isnull=False))
    applications = list(rows.select_related("user").order_by("pk"))
    counts = {"checked": 0, "flagged": 0}
    for start in range(0, len(applications), CHUNK):
        part = applications[start : start + CHUNK]
        declared = declared_by([row.user_id for row in part], now=now)
        addresses = verified_addresses_of([row.user for row in part])
        for application in part:
            user = application.user
            found = ties_of(
                user,
                application,
                declared=declared.get(user.pk, ()),
                addresses=addresses[user.pk],
                index=index,
            )
            ties = record(user, found, now=now)
            counts["flagged"] += any(row.standing == TieStanding.FLAGGED for row in ties)
            counts["checked"] += 1
        progress(counts["checked"], len(applications))
    return counts


def undecided(users: QuerySet[Any, Any]) -> QuerySet[SupplierTie]:
    """Return the ties of these people (a query for ids) that wait for a decision."""
    return SupplierTie.objects.filter(user__in=users, ended_at=None, standing=TieStanding.FLAGGED)
