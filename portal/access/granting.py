"""Roles: requested by an operator or manager, held from the approval of a manager, taken with a reason.

Nobody requests, approves or takes a role of their own. A role that decides needs two people beside the
one who gets it; only the command on the server gives one without, for the first people of a portal.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from portal.access import handing_over
from portal.access import parts as held_for
from portal.access.roles import OPERATOR, Role, approvers, declared, given_to, label, roles_of
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import RoleChange, RoleRequest, StaffInvitation, User
from portal.notices import outbox

State = RoleRequest.State


def keepers() -> frozenset[str]:
    """Return the roles whose holders look after accounts: they invite, request roles and take them."""
    return approvers() | {OPERATOR}


def keeper_only(by: User) -> None:
    """Raise MoveNotAllowed (`role`) for anybody but an operator or manager."""
    if not roles_of(by) & keepers():
        raise MoveNotAllowed("시스템 운영자나 결정권자만 할 수 있는 처리입니다.", code="role")


def another_only(by: User, user: User) -> None:
    """Raise MoveNotAllowed (`own_account`) where the account is one's own."""
    if by.pk == user.pk:
        raise MoveNotAllowed(
            "자신의 계정은 스스로 처리할 수 없습니다. 다른 담당자가 처리해야 합니다.",
            code="own_account",
        )


def no_superuser(user: User) -> None:
    """Raise MoveNotAllowed (`superuser`) for an account that only the server makes and ends."""
    if user.is_superuser:
        raise MoveNotAllowed(
            "최고 관리자 계정은 서버의 명령으로만 잠그거나 끝냅니다.", code="superuser"
        )


def has_factor(user: User) -> bool:
    """Tell whether the account has a second factor set up."""
    found: bool = is_mfa_enabled(user)
    return found


def check_role(role: str, codes: Collection[str]) -> Role:
    """Return the declared role. Raises BadInput (`role`, `parts`)."""
    found = declared().get(role)
    if found is None:
        raise BadInput("역할을 골라 주세요.", code="role")
    parts = held_for.of(role)
    known = {code for code, _ in parts.choices()} if parts else set()
    if parts and not codes:
        raise BadInput(f"‘{found.label}’ 역할을 맡을 내역사업을 골라 주세요.", code="parts")
    if set(codes) - known:
        raise BadInput(f"‘{found.label}’ 역할에 고를 수 없는 내역사업입니다.", code="parts")
    return found


def request(
    user: User,
    role: str,
    *,
    codes: Sequence[str] = (),
    reason: str,
    by: User,
    now: datetime,
    invitation: StaffInvitation | None = None,
) -> RoleRequest:
    """Request a role for an account and tell the person; it is not held yet.

    Raises MoveNotAllowed (`role`, `own_account`, `role_requested`), BadInput (`role`, `parts`, `reason`,
    `account`).
    """
    if invitation is None:  # who invited was allowed to then
        keeper_only(by)
    another_only(by, user)
    found = check_role(role, codes)
    if not reason.strip():
        raise BadInput("역할을 요청하는 사유를 적어 주세요.", code="reason")
    if not user.is_active:
        raise BadInput("잠기거나 끝난 계정에는 역할을 줄 수 없습니다.", code="account")
    parts = held_for.of(role)
    if role in roles_of(user) and not (parts and set(codes) - set(parts.held(user))):
        raise BadInput("이미 가지고 있는 역할입니다.", code="role")
    try:
        with transaction.atomic():
            made = RoleRequest.objects.create(
                user=user,
                role=role,
                parts=list(codes),
                decides=found.decides,
                reason=reason.strip(),
                invitation=invitation,
                requested_by=by,
                requested_at=now,
            )
            _tell("portal/role_requested", made, now=now)
            return made
    except IntegrityError as twice:
        raise MoveNotAllowed(
            "이 역할은 이미 요청되어 승인을 기다리고 있습니다.", code="role_requested"
        ) from twice


