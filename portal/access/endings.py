"""The end of an account: sessions, roles and requests end, what it holds goes to a successor."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.module_loading import import_string

from portal.access import granting, handing_over
from portal.access.accounts import end_access, lock_refusals
from portal.access.roles import declared, given_to, label, roles_of
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.models import AccountEnding, RoleRequest, StaffInvitation, User
from portal.notices import outbox

Line = tuple[str, str]
Leaving = Callable[..., list[Line]]
"""`(user, *, by, now)`: sees to what nobody takes over, such as open score sheets; says what."""


def end(
    user: User,
    *,
    ends_on: date,
    reason: str,
    successor: User | None,
    by: User,
    now: datetime,
) -> AccountEnding:
    """End an account from the beginning of a day (KST) on, today at once; tell the person.

    Raises MoveNotAllowed (`role`, `own_account`, `superuser`, `last_holder`, `ending_open`), BadInput
    (`ends_on`, `reason`, `successor`, `account`), RuleBroken for what the apps refuse.
    """
    granting.keeper_only(by)
    granting.another_only(by, user)
    granting.no_superuser(user)
    today = korean_day(now)
    if ends_on < today:
        raise BadInput("끝나는 날은 오늘이나 그 뒤여야 합니다.", code="ends_on")
    if not reason.strip():
        raise BadInput("계정을 끝내는 사유를 적어 주세요.", code="reason")
    if is_over(user):
        raise BadInput("이미 끝난 계정입니다.", code="account")
    _check_successor(user, successor)
    with transaction.atomic():
        _refuse_needed(user)
        try:
            with transaction.atomic():
                ending = AccountEnding.objects.create(
                    user=user,
                    ends_on=ends_on,
                    reason=reason.strip(),
                    successor=successor,
                    by=by,
                    at=now,
                )
        except IntegrityError as twice:
            raise MoveNotAllowed(
                "이 계정은 이미 끝나는 날이 정해져 있습니다.", code="ending_open"
            ) from twice
        if ends_on == today:
            _carry_out(ending, now)
        else:
            _tell("portal/account_ends", ending, now)
        return ending


def is_over(user: User) -> bool:
    """Tell whether the account has ended; one that is only locked can still be ended."""
    return not user.is_active and user.endings.filter(done_at__isnull=False).exists()


@transaction.atomic
def cancel(ending: AccountEnding, *, by: User, now: datetime) -> None:
    """Cancel an end that has not come yet. Raises MoveNotAllowed (`role`, `own_account`, `ending_done`)."""
    granting.keeper_only(by)
    granting.another_only(by, ending.user)
    rows = AccountEnding.objects.filter(pk=ending.pk, done_at=None, cancelled_at=None)
    if not rows.update(cancelled_by=by, cancelled_at=now):
        raise MoveNotAllowed("이미 끝났거나 취소한 종료입니다.", code="ending_done")
    _tell("portal/account_goes_on", ending, now)


def carry_out_due(now: datetime) -> int:
    """End the accounts whose day has come; return how many.

    One that became the last holder of an essential role goes on until another one is named.
    """
    due = AccountEnding.objects.filter(
        ends_on__lte=korean_day(now), done_at=None, cancelled_at=None
    )
    done = 0
    for pk in due.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            ending = due.select_for_update(of=("self",)).filter(pk=pk).first()
            if ending is None:
                continue
            try:
                with transaction.atomic():
                    _refuse_needed(ending.user)
                    _carry_out(ending, now)
                    done += 1
            except (MoveNotAllowed, RuleBroken) as refused:
                ending.outcome = [["종료하지 못함", refused.message]]
                ending.save(update_fields=["outcome"])
    return done


def _carry_out(ending: AccountEnding, now: datetime) -> None:
    user = User.objects.select_for_update(no_key=True).get(pk=ending.user_id)
    lines = list(_ended(user, ending, now))
    user.is_active = False
    user.save(update_fields=["is_active"])
    end_access(user, now=now)
    ending.outcome, ending.done_at = [list(line) for line in lines], now
    ending.save(update_fields=["outcome", "done_at"])
    _tell("portal/account_ended", ending, now)


def _ended(user: User, ending: AccountEnding, now: datetime) -> Iterator[Line]:
    """End everything that the account has; yield what was done as label and text."""
    yield from _handed_over(user, ending, now)
    for path in settings.LEAVING:
        leave: Leaving = import_string(path)
        yield from leave(user, by=ending.by, now=now)
    # A locked account keeps its roles, so they are taken whether or not it works.
    for role in given_to(user):
        granting.take_away(user, role, reason=ending.reason, by=ending.by, now=now)
        yield "거둔 역할", label(role)
    for asked in granting.withdraw_all(user, note=ending.reason, by=ending.by, now=now):
        yield "취소한 역할 요청", label(asked.role)
    sent = StaffInvitation.objects.filter(invited_by=user, accepted_at=None, withdrawn_at=None)
    if number := sent.count():
        yield "보낸 초대(그대로 유효)", f"{number:,}건"
    own = RoleRequest.objects.filter(requested_by=user, state=RoleRequest.State.WAITING)
    if number := own.count():
        yield "요청한 역할(승인 대기)", f"{number:,}건"
    yield "로그인과 API 토큰", "모두 끝냄"


def _handed_over(user: User, ending: AccountEnding, now: datetime) -> Iterator[Line]:
    held = handing_over.held(user)
    if not held:
        return
    how: dict[str, Any] = {"by": ending.by, "reason": ending.reason, "now": now}
    try:
        done = handing_over.hand_over(user, to=ending.successor, **how)
    except BadInput as unfit:
        # Chosen days ago: the successor may have left meanwhile.
        yield "넘기지 못한 까닭", unfit.message
        done = handing_over.hand_over(user, to=None, **how)
    yield "맡고 있던 것", ", ".join(f"{label} {number:,}건" for label, number in held)
    if done.given:
        yield f"{ending.successor} 님에게 넘긴 건", f"{done.given:,}건"
    if done.freed:
        yield "담당자가 없게 된 건", f"{done.freed:,}건"


def _refuse_needed(user: User) -> None:
    if refusals := lock_refusals(user):
        raise RuleBroken(refusals)
    granting.keep_one(user, given_to(user))


def _check_successor(user: User, successor: User | None) -> None:
    if successor is None:
        if handing_over.held(user):
            raise BadInput(
                "이 계정이 맡고 있는 건이 있습니다. 넘겨받을 사람을 골라 주세요.", code="successor"
            )
        return
    staff = any(declared()[name].staff for name in roles_of(successor))
    if successor.pk == user.pk or not staff:
        raise BadInput("넘겨받을 사람은 업무 역할을 가진 다른 계정이어야 합니다.", code="successor")


def _tell(template: str, ending: AccountEnding, now: datetime) -> None:
    outbox.write(
        template,
        to_email=ending.user.email,
        user=ending.user,
        key=f"{template}:{ending.pk}",
        now=now,
        ending=ending,
    )
