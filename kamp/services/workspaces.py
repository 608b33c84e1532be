"""Workspaces of firms: creation, invitations, members."""

from datetime import datetime

from django.db import IntegrityError, transaction

from kamp.models import Workspace, WorkspaceInvitation, WorkspaceMember
from kamp.states import MemberRole
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.core.validators import business_number
from portal.models import User
from portal.notices import outbox

QUOTA_BYTES = 2 * 1024**3


@transaction.atomic
def create(*, name: str, number: str, by: User, now: datetime) -> Workspace:
    """Create the workspace of a firm with `by` as its owner.

    Raises BadInput (`business_number`, `name_missing`, `workspace_taken`).
    """
    digits = business_number(number)
    if not name.strip():
        raise BadInput("기업명을 입력하세요.", code="name_missing")
    try:
        with transaction.atomic():
            workspace = Workspace.objects.create(
                name=name.strip(), business_number=digits, quota_bytes=QUOTA_BYTES
            )
    except IntegrityError as taken:
        raise BadInput(
            "이 사업자등록번호의 작업실이 이미 있습니다. 그 작업실의 대표 작업자에게 초대를 "
            "요청하세요.",
            code="workspace_taken",
        ) from taken
    WorkspaceMember.objects.create(workspace=workspace, user=by, role=MemberRole.OWNER, since=now)
    return workspace


@transaction.atomic
def invite(
    workspace: Workspace, *, email: str, role: str, by: User, now: datetime
) -> WorkspaceInvitation:
    """Invite a person by the address they sign in with, and send the mail; owners only.

    Raises NotFound and BadInput (`role`, `already_member`, `already_invited`, `letters_today`).
    """
    _check_owner(workspace, by)
    email = email.strip().lower()
    if role not in MemberRole.values:
        raise BadInput("권한을 골라 주세요.", code="role")
    outbox.check_invitation_limit([WorkspaceInvitation.objects.all()], by=by, now=now)
    if workspace.members.filter(user__email=email).exists():
        raise BadInput("이미 이 작업실의 구성원입니다.", code="already_member")
    try:
        with transaction.atomic():
            invitation = WorkspaceInvitation.objects.create(
                workspace=workspace, email=email, role=role, invited_by=by, invited_at=now
            )
    except IntegrityError as twice:
        raise BadInput("이미 초대한 주소입니다.", code="already_invited") from twice
    outbox.write(
        "kamp/workspace_invitation",
        key=f"kamp:invitation:{invitation.pk}",
        to_email=email,
        now=now,
        new=True,
        invitation=invitation,
    )
    return invitation


@transaction.atomic
def answer(
    invitation: WorkspaceInvitation, *, accept: bool, by: User, now: datetime
) -> WorkspaceMember | None:
    """Accept or decline an invitation; return the membership, None when declined.

    Raises NotFound for anybody but the invited person, and MoveNotAllowed (`already_answered`).
    """
    if invitation.email != by.email:
        raise NotFound
    answered = WorkspaceInvitation.objects.filter(pk=invitation.pk, answered_at=None).update(
        answered_at=now
    )
    if not answered:
        raise MoveNotAllowed("이미 답한 초대입니다.", code="already_answered")
    if not accept:
        return None
    member, _ = WorkspaceMember.objects.get_or_create(
        workspace=invitation.workspace, user=by, defaults={"role": invitation.role, "since": now}
    )
    return member


@transaction.atomic
def remove(member: WorkspaceMember, *, by: User, now: datetime) -> None:
    """Remove a member; owners remove anybody, others themselves.

    Raises NotFound and MoveNotAllowed (`last_owner`).
    """
    workspace = Workspace.objects.select_for_update().get(pk=member.workspace_id)
    if member.user_id != by.pk:
        _check_owner(workspace, by)
    owners = workspace.members.filter(role=MemberRole.OWNER)
    if member.role == MemberRole.OWNER and owners.count() == 1:
        raise MoveNotAllowed(
            "대표 작업자가 한 사람뿐이면 나갈 수 없습니다. 다른 대표 작업자를 먼저 초대하세요.",
            code="last_owner",
        )
    member.delete()


def _check_owner(workspace: Workspace, by: User) -> None:
    if not workspace.members.filter(user=by, role=MemberRole.OWNER).exists():
        raise NotFound
