"""Conflicts of interest: ties between people and suppliers, computed, recorded and rechecked.

A person tied to any supplier may not apply at all (source S28). A tie discovered later excludes
the member, whose reports are then left out of averages.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q

from portal.access.roles import roles_of
from portal.assignment.ties import Index, Party, Person, linked
from portal.core.clock import KST
from portal.core.errors import Finding, MoveNotAllowed
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import DeclaredTie, FirmLink, Job, User
from portal.records.workflow import move
from vouchers.models import (
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
from vouchers.states import MonitorState, PanelApplicationMoves, PanelApplicationState

JOB = "vouchers.recheck"
WHO = "지원자"
CHUNK = 200
CHECKED = [
    PanelApplicationState.DRAFT,
    PanelApplicationState.SUBMITTED,
    PanelApplicationState.SELECTED,
    PanelApplicationState.RESERVE,
]


class SupplierIndex:
    """Index over all suppliers and their partner firms that finds the ties of a person."""

    def __init__(self) -> None:
        suppliers = list(Supplier.objects.prefetch_related("contacts").order_by("pk"))
        partners = list(SupplierPartner.objects.select_related("supplier").order_by("pk"))
        accounts: dict[int, list[tuple[int, str]]] = {}
        for owner, user, email in SupplierMember.objects.values_list(
            "supplier_id", "user_id", "user__email"
        ):
            accounts.setdefault(owner, []).append((user, email))
        reached = linked(
            [
                *FirmLink.objects.values_list("one", "other"),
                *(
                    (row.supplier.business_number, row.business_number)
                    for row in partners
                    if row.business_number
                ),
            ]
        )
        self.owners = [row.pk for row in suppliers] + [row.supplier_id for row in partners]
        self.index = Index(
            [_party(row, accounts.get(row.pk, ()), reached) for row in suppliers]
            + [
                Party(
                    name=row.name,
                    role=f"공급기업 {row.supplier.name}의 협력사",
                    business_number=row.business_number,
                )
                for row in partners
            ]
        )

    def ties(self, person: Person) -> list[tuple[int, Finding]]:
        """Return the ties of a person as (supplier id, finding), one per supplier and code."""
        found: dict[tuple[int, str], Finding] = {}
        for place, finding in self.index.ties(person, who=WHO):
            found.setdefault((self.owners[place], finding.code), finding)
        return [(owner, finding) for (owner, _), finding in found.items()]


def current_index() -> SupplierIndex:
    """Return the index of the current tables; it is rebuilt only after one of them has changed."""
    tables = (Supplier, SupplierPartner, SupplierContact, SupplierMember, FirmLink)
    counted = tuple(
        tuple(model._default_manager.aggregate(n=Count("pk"), last=Max("pk")).values())
        for model in tables
    )
    latest = Supplier.objects.aggregate(at=Max("updated_at"))["at"]
    return _cached_index((*counted, latest))


@lru_cache(maxsize=1)
def _cached_index(state: tuple[Any, ...]) -> SupplierIndex:
    return SupplierIndex()


def _party(
    supplier: Supplier,
    accounts: Iterable[tuple[int, str]],
    reached: dict[str, frozenset[str]],
) -> Party:
    contacts, accounts = list(supplier.contacts.all()), list(accounts)
    return Party(
        name=supplier.name,
        role="공급기업",
        business_number=supplier.business_number,
        phones=frozenset(filter(None, [supplier.phone, *(row.phone for row in contacts)])),
        emails=frozenset(
            filter(
                None,
                [
                    supplier.email,
                    *(row.email for row in contacts),
                    *(email for _, email in accounts),
                ],
            )
        ),
        address=supplier.address,
        member_user_ids=frozenset(user for user, _ in accounts),
        linked=reached.get(supplier.business_number, frozenset()),
    )


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


def check(
    user: User,
    application: PanelApplication | None,
    *,
    now: datetime,
    index: SupplierIndex | None = None,
) -> list[Finding]:
    """Compute, record and return the ties of a person; without any they may apply."""
    declared = declared_by([user.pk], now=now).get(user.pk, ())
    found = (index or current_index()).ties(person_of(user, application, declared))
    record(user, found, now=now)
    return [finding for _, finding in found]


@transaction.atomic
def record(user: User, found: Iterable[tuple[int, Finding]], *, now: datetime) -> None:
    """Update the recorded ties of a person: add new ones, end those no longer found."""
    recorded = {
        (row.supplier_id, row.code): row
        for row in SupplierTie.objects.filter(user=user, ended_at=None)
    }
    current = {(owner, finding.code): finding for owner, finding in found}
    ended = [row.pk for key, row in recorded.items() if key not in current]
    SupplierTie.objects.filter(pk__in=ended, ended_at=None).update(ended_at=now)
    SupplierTie.objects.bulk_create(
        [
            SupplierTie(
                user=user,
                supplier_id=owner,
                code=code,
                reason=finding.message[:300],
                found_at=now,
            )
            for (owner, code), finding in current.items()
            if (owner, code) not in recorded
        ],
        ignore_conflicts=True,  # another check may have added the same meanwhile
    )


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
    """Recheck all ties; bar applicants and exclude members who have one. Return the counts.

    Each person is handled in a transaction of their own; running again is safe.
    """
    index = current_index()
    rows = PanelApplication.objects.filter(Q(state__in=CHECKED) | Q(monitor__isnull=False))
    applications = list(rows.select_related("user", "round").order_by("pk"))
    counts = {"checked": 0, "barred": 0, "excluded": 0}
    for start in range(0, len(applications), CHUNK):
        part = applications[start : start + CHUNK]
        declared = declared_by([row.user_id for row in part], now=now)
        for application in part:
            person = person_of(application.user, application, declared.get(application.user_id, ()))
            found = index.ties(person)
            with transaction.atomic():
                record(application.user, found, now=now)
                _apply(application, [finding for _, finding in found], counts, now)
            counts["checked"] += 1
        progress(counts["checked"], len(applications))
    return counts


def _apply(
    application: PanelApplication,
    found: Sequence[Finding],
    counts: dict[str, int],
    now: datetime,
) -> None:
    if not found:
        return
    reason = found[0].message[:300]
    monitor = Monitor.objects.filter(application=application).first()
    if monitor is not None:
        if monitor.state != MonitorState.EXCLUDED:
            members.exclude(monitor, reason=reason, by=None, now=now)
            counts["excluded"] += 1
    elif application.state in CHECKED and application.state != PanelApplicationState.DRAFT:
        bar(application, reason=reason, by=None, now=now)
        counts["barred"] += 1


@transaction.atomic
def bar(
    application: PanelApplication, *, reason: str, by: User | None, now: datetime
) -> PanelApplication:
    """Bar an applicant and notify them of the reason. Raises MoveNotAllowed."""
    row = move(application, PanelApplicationMoves.BAR, by=by, now=now, note=reason)
    key = f"panel-barred:{row.pk}"
    members.notify_applicant("vouchers/panel_barred", application, reason, key=key, now=now)
    return application