@transaction.atomic
def approve(asked: RoleRequest, *, by: User, now: datetime) -> RoleChange:
    """Give a requested role as a manager who is neither the person nor, for most roles, the requester.

    Raises MoveNotAllowed (`role`, `own_account`, `same_person`, `request_ended`, `no_factor`, `account`).
    """
    _approver_only(by, asked)
    locked = _open(asked)
    if locked.decides and locked.requested_by_id == by.pk:
        raise MoveNotAllowed(
            "이 역할은 요청하지 않은 다른 결정권자가 승인해야 합니다.", code="same_person"
        )
    user = _lock(locked.user)
    if not user.is_active:
        raise MoveNotAllowed("잠기거나 끝난 계정에는 역할을 줄 수 없습니다.", code="account")
    if not has_factor(user):
        raise MoveNotAllowed(
            "아직 2단계 인증을 등록하지 않은 계정입니다. 본인이 등록한 다음 승인해 주세요.",
            code="no_factor",
        )
    _decide(locked, State.APPROVED, by=by, now=now)
    change = give(
        user,
        locked.role,
        codes=locked.parts,
        reason=locked.reason,
        by=locked.requested_by,
        approved_by=by,
        request=locked,
        now=now,
    )
    _tell("portal/role_given", locked, now=now)
    return change


@transaction.atomic
def refuse(asked: RoleRequest, *, note: str, by: User, now: datetime) -> None:
    """Refuse a requested role with a reason and tell the person.

    Raises MoveNotAllowed (`role`, `own_account`, `request_ended`), BadInput (`reason`).
    """
    _approver_only(by, asked)
    _decide(_open(asked), State.REFUSED, by=by, note=_reason(note), now=now)
    _tell("portal/role_refused", asked, now=now)


@transaction.atomic
def withdraw(asked: RoleRequest, *, note: str, by: User, now: datetime) -> None:
    """Take back a request that nobody has decided yet.

    Raises MoveNotAllowed (`role`, `own_account`, `request_ended`), BadInput (`reason`).
    """
    keeper_only(by)
    another_only(by, asked.user)
    _decide(_open(asked), State.WITHDRAWN, by=by, note=_reason(note), now=now)
    _tell("portal/role_withdrawn", asked, now=now)


@transaction.atomic
def take(user: User, role: str, *, reason: str, by: User, now: datetime) -> RoleChange:
    """Take a role at once and tell the person; the files of an officer are nobody's then.

    Raises MoveNotAllowed (`role`, `own_account`, `last_holder`), BadInput (`reason`, `role`).
    """
    keeper_only(by)
    another_only(by, user)
    reason = _reason(reason)
    _lock(user)  # before what they hold: nobody puts more in their charge meanwhile
    if held_for.of(role) and handing_over.held(user):
        # Nobody's until somebody takes it: who may not open a file cannot be responsible for it.
        handing_over.hand_over(user, to=None, by=by, reason=reason, now=now)
    change = take_away(user, role, reason=reason, by=by, now=now)
    _tell_taken(change, now=now)
    return change


@transaction.atomic
def take_part(
    user: User, role: str, codes: Collection[str], *, reason: str, by: User, now: datetime
) -> RoleChange:
    """Take some of what a role is held for at once and tell the person; their files of it are nobody's then.

    Raises MoveNotAllowed (`role`, `own_account`), BadInput (`reason`, `parts`).
    """
    keeper_only(by)
    another_only(by, user)
    reason = _reason(reason)
    parts, locked = held_for.of(role), _lock(user)
    held = parts.held(locked) if parts else []
    if parts is None or not codes or not set(codes) < set(held):
        raise BadInput(
            "거둘 내역사업을 골라 주세요. 모두 거두려면 역할을 거두어야 합니다.", code="parts"
        )
    taken, before = [code for code in held if code in set(codes)], given_to(locked)
    parts.take(locked, taken)
    handing_over.free_unfit(locked, by=by, reason=reason, now=now)
    change = _record(
        locked, role, given=False, before=before, codes=taken, reason=reason, by=by, now=now
    )
    _tell_taken(change, now=now)
    return change


def withdraw_all(user: User, *, note: str, by: User, now: datetime) -> list[RoleRequest]:
    """Take back every open request for an account that ends; return them."""
    rows = RoleRequest.objects.select_for_update(of=("self",))
    waiting = list(rows.filter(user=user, state=State.WAITING).order_by("pk"))
    for asked in waiting:
        _decide(asked, State.WITHDRAWN, by=by, note=note, now=now)
    return waiting


def give(
    user: User,
    role: str,
    *,
    codes: Sequence[str],
    reason: str,
    now: datetime,
    by: User | None,
    approved_by: User | None = None,
    request: RoleRequest | None = None,
) -> RoleChange:
    """Let a person hold a role from now on; who may do so is the caller's to ask."""
    before = given_to(user)
    user.groups.add(Group.objects.get(name=role))
    if parts := held_for.of(role):
        parts.give(user, codes)
    return _record(
        user, role, given=True, before=before, codes=codes, reason=reason, by=by,
        approved_by=approved_by, request=request, now=now,
    )  # fmt: skip


