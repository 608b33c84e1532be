"""Who is tied to a supplier: computed, kept in a table that the database enforces, and read again.

Suppliers' people are barred from applying at all (source S28), whichever service it is about. A
tie that is found late excludes the member; what they wrote is then left out of averages.
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
from vouchers.roles import AGENCY, PANEL_OPERATOR
from vouchers.services.members import _tell, exclude
from vouchers.states import MonitorState, PanelApplicationMoves, PanelApplicationState

JOB = "vouchers.recheck"


WHO = "지원자"


CHUNK = 200


JUDGED = [
    PanelApplicationState.DRAFT,
    PanelApplicationState.SUBMITTED,
    PanelApplicationState.SELECTED,
    PanelApplicationState.RESERVE,
]


class Ground:
    """All suppliers and their partner firms, ready to be asked about many people."""

    def __init__(self) -> None:
        suppliers = list(Supplier.objects.prefetch_related("contacts").order_by("pk"))
        partners = list(SupplierPartner.objects.select_related("supplier").order_by("pk"))
        members: dict[int, list[tuple[int, str]]] = {}
        for owner, user, email in SupplierMember.objects.values_list(
            "supplier_id", "user_id", "user__email"
        ):
            members.setdefault(owner, []).append((user, email))
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
            [_party(row, members.get(row.pk, ()), reached) for row in suppliers]
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
        """Every tie of a person with the supplier it leads to, one of a kind for each supplier."""
        found: dict[tuple[int, str], Finding] = {}
        for place, finding in self.index.ties(person, who=WHO):
            found.setdefault((self.owners[place], finding.code), finding)
        return [(owner, finding) for (owner, _), finding in found.items()]


def present_ground() -> Ground:
    """The ground as the tables are now; read again only when one of them has changed."""
    tables = (Supplier, SupplierPartner, SupplierContact, SupplierMember, FirmLink)
    counted = tuple(
        tuple(model._default_manager.aggregate(n=Count("pk"), last=Max("pk")).values())
        for model in tables
    )
    latest = Supplier.objects.aggregate(at=Max("updated_at"))["at"]
    return _ground((*counted, latest))


@lru_cache(maxsize=1)
def _ground(state: tuple[Any, ...]) -> Ground:
    return Ground()


def _party(
    supplier: Supplier,
    members: Iterable[tuple[int, str]],
    reached: dict[str, frozenset[str]],
) -> Party:
    contacts, members = list(supplier.contacts.all()), list(members)
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
                    *(email for _, email in members),
                ],
            )
        ),
        address=supplier.address,
        member_user_ids=frozenset(user for user, _ in members),
        linked=reached.get(supplier.business_number, frozenset()),
    )


def person_of(
    user: User, application: PanelApplication | None, declared: Iterable[str] = ()
) -> Person:
    """What is known of somebody: their account, what they wrote, what they have declared."""
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
    """The firms that people have named as a tie that has not ended: names and numbers."""
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
    ground: Ground | None = None,
) -> list[Finding]:
    """Compute somebody's ties, keep them in the table, and return them; none means may apply."""
    declared = declared_by([user.pk], now=now).get(user.pk, ())
    found = (ground or present_ground()).ties(person_of(user, application, declared))
    record(user, found, now=now)
    return [finding for _, finding in found]


@transaction.atomic
def record(user: User, found: Iterable[tuple[int, Finding]], *, now: datetime) -> None:
    """Make the table say what was found: new ties are added, those that are gone are ended."""
    stand = {
        (row.supplier_id, row.code): row
        for row in SupplierTie.objects.filter(user=user, ended_at=None)
    }
    now_there = {(owner, finding.code): finding for owner, finding in found}
    gone = [row.pk for key, row in stand.items() if key not in now_there]
    SupplierTie.objects.filter(pk__in=gone, ended_at=None).update(ended_at=now)
    SupplierTie.objects.bulk_create(
        [
            SupplierTie(
                user=user,
                supplier_id=owner,
                code=code,
                reason=finding.message[:300],
                found_at=now,
            )
            for (owner, code), finding in now_there.items()
            if (owner, code) not in stand
        ],
        ignore_conflicts=True,  # another check found the same meanwhile
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
    """Keep a person's own word about a firm, and read the ties again."""
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
        ask_recheck(reason=f"declared:{made.pk}", by=by)
    return made


def link(one: str, other: str, *, kind: str, origin: str, by: User, now: datetime) -> FirmLink:
    """Keep that two firms belong together, and read the ties again. Raises MoveNotAllowed."""
    if not roles_of(by) & {PANEL_OPERATOR, AGENCY}:
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
            ask_recheck(reason=f"link:{made.pk}", by=by)
    return made


def ask_recheck(*, reason: str, by: User | None) -> Job:
    """Ask for everybody's ties to be read again because data have changed; once per reason."""
    return queue.enqueue(JOB, key=f"vouchers:recheck:{reason}", by=by)


def recheck(*, now: datetime, progress: Progress = no_progress) -> dict[str, int]:
    """Read everybody's ties again; bar applicants and exclude members who now have one.

    Each person is settled in a transaction of their own. May run again.
    """
    ground = present_ground()
    rows = PanelApplication.objects.filter(Q(state__in=JUDGED) | Q(monitor__isnull=False))
    applications = list(rows.select_related("user", "round").order_by("pk"))
    counts = {"checked": 0, "barred": 0, "excluded": 0}
    for start in range(0, len(applications), CHUNK):
        part = applications[start : start + CHUNK]
        declared = declared_by([row.user_id for row in part], now=now)
        for application in part:
            person = person_of(application.user, application, declared.get(application.user_id, ()))
            found = ground.ties(person)
            with transaction.atomic():
                record(application.user, found, now=now)
                _settle(application, [finding for _, finding in found], counts, now)
            counts["checked"] += 1
        progress(counts["checked"], len(applications))
    return counts


def _settle(
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
            exclude(monitor, reason=reason, by=None, now=now)
            counts["excluded"] += 1
    elif application.state in JUDGED and application.state != PanelApplicationState.DRAFT:
        bar(application, reason=reason, by=None, now=now)
        counts["barred"] += 1


@transaction.atomic
def bar(
    application: PanelApplication, *, reason: str, by: User | None, now: datetime
) -> PanelApplication:
    """Bar an applicant, who is told why. Raises MoveNotAllowed."""
    row = move(application, PanelApplicationMoves.BAR, by=by, now=now, note=reason)
    _tell("vouchers/panel_barred", application, reason, key=f"panel-barred:{row.pk}", now=now)
    return application
