"""Who sees which rows of the panel: asked by pages, admin, API, PDF and exports alike."""

from typing import Any

from django.db.models import QuerySet

from portal.models import User
from portal.roles import AGENCY, MINISTRY, MODERATOR, PANEL_OPERATOR, roles_of
from vouchers.models import (
    Assignment,
    Monitor,
    PanelApplication,
    PanelEvidence,
    PanelRound,
    Service,
    Supplier,
)
from vouchers.states import PanelApplicationState, ServiceState

DESK = frozenset({PANEL_OPERATOR, AGENCY, MINISTRY})
"""Staff who read recruitment and assignment; the operator alone acts there."""
STAFF = DESK | {MODERATOR}
"""Everybody who reads the whole catalogue and the panel's work."""

PUBLIC_STATES = [ServiceState.ON_SALE, ServiceState.SUSPENDED]


def public_services() -> QuerySet[Service]:
    """Services that anybody may read: on sale, or suspended (and said to be)."""
    return Service.objects.filter(state__in=PUBLIC_STATES)


def services_of(user: Any) -> QuerySet[Service]:
    """Services a person may open: the public ones; staff every one; suppliers their own too."""
    if not getattr(user, "is_authenticated", False):
        return public_services()
    if roles_of(user) & STAFF:
        return Service.objects.all()
    own = Service.objects.filter(supplier__members__user=user).order_by().values("pk")
    return public_services() | Service.objects.filter(pk__in=own)


def suppliers_of(user: User) -> QuerySet[Supplier]:
    """Suppliers whose desk the person works at."""
    return Supplier.objects.filter(members__user=user)


def public_rounds() -> QuerySet[PanelRound]:
    """Panels that were announced."""
    return PanelRound.objects.filter(announced=True)


def own_panel_applications(user: User) -> QuerySet[PanelApplication]:
    """A person's own applications to panels."""
    return PanelApplication.objects.filter(user=user)


def staff_panel_applications(user: User) -> QuerySet[PanelApplication]:
    """Filed applications, for the desk; never drafts."""
    if not roles_of(user) & DESK:
        return PanelApplication.objects.none()
    return PanelApplication.objects.exclude(
        state__in=[PanelApplicationState.DRAFT, PanelApplicationState.WITHDRAWN]
    )


def evidence_of(user: User) -> QuerySet[PanelEvidence]:
    """Proofs a person may download: their own, and for the desk those of filed applications."""
    mine = own_panel_applications(user).order_by().values("pk")
    filed = staff_panel_applications(user).order_by().values("pk")
    rows = PanelEvidence.objects.filter(removed_at=None)
    return rows.filter(application__in=mine) | rows.filter(application__in=filed)


def memberships_of(user: User) -> QuerySet[Monitor]:
    """A person's own memberships of panels."""
    return Monitor.objects.filter(user=user)


def monitors_of(user: User) -> QuerySet[Monitor]:
    """Members a person may read about with their names: the desk alone."""
    if not roles_of(user) & DESK:
        return Monitor.objects.none()
    return Monitor.objects.all()


def own_assignments(user: User) -> QuerySet[Assignment]:
    """What a member has to try, dropped ones included."""
    return Assignment.objects.filter(monitor__user=user)


def assignments_of(user: User) -> QuerySet[Assignment]:
    """Assignments a person may read: staff every one, a member their own."""
    if roles_of(user) & STAFF:
        return Assignment.objects.all()
    return own_assignments(user)
