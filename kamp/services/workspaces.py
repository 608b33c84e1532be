"""Workspaces of firms: creation, invitations, members."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from kamp.models import Workspace, WorkspaceInvitation, WorkspaceMember
from kamp.states import MemberRole
from portal.access.accounts import account_of, verified_addresses
from portal.core.errors import BadInput, Finding, MoveNotAllowed, NotFound
from portal.core.text import name as clean_name
from portal.core.validators import business_number
from portal.core.validators import email as read_email
from portal.models import User
from portal.notices import outbox

QUOTA_BYTES = 2 * 1024**3
MOST_OWNED = 3  # workspaces one person may own (assumption): each has its quota


@transaction.atomic
def create(*, name: str, number: str, by: User, now: datetime) -> Workspace:
    """Create the workspace of a firm with `by` as its owner.

    Raises BadInput (`business_number`, `name_missing`, `workspace_taken`) and MoveNotAllowed
    (`workspaces_many`).
    """
    digits, name = business_number(number), clean_name(name)
    User.objects.select_for_update().get(pk=by.pk)  # counts one request after the other
    if WorkspaceMember.objects.filter(user=by, role=MemberRole.OWNER).count() >= MOST_OWNED:
        raise MoveNotAllowed(
            f"한 사람이 대표로 맡을 수 있는 작업실은 {MOST_OWNED}개까지입니다.",
            code="workspaces_many",
        )
    if not name:
        raise BadInput("기업명을 입력하세요.", code="name_missing")
    try:
        with transaction.atomic():
            workspace = Workspace.objects.create(
                name=name, business_number=digits, quota_bytes=QUOTA_BYTES
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
    """Invite a person by a verified address of theirs, and send the mail; owners only.

    Raises NotFound and BadInput (`role`, `already_member`, `already_invited`, `letters_today`).
    """
    _check_owner(workspace, by)
    email = read_email(email)
    if role not in MemberRole.values:
        raise BadInput("권한을 골라 주세요.", code="role")
    outbox.check_invitation_limit([WorkspaceInvitation.objects.all()], by=by, now=now)
    known = account_of(email)
    if known is not None and workspace.members.filter(user=known).exists():
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
    if invitation.email not in verified_addresses(by):
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
    if member.role == MemberRole.OWNER and not _other_owners(workspace, member.user).exists():
        raise MoveNotAllowed(
            "대표 작업자가 한 사람뿐이면 나갈 수 없습니다. 다른 대표 작업자를 먼저 초대하세요.",
            code="last_owner",
        )
    member.delete()


def lock_refusal(user: User) -> Finding | None:
    """Return why this account may not be locked: a workspace would be without an active owner."""
    owned = WorkspaceMember.objects.filter(user=user, role=MemberRole.OWNER).values("workspace")
    for workspace in Workspace.objects.select_for_update().filter(pk__in=owned).order_by("pk"):
        others = workspace.members.exclude(user=user).exists()
        if others and not _other_owners(workspace, user).exists():
            return Finding(
                "last_owner",
                f"검사 작업실 {workspace.name}의 하나뿐인 대표 작업자입니다. 작업실에서 다른 대표 작업자를"
                " 먼저 정해야 잠글 수 있습니다.",
            )
    return None


def _other_owners(workspace: Workspace, user: User) -> QuerySet[WorkspaceMember]:
    owners = workspace.members.filter(role=MemberRole.OWNER, user__is_active=True)
    return owners.exclude(user=user)


def _check_owner(workspace: Workspace, by: User) -> None:
    if not workspace.members.filter(user=by, role=MemberRole.OWNER).exists():
        raise NotFound
