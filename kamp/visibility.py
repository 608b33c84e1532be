"""Which rows of KAMP a person may see; used by pages, admin, API, PDFs and files alike."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from kamp.models import (
    Clip,
    Dataset,
    Inspection,
    InspectionModel,
    InspectionReport,
    Product,
    Showcase,
    ShowcaseImage,
    ShowcasePdf,
    Workspace,
    WorkspaceInvitation,
)
from kamp.roles import CURATOR
from kamp.states import MemberRole, ShowcaseState
from portal.access.accounts import verified_addresses
from portal.access.roles import AUDITOR, roles_of
from portal.models import Job, User

# Staff who read every showcase, drafts included. No staff member reads the data of a firm.
READERS = frozenset({CURATOR, AUDITOR})


def workspaces_of(user: User) -> QuerySet[Workspace]:
    return Workspace.objects.filter(members__user=user)


def owns(user: User, workspace: Workspace) -> bool:
    return workspace.members.filter(user=user, role=MemberRole.OWNER).exists()


def invitations_of(user: User) -> QuerySet[WorkspaceInvitation]:
    """Open invitations to any verified address of the person."""
    addresses = verified_addresses(user)
    return WorkspaceInvitation.objects.filter(email__in=addresses, answered_at=None)


def public_showcases() -> QuerySet[Showcase]:
    return Showcase.objects.filter(state=ShowcaseState.PUBLISHED)


def showcases_of(user: User | AnonymousUser) -> QuerySet[Showcase]:
    """Published cases and those of the person's firms; every case for READERS."""
    if not isinstance(user, User):
        return public_showcases()
    if roles_of(user) & READERS:
        return Showcase.objects.all()
    own = workspaces_of(user).order_by().values("pk")
    return Showcase.objects.filter(Q(state=ShowcaseState.PUBLISHED) | Q(workspace__in=own))


def own_showcases(user: User) -> QuerySet[Showcase]:
    return Showcase.objects.filter(workspace__in=workspaces_of(user).order_by().values("pk"))


def pictures_of(user: User | AnonymousUser) -> QuerySet[ShowcaseImage]:
    return ShowcaseImage.objects.filter(showcase__in=showcases_of(user).order_by().values("pk"))


def pdfs_of(user: User | AnonymousUser) -> QuerySet[ShowcasePdf]:
    return ShowcasePdf.objects.filter(showcase__in=showcases_of(user).order_by().values("pk"))


def datasets_of(user: User) -> QuerySet[Dataset]:
    """Data sets of the person's firms; staff see none."""
    return Dataset.objects.filter(workspace__in=workspaces_of(user).order_by().values("pk"))


def products_of(user: User) -> QuerySet[Product]:
    return Product.objects.filter(dataset__in=datasets_of(user).order_by().values("pk"))


def clips_of(user: User) -> QuerySet[Clip]:
    return Clip.objects.filter(product__in=products_of(user).order_by().values("pk"))


def models_of(user: User) -> QuerySet[InspectionModel]:
    return InspectionModel.objects.filter(dataset__in=datasets_of(user).order_by().values("pk"))


def inspections_of(user: User) -> QuerySet[Inspection]:
    return Inspection.objects.filter(model__in=models_of(user).order_by().values("pk"))


def reports_of(user: User) -> QuerySet[InspectionReport]:
    return InspectionReport.objects.filter(model__in=models_of(user).order_by().values("pk"))


def job_of(user: User, pk: int) -> Job | None:
    """Return a background job of the person's firms, whichever member requested it."""
    job = Job.objects.filter(pk=pk, kind__startswith="kamp.").first()
    if job is None:
        return None
    args = job.args
    if "dataset" in args:
        visible = datasets_of(user).filter(pk=args["dataset"]).exists()
    elif "model" in args:
        visible = models_of(user).filter(pk=args["model"]).exists()
    else:
        visible = reports_of(user).filter(pk=args.get("report")).exists()
    return job if visible else None
