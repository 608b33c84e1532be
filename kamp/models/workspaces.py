"""Workspaces of firms, their members and invitations."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from kamp.states import MemberRole
from portal.models import Dated

USER = settings.AUTH_USER_MODEL


class Workspace(Dated):
    """Data, models and cases of one firm, visible to its members only."""

    name = models.CharField("기업명", max_length=100)
    business_number = models.CharField("사업자등록번호", max_length=10, unique=True)
    quota_bytes = models.PositiveBigIntegerField("저장 한도(바이트)", editable=False)

    class Meta:
        verbose_name = "기업 작업실"
        verbose_name_plural = "기업 작업실"
        constraints = [
            models.CheckConstraint(
                condition=Q(business_number__regex=r"^[0-9]{10}$"),
                name="workspace_business_number_is_ten_digits",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WorkspaceMember(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="kamp_memberships", verbose_name="계정"
    )
    role = models.CharField("권한", max_length=10, choices=MemberRole.choices)
    since = models.DateTimeField("들어온 시각")

    class Meta:
        verbose_name = "작업실 구성원"
        verbose_name_plural = "작업실 구성원"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "user"], name="one_membership_per_workspace"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workspace} · {self.user}"


class WorkspaceInvitation(models.Model):
    """Invitation of a person, by the address they sign in with."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField("이메일")
    role = models.CharField("권한", max_length=10, choices=MemberRole.choices)
    invited_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    invited_at = models.DateTimeField("초대한 시각")
    answered_at = models.DateTimeField("답한 시각", null=True)

    class Meta:
        verbose_name = "작업실 초대"
        verbose_name_plural = "작업실 초대"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=Q(answered_at=None),
                name="one_open_workspace_invitation",
            ),
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="workspace_invitation_lower_case"
            ),
        ]

    def __str__(self) -> str:
        return self.email
