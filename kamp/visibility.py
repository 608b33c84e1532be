"""Who sees which rows of KAMP: asked by pages, admin, API, PDF and files alike."""

from typing import Any

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
    ShowcasePaper,
    Workspace,
    WorkspaceInvitation,
)
from kamp.roles import CURATOR
from kamp.states import MemberRole, ShowcaseState
from portal.access.roles import AUDITOR, roles_of
from portal.models import Job, User

READERS = frozenset({CURATOR, AUDITOR})
"""Staff who read every showcase, drafts included. No staff reads a firm's data."""


def workspaces_of(user: User) -> QuerySet[Workspace]:
    """Workspaces the person works in."""
    return Workspace.objects.filter(members__user=user)


def owns(user: User, workspace: Workspace) -> bool:
    """Tell whether the person decides who works there."""
    return workspace.members.filter(user=user, role=MemberRole.OWNER).exists()


def invitations_of(user: User) -> QuerySet[WorkspaceInvitation]:
    """Open invitations to the address the person signs in with."""
    return WorkspaceInvitation.objects.filter(email=user.email, answered_at=None)


def public_showcases() -> QuerySet[Showcase]:
    """Cases everybody may read."""
    return Showcase.objects.filter(state=ShowcaseState.PUBLISHED)


def showcases_of(user: Any) -> QuerySet[Showcase]:
    """Cases a person may open, their own firm's drafts among them; editors all."""
    if not getattr(user, "is_authenticated", False):
        return public_showcases()
    if roles_of(user) & READERS:
        return Showcase.objects.all()
    own = workspaces_of(user).order_by().values("pk")
    return Showcase.objects.filter(Q(state=ShowcaseState.PUBLISHED) | Q(workspace__in=own))


def own_showcases(user: User) -> QuerySet[Showcase]:
    """Cases of the firms a person works for."""
    return Showcase.objects.filter(workspace__in=workspaces_of(user).order_by().values("pk"))


def pictures_of(user: Any) -> QuerySet[ShowcaseImage]:
    """Pictures of the cases a person may open."""
    return ShowcaseImage.objects.filter(showcase__in=showcases_of(user).order_by().values("pk"))


def papers_of(user: Any) -> QuerySet[ShowcasePaper]:
    """One-page PDFs of the cases a person may open."""
    return ShowcasePaper.objects.filter(showcase__in=showcases_of(user).order_by().values("pk"))


def datasets_of(user: User) -> QuerySet[Dataset]:
    """Data sets of the firms a person works for; no staff sees them."""
    return Dataset.objects.filter(workspace__in=workspaces_of(user).order_by().values("pk"))


def products_of(user: User) -> QuerySet[Product]:
    """Products of one's firms."""
    return Product.objects.filter(dataset__in=datasets_of(user).order_by().values("pk"))


def clips_of(user: User) -> QuerySet[Clip]:
    """Clips of one's firms."""
    return Clip.objects.filter(product__in=products_of(user).order_by().values("pk"))


def models_of(user: User) -> QuerySet[InspectionModel]:
    """Models of one's firms."""
    return InspectionModel.objects.filter(dataset__in=datasets_of(user).order_by().values("pk"))


def inspections_of(user: User) -> QuerySet[Inspection]:
    """Verdicts of the models of one's firms."""
    return Inspection.objects.filter(model__in=models_of(user).order_by().values("pk"))


def reports_of(user: User) -> QuerySet[InspectionReport]:
    """Reports of one's firms."""
    return InspectionReport.objects.filter(model__in=models_of(user).order_by().values("pk"))


def job_of(user: User, pk: int) -> Job | None:
    """A background job of one's firms, whoever of them asked for it."""
    job = Job.objects.filter(pk=pk, kind__startswith="kamp.").first()
    if job is None:
        return None
    args = job.args
    if "dataset" in args:
        seen = datasets_of(user).filter(pk=args["dataset"]).exists()
    elif "model" in args:
        seen = models_of(user).filter(pk=args["model"]).exists()
    else:
        seen = reports_of(user).filter(pk=args.get("report")).exists()
    return job if seen else None