def take_away(user: User, role: str, *, reason: str, by: User, now: datetime) -> RoleChange:
    """Let a person hold a role no longer. Raises MoveNotAllowed (`last_holder`), BadInput (`role`)."""
    locked = _lock(user)
    keep_one(locked, [role])
    before = given_to(locked)
    if role not in before:
        raise BadInput("이 계정이 가지고 있지 않은 역할입니다.", code="role")
    locked.groups.remove(Group.objects.get(name=role))
    codes: list[str] = []
    if parts := held_for.of(role):
        codes = parts.held(locked)
        parts.take_all(locked)
    user.held_roles = None
    return _record(
        locked, role, given=False, before=before, codes=codes, reason=reason, by=by, now=now
    )


def keep_one(user: User, names: Collection[str]) -> None:
    """Refuse that the last active holder of an essential role loses it, by any act.

    Locks the roles, so that the last two do not lose them at once. Raises MoveNotAllowed (`last_holder`).
    """
    essential = sorted(name for name in names if name in declared() and declared()[name].essential)
    for group in _lock_groups(essential):
        holders = group.user_set.filter(is_active=True)
        mine = holders.filter(pk=user.pk).exists()
        if mine and not holders.exclude(pk=user.pk).exists():
            raise MoveNotAllowed(
                f"‘{label(group.name)}’ 역할을 가진 마지막 계정입니다. 다른 사람에게 먼저 이 역할을"
                " 주어야 합니다.",
                code="last_holder",
            )


def _lock(user: User) -> User:
    """Return the account read anew and locked: of two changes the second sees what the first did."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _lock_groups(names: Sequence[str]) -> list[Group]:
    return list(
        Group.objects.select_for_update(no_key=True).filter(name__in=names).order_by("name")
    )


def _approver_only(by: User, asked: RoleRequest) -> None:
    if not roles_of(by) & approvers():
        raise MoveNotAllowed("결정권자만 할 수 있는 처리입니다.", code="role")
    another_only(by, asked.user)


def _open(asked: RoleRequest) -> RoleRequest:
    """Return the request locked and read anew. Raises MoveNotAllowed (`request_ended`)."""
    locked = RoleRequest.objects.select_for_update(of=("self",)).get(pk=asked.pk)
    if locked.state != State.WAITING:
        raise MoveNotAllowed("이미 처리한 요청입니다.", code="request_ended")
    return locked


def _decide(locked: RoleRequest, state: str, *, by: User, now: datetime, note: str = "") -> None:
    locked.state, locked.decided_by, locked.decided_at, locked.note = state, by, now, note
    locked.save(update_fields=["state", "decided_by", "decided_at", "note"])


def _record(
    user: User,
    role: str,
    *,
    given: bool,
    before: list[str],
    codes: Sequence[str],
    reason: str,
    by: User | None,
    now: datetime,
    approved_by: User | None = None,
    request: RoleRequest | None = None,
) -> RoleChange:
    after = given_to(user)
    user.held_roles = None
    staff = user.is_superuser or any(declared()[name].staff for name in after)
    if user.is_staff != staff:
        user.is_staff = staff
        user.save(update_fields=["is_staff"])
    return RoleChange.objects.create(
        user=user,
        role=role,
        given=given,
        before=before,
        after=after,
        parts=list(codes),
        reason=reason,
        request=request,
        by=by,
        approved_by=approved_by,
        at=now,
    )


def _reason(text: str) -> str:
    if not text.strip():
        raise BadInput("사유를 적어 주세요.", code="reason")
    return text.strip()


def _tell_taken(change: RoleChange, *, now: datetime) -> None:
    whole = change.role not in change.after
    outbox.write(
        "portal/role_taken",
        to_email=change.user.email,
        user=change.user,
        key=f"role_taken:{change.pk}",
        now=now,
        role=label(change.role),
        parts=[] if whole else held_for.labels(change.role, change.parts),
        reason=change.reason,
    )


def _tell(template: str, asked: RoleRequest, *, now: datetime) -> None:
    outbox.write(
        template,
        to_email=asked.user.email,
        user=asked.user,
        key=f"{template}:{asked.pk}",
        now=now,
        role=label(asked.role),
        parts=held_for.labels(asked.role, asked.parts),
        asked=asked,
    )
