"""Who sees which rows of the voucher programme; pages, admin, API, PDFs and exports all ask here."""

from django.contrib.auth.models import AnonymousUser
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
    SaleSuspension,
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
    SuspensionState,
)

DESK = frozenset({PANEL_OPERATOR, AGENCY, MINISTRY})
"""Staff who read recruitment and assignment; only the panel operator acts there."""
STAFF = DESK | {MODERATOR}
"""Staff who read the whole catalogue and every report."""

PUBLIC_STATES = [ServiceState.ON_SALE, ServiceState.SUSPENDED]


def public_services() -> QuerySet[Service]:
    """Return the services anybody may read: on sale or suspended."""
    return Service.objects.filter(state__in=PUBLIC_STATES)


def services_of(user: User | AnonymousUser | None) -> QuerySet[Service]:
    """Return the services a user may open: public ones, own ones of a supplier, all for staff."""
    if not isinstance(user, User):
        return public_services()
    if roles_of(user) & STAFF:
        return Service.objects.all()
    own = Service.objects.filter(supplier__members__user=user).order_by().values("pk")
    return public_services() | Service.objects.filter(pk__in=own)


def suppliers_of(user: User) -> QuerySet[Supplier]:
    """Return the suppliers that the user's account acts for."""
    return Supplier.objects.filter(members__user=user)


def public_rounds() -> QuerySet[PanelRound]:
    return PanelRound.objects.filter(announced=True)


def own_panel_applications(user: User) -> QuerySet[PanelApplication]:
    return PanelApplication.objects.filter(user=user)


def staff_panel_applications(user: User) -> QuerySet[PanelApplication]:
    """Return submitted applications for `DESK`; never drafts or withdrawn ones."""
    if not roles_of(user) & DESK:
        return PanelApplication.objects.none()
    return PanelApplication.objects.exclude(
        state__in=[PanelApplicationState.DRAFT, PanelApplicationState.WITHDRAWN]
    )


def evidence_of(user: User) -> QuerySet[PanelEvidence]:
    """Return evidence the user may download: their own, and for `DESK` that of submitted applications."""
    mine = own_panel_applications(user).order_by().values("pk")
    filed = staff_panel_applications(user).order_by().values("pk")
    rows = PanelEvidence.objects.filter(removed_at=None)
    return rows.filter(application__in=mine) | rows.filter(application__in=filed)


def memberships_of(user: User) -> QuerySet[Monitor]:
    return Monitor.objects.filter(user=user)


def monitors_of(user: User) -> QuerySet[Monitor]:
    """Return the members whose names the user may read: all for `DESK`, else none."""
    if not roles_of(user) & DESK:
        return Monitor.objects.none()
    return Monitor.objects.all()


def own_assignments(user: User) -> QuerySet[Assignment]:
    return Assignment.objects.filter(monitor__user=user)


# Reports, corrections, good cases, rewards


def public_reports() -> QuerySet[ConsumerReport]:
    return ConsumerReport.objects.filter(
        state=ReportState.PUBLISHED, assignment__service__state__in=PUBLIC_STATES
    )


def own_reports(user: User) -> QuerySet[ConsumerReport]:
    return ConsumerReport.objects.filter(assignment__monitor__user=user)


def staff_reports(user: User) -> QuerySet[ConsumerReport]:
    """Return submitted reports for staff, except those the user wrote."""
    if not roles_of(user) & STAFF:
        return ConsumerReport.objects.none()
    return ConsumerReport.objects.exclude(filed=None).exclude(assignment__monitor__user=user)


def supplier_reports(user: User) -> QuerySet[ConsumerReport]:
    """Return reports on the user's own services, from the start of the comment period."""
    return ConsumerReport.objects.filter(
        assignment__service__in=own_services(user).order_by().values("pk"),
        state__in=[ReportState.COMMENTING, ReportState.PUBLISHED],
    )


def own_services(user: User) -> QuerySet[Service]:
    """Return the services of the suppliers that the user's account acts for."""
    return Service.objects.filter(supplier__members__user=user)


def pictures_of(user: User | AnonymousUser | None) -> QuerySet[ReportEvidence]:
    """Return pictures of the reports the user may read; removed ones for staff only."""
    rows = ReportEvidence.objects.all()
    seen = Q(removed_at=None, report__in=public_reports().order_by().values("pk"))
    if isinstance(user, User):
        seen |= Q(removed_at=None, report__in=own_reports(user).order_by().values("pk"))
        seen |= Q(removed_at=None, report__in=supplier_reports(user).order_by().values("pk"))
        seen |= Q(report__in=staff_reports(user).order_by().values("pk"))
    return rows.filter(seen)


def public_corrections() -> QuerySet[Correction]:
    """Return the corrections anybody may read: those the agency has verified."""
    return Correction.objects.filter(state__in=PUBLIC_CORRECTIONS, service__state__in=PUBLIC_STATES)


def supplier_corrections(user: User) -> QuerySet[Correction]:
    """Return verified corrections of the user's own services."""
    return Correction.objects.filter(
        state__in=PUBLIC_CORRECTIONS, service__in=own_services(user).order_by().values("pk")
    )


def supplier_suspensions(user: User) -> QuerySet[SaleSuspension]:
    """Return the suspensions of the user's own services, from their start."""
    return SaleSuspension.objects.filter(
        state__in=[SuspensionState.IN_FORCE, SuspensionState.LIFTED],
        service__in=own_services(user).order_by().values("pk"),
    )


def staff_corrections(user: User) -> QuerySet[Correction]:
    return Correction.objects.all() if roles_of(user) & STAFF else Correction.objects.none()


def proofs_of(user: User) -> QuerySet[CorrectionEvidence]:
    """Return files attached to answers: the supplier's own, all for `DESK`; never public."""
    mine = Q(answer__correction__in=supplier_corrections(user).order_by().values("pk"))
    if roles_of(user) & DESK:
        return CorrectionEvidence.objects.all()
    return CorrectionEvidence.objects.filter(mine)


def public_cases() -> QuerySet[GoodCase]:
    """Return good cases anybody may read: promoted, on sale, their report still published."""
    return GoodCase.objects.filter(
        state=GoodCaseState.PROMOTED,
        service__state=ServiceState.ON_SALE,
        report__state=ReportState.PUBLISHED,
    )


def fees_of(user: User) -> QuerySet[ReportFee]:
    """Return a member's own fees; all for `DESK`."""
    if roles_of(user) & DESK:
        return ReportFee.objects.all()
    return ReportFee.objects.filter(report__assignment__monitor__user=user)


def awards_of(user: User) -> QuerySet[Award]:
    """Return a member's own awards once paid; all for `DESK`."""
    if roles_of(user) & DESK:
        return Award.objects.all()
    return Award.objects.filter(monitor__user=user, award_round__state=AwardRoundState.PAID)


def certificates_of(user: User) -> QuerySet[Certificate]:
    """Return the certificates of the awards the user may see."""
    return Certificate.objects.filter(award__in=awards_of(user).order_by().values("pk"))


def public_books() -> QuerySet[ReportBook]:
    """Return finished books all of whose reports are still published."""
    unpublished = ConsumerReport.objects.exclude(pk__in=public_reports().order_by().values("pk"))
    rows = ReportBook.objects.filter(issued_at__isnull=False, round__announced=True)
    return rows.exclude(included__in=unpublished.order_by().values("pk"))
