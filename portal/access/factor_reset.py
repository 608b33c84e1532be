"""Resetting the second factor of somebody who lost it: two people, a written check, a mail."""

from datetime import date, datetime

from allauth.mfa.models import Authenticator
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from portal.access.accounts import account_of, end_access
from portal.access.granting import another_only, keeper_only
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import FactorReset, User
from portal.notices import outbox

OPEN = Q(confirmed_at=None, withdrawn_at=None)
"""Requests that wait for a second operator."""


def request(
    email: str,
    *,
    by: User,
    reason: str,
    checked_how: str,
    checked_by: str,
    checked_on: date,
    checked_note: str = "",
    now: datetime,
) -> FactorReset:
    """Record that the reset of an account's second factor is requested, and how the person was identified.

    The person is told at once, in case somebody else asked. Raises BadInput (`email`, `no_factor`,
    `checked_how`, `checked_by`, `checked_on`) and MoveNotAllowed (`role`, `own_account`,
    `reset_requested`).
    """
    keeper_only(by)
    user = account_of(email)
    if user is None or not user.is_active:
        raise BadInput("이 주소로 쓰고 있는 계정이 없습니다.", code="email")
    another_only(by, user)
    if not Authenticator.objects.filter(user=user).exists():
        raise BadInput("이 계정은 2단계 인증을 쓰고 있지 않습니다.", code="no_factor")
    if checked_how not in FactorReset.Check.values:
        raise BadInput("본인임을 확인한 방법을 골라 주세요.", code="checked_how")
    if not checked_by.strip():
        raise BadInput("본인임을 확인한 사람을 적어 주세요.", code="checked_by")
    if checked_on > korean_day(now):
        raise BadInput("본인임을 확인한 날은 오늘이나 그 전이어야 합니다.", code="checked_on")
    try:
        with transaction.atomic():
            reset = FactorReset.objects.create(
                user=user,
                reason=reason.strip(),
                checked_how=checked_how,
                checked_by=checked_by.strip(),
                checked_on=checked_on,
                checked_note=checked_note.strip(),
                requested_by=by,
                requested_at=now,
            )
            _tell("portal/factor_reset_requested", reset, now)
            return reset
    except IntegrityError as twice:
        raise MoveNotAllowed(
            "이 계정의 재설정을 이미 요청했습니다. 다른 담당자의 승인을 기다리고 있습니다.",
            code="reset_requested",
        ) from twice


@transaction.atomic
def confirm(reset: FactorReset, *, by: User, now: datetime) -> None:
    """Remove the second factor, end the account's sessions and tokens, and tell the person.

    Raises MoveNotAllowed for the one who requested it, for the person concerned, and when it is done.
    """
    keeper_only(by)
    another_only(by, reset.user)
    if by.pk == reset.requested_by_id:
        raise MoveNotAllowed("요청하지 않은 다른 담당자가 승인해야 합니다.", code="same_person")
    if not _open(reset).update(confirmed_by=by, confirmed_at=now):
        raise MoveNotAllowed("이미 재설정했거나 취소한 요청입니다.", code="reset_done")
    Authenticator.objects.filter(user=reset.user).delete()
    end_access(reset.user, now=now)
    _tell("portal/factor_reset", reset, now)


@transaction.atomic
def withdraw(reset: FactorReset, *, by: User, now: datetime) -> None:
    """Take a request back; the second factor stays. Raises MoveNotAllowed (`role`, `reset_done`)."""
    keeper_only(by)
    another_only(by, reset.user)
    if not _open(reset).update(withdrawn_by=by, withdrawn_at=now):
        raise MoveNotAllowed("이미 재설정했거나 취소한 요청입니다.", code="reset_done")
    _tell("portal/factor_reset_withdrawn", reset, now)


def _open(reset: FactorReset) -> QuerySet[FactorReset]:
    return FactorReset.objects.filter(pk=reset.pk, confirmed_by=None, withdrawn_at=None)


def _tell(template: str, reset: FactorReset, now: datetime) -> None:
    outbox.write(
        template,
        to_email=reset.user.email,
        user=reset.user,
        key=f"{template}:{reset.pk}",
        now=now,
        reset=reset,
    )
