"""Who sees which rows of KAMP: asked by pages, admin, API, PDF and files alike."""

from typing import Any

from django.db.models import Q, QuerySet

from kamp.models import Showcase, ShowcaseImage, ShowcasePaper, Workspace, WorkspaceInvitation
from kamp.states import MemberRole, ShowcaseState
from portal.models import User
from portal.roles import AUDITOR, CURATOR, roles_of

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
