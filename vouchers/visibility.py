"""Who sees which rows of the panel: asked by pages, admin, API, PDF and exports alike."""

from typing import Any

from django.db.models import Q, QuerySet

from portal.access.roles import roles_of
from portal.models import User
from vouchers.models import (
    Assignment,
    Award,
    Certificate,
    ConsumerReport,
    Correction,
    CorrectionEvidence,
    GoodCase,
    Monitor,
    PanelApplication,
    PanelEvidence,
    PanelRound,
    ReportBook,
    ReportEvidence,
    ReportFee,
    Service,
    Supplier,
)
from vouchers.roles import AGENCY, MINISTRY, MODERATOR, PANEL_OPERATOR
from vouchers.states import (
    PUBLIC_CORRECTIONS,
    AwardRoundState,
    GoodCaseState,
    PanelApplicationState,
    ReportState,
    ServiceState,
)

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


# --- Reports and what comes of them --------------------------------------------------------------


def public_reports() -> QuerySet[ConsumerReport]:
    """Reports that anybody may read."""
    return ConsumerReport.objects.filter(
        state=ReportState.PUBLISHED, assignment__service__state__in=PUBLIC_STATES
    )


def own_reports(user: User) -> QuerySet[ConsumerReport]:
    """A member's own reports."""
    return ConsumerReport.objects.filter(assignment__monitor__user=user)


def staff_reports(user: User) -> QuerySet[ConsumerReport]:
    """Submitted reports, for staff; never drafts, and never one's own."""
    if not roles_of(user) & STAFF:
        return ConsumerReport.objects.none()
    return ConsumerReport.objects.exclude(filed=None).exclude(assignment__monitor__user=user)


def supplier_reports(user: User) -> QuerySet[ConsumerReport]:
    """Reports on a supplier's own services, from the moment it is asked for its word."""
    return ConsumerReport.objects.filter(
        assignment__service__in=own_services(user).order_by().values("pk"),
        state__in=[ReportState.COMMENTING, ReportState.PUBLISHED],
    )


def own_services(user: User) -> QuerySet[Service]:
    """Services of the suppliers whose desk the person works at."""
    return Service.objects.filter(supplier__members__user=user)


def pictures_of(user: Any) -> QuerySet[ReportEvidence]:
    """Pictures a person may see: those of the reports they may read."""
    rows = ReportEvidence.objects.all()
    seen = Q(removed_at=None, report__in=public_reports().order_by().values("pk"))
    if getattr(user, "is_authenticated", False):
        seen |= Q(removed_at=None, report__in=own_reports(user).order_by().values("pk"))
        seen |= Q(removed_at=None, report__in=supplier_reports(user).order_by().values("pk"))
        seen |= Q(report__in=staff_reports(user).order_by().values("pk"))
    return rows.filter(seen)


def public_corrections() -> QuerySet[Correction]:
    """Cases that anybody may read: what the agency has found, never what is only alleged."""
    return Correction.objects.filter(state__in=PUBLIC_CORRECTIONS, service__state__in=PUBLIC_STATES)


def supplier_corrections(user: User) -> QuerySet[Correction]:
    """Cases about a supplier's own services, from the moment the agency has found something."""
    return Correction.objects.filter(
        state__in=PUBLIC_CORRECTIONS, service__in=own_services(user).order_by().values("pk")
    )


def staff_corrections(user: User) -> QuerySet[Correction]:
    """Every case, for staff."""
    return Correction.objects.all() if roles_of(user) & STAFF else Correction.objects.none()


def proofs_of(user: User) -> QuerySet[CorrectionEvidence]:
    """Files of answers: the supplier's own, and for the desk all; never the public's."""
    mine = Q(answer__correction__in=supplier_corrections(user).order_by().values("pk"))
    if roles_of(user) & DESK:
        return CorrectionEvidence.objects.all()
    return CorrectionEvidence.objects.filter(mine)


def public_cases() -> QuerySet[GoodCase]:
    """Good cases that anybody may read: decided, on sale, and their report still published."""
    return GoodCase.objects.filter(
        state=GoodCaseState.PROMOTED,
        service__state=ServiceState.ON_SALE,
        report__state=ReportState.PUBLISHED,
    )


def fees_of(user: User) -> QuerySet[ReportFee]:
    """Fees: a member's own; the desk's all."""
    if roles_of(user) & DESK:
        return ReportFee.objects.all()
    return ReportFee.objects.filter(report__assignment__monitor__user=user)


def awards_of(user: User) -> QuerySet[Award]:
    """Awards: the desk's all; a member's own once they are paid."""
    if roles_of(user) & DESK:
        return Award.objects.all()
    return Award.objects.filter(monitor__user=user, award_round__state=AwardRoundState.PAID)


def certificates_of(user: User) -> QuerySet[Certificate]:
    """Certificates of the awards a person may see."""
    return Certificate.objects.filter(award__in=awards_of(user).order_by().values("pk"))


def public_books() -> QuerySet[ReportBook]:
    """Finished books all of whose reports are still published: one taken back closes its books."""
    gone = ConsumerReport.objects.exclude(pk__in=public_reports().order_by().values("pk"))
    rows = ReportBook.objects.filter(issued_at__isnull=False, round__announced=True)
    return rows.exclude(included__in=gone.order_by().values("pk"))
