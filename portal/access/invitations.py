"""Invitations of staff and assessors: a link by mail, for one address, used once, for some days."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction

from portal.access import granting
from portal.access import parts as held_for
from portal.access.accounts import account_of
from portal.access.roles import label
from portal.core import text
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, PortalError
from portal.core.tokens import new_token, token_digest
from portal.core.validators import email as read_email
from portal.models import StaffInvitation, User
from portal.notices import outbox

DAYS = 7
"""How long a link can be used (assumption)."""
PAUSE = timedelta(minutes=1)
"""Between two mails of one invitation (assumption)."""

Roles = Mapping[str, Sequence[str]]
"""Codes of what each role is held for, by the name of the role."""


def invite(
    *,
    email: str,
    name: str,
    affiliation: str,
    roles: Roles,
    reason: str,
    by: User,
    now: datetime,
) -> StaffInvitation:
    """Invite a person who has no account yet; the roles are requested when they accept.

    Raises MoveNotAllowed (`role`), BadInput (`email`, `name`, `affiliation`, `reason`, `role`, `parts`,
    `letters_today`).
    """
    granting.keeper_only(by)
    email = read_email(email)
    for value, code in ((name, "name"), (affiliation, "affiliation"), (reason, "reason")):
        if not value.strip():
            raise BadInput("이름, 소속과 사유를 모두 적어 주세요.", code=code)
    if not roles:
        raise BadInput("역할을 하나 이상 골라 주세요.", code="role")
    for role, codes in roles.items():
        granting.check_role(role, codes)
    if account_of(email) is not None:
        raise BadInput(
            "이 주소로 만든 계정이 있습니다. 계정 목록에서 그 계정을 찾아 역할을 요청하세요.",
            code="email",
        )
    outbox.check_invitation_limit((StaffInvitation.objects.all(),), by=by, now=now)
    token = new_token()
    try:
        with transaction.atomic():
            invitation = StaffInvitation.objects.create(
                email=email,
                name=text.name(name),
                affiliation=affiliation.strip(),
                roles={role: list(codes) for role, codes in roles.items()},
                reason=reason.strip(),
                digest=token_digest(token),
                invited_by=by,
                invited_at=now,
                sent_at=now,
                expires_at=now + timedelta(days=DAYS),
            )
            _send(invitation, token, now)
            return invitation
    except IntegrityError as twice:
        raise BadInput(
            "이 주소로 보낸 초대가 이미 있습니다. 그 초대를 다시 보내거나 취소하세요.",
            code="email",
        ) from twice


@transaction.atomic
def resend(invitation: StaffInvitation, *, by: User, now: datetime) -> None:
    """Send a new link; the one before opens nothing any more.

    Raises MoveNotAllowed (`role`, `invitation_used`, `invitation_withdrawn`, `sent_just_now`).
    """
    granting.keeper_only(by)
    locked = _lock(invitation)
    _refuse_ended(locked)
    if now - locked.sent_at < PAUSE:
        raise MoveNotAllowed("방금 보냈습니다. 1분 뒤에 다시 보내 주세요.", code="sent_just_now")
    token = new_token()
    locked.digest, locked.sent_at = token_digest(token), now
    locked.expires_at = now + timedelta(days=DAYS)
    locked.save(update_fields=["digest", "sent_at", "expires_at"])
    _send(locked, token, now)


@transaction.atomic
def withdraw(invitation: StaffInvitation, *, by: User, now: datetime) -> None:
    """Withdraw an invitation that was not accepted; its link opens nothing any more.

    Raises MoveNotAllowed (`role`, `invitation_used`, `invitation_withdrawn`).
    """
    granting.keeper_only(by)
    locked = _lock(invitation)
    _refuse_ended(locked)
    locked.withdrawn_by, locked.withdrawn_at = by, now
    locked.save(update_fields=["withdrawn_by", "withdrawn_at"])
    outbox.write(
        "portal/staff_invitation_withdrawn",
        to_email=locked.email,
        key=f"staff_invitation_withdrawn:{locked.pk}",
        now=now,
        invitation=locked,
    )


def find(token: str) -> StaffInvitation:
    """Return the invitation behind a link. Raises NotFound."""
    rows = StaffInvitation.objects.select_related("invited_by")
    found = rows.filter(digest=token_digest(token)).first()
    if found is None:
        raise NotFound("초대를 찾을 수 없습니다.", code="invitation_unknown")
    return found


def refusal(invitation: StaffInvitation, *, now: datetime) -> PortalError | None:
    """Return why nobody can accept the invitation now; None when its person can."""
    try:
        _refuse_ended(invitation)
    except MoveNotAllowed as ended:
        return ended
    if invitation.expires_at <= now:
        return MoveNotAllowed(
            "기한이 지난 초대입니다. 초대한 사람에게 다시 보내 달라고 요청하세요.",
            code="invitation_expired",
        )
    return None


@transaction.atomic
def accept(token: str, *, password: str, now: datetime) -> User:
    """Make the account of the invited address with this password, and request its roles.

    Raises NotFound, MoveNotAllowed (`invitation_used`, `_withdrawn`, `_expired`, `has_account`).
    """
    invitation = _open(token, now)
    if account_of(invitation.email) is not None:
        raise MoveNotAllowed(
            "이 주소로 만든 계정이 있습니다. 그 계정으로 로그인한 다음 수락해 주세요.",
            code="has_account",
        )
    user = User.objects.create_user(invitation.email, password, name=invitation.name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    _accepted(invitation, user, now)
    return user


@transaction.atomic
def accept_as(token: str, *, by: User, now: datetime) -> User:
    """Request the roles for the account that has the invited address.

    Raises NotFound, MoveNotAllowed (`invitation_used`, `_withdrawn`, `_expired`, `_other_person`).
    """
    invitation = _open(token, now)
    if account_of(invitation.email) != by:
        raise MoveNotAllowed(
            "다른 이메일 주소로 보낸 초대입니다. 그 주소의 계정으로 로그인해 주세요.",
            code="invitation_other_person",
        )
    _accepted(invitation, by, now)
    return by


def role_lines(invitation: StaffInvitation) -> list[str]:
    """Return the roles with what they are held for, in words."""
    found = []
    for role, codes in invitation.roles.items():
        parts = ", ".join(held_for.labels(role, codes))
        found.append(f"{label(role)}: {parts}" if parts else label(role))
    return found


def _open(token: str, now: datetime) -> StaffInvitation:
    locked = _lock(find(token))
    # Another mail may have been sent while this one waited for the lock.
    if locked.digest != token_digest(token):
        raise NotFound("초대를 찾을 수 없습니다.", code="invitation_unknown")
    if refused := refusal(locked, now=now):
        raise refused
    return locked


def _lock(invitation: StaffInvitation) -> StaffInvitation:
    rows = StaffInvitation.objects.select_for_update(of=("self",)).select_related("invited_by")
    return rows.get(pk=invitation.pk)


def _refuse_ended(invitation: StaffInvitation) -> None:
    if invitation.accepted_at:
        raise MoveNotAllowed("이미 수락한 초대입니다.", code="invitation_used")
    if invitation.withdrawn_at:
        raise MoveNotAllowed("취소된 초대입니다.", code="invitation_withdrawn")


def _accepted(invitation: StaffInvitation, user: User, now: datetime) -> None:
    invitation.accepted_by, invitation.accepted_at = user, now
    invitation.save(update_fields=["accepted_by", "accepted_at"])
    for role, codes in invitation.roles.items():
        granting.request(
            user,
            role,
            codes=codes,
            reason=invitation.reason,
            by=invitation.invited_by,
            now=now,
            invitation=invitation,
        )


def _send(invitation: StaffInvitation, token: str, now: datetime) -> None:
    outbox.write(
        "portal/staff_invitation",
        to_email=invitation.email,
        key=f"staff_invitation:{invitation.pk}:{invitation.digest[:16]}",
        now=now,
        secret=True,
        invitation=invitation,
        roles=role_lines(invitation),
        token=token,
    )
