"""Accounts and mails of suppliers."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.access import impartiality
from portal.core.errors import MoveNotAllowed
from portal.models import User
from portal.notices import outbox
from vouchers.models import Supplier, SupplierMember
from vouchers.roles import EDITORS
from vouchers.services import conflicts


def notify(supplier: Supplier, template: str, *, key: str, now: datetime, **context: Any) -> None:
    """Queue a mail to every active account of a supplier, or to its own address without one."""
    accounts = list(supplier.members.filter(user__is_active=True).select_related("user"))
    for member in accounts:
        outbox.write(
            template,
            to_email=member.user.email,
            user=member.user,
            key=f"{key}:{member.user_id}",
            now=now,
            supplier=supplier,
            **context,
        )
    if not accounts and supplier.email:
        outbox.write(
            template, to_email=supplier.email, key=key, now=now, supplier=supplier, **context
        )


@transaction.atomic
def add_member(supplier: Supplier, *, user: User, by: User | None, now: datetime) -> SupplierMember:
    """Let an account act for a supplier and request a recheck, as it may no longer be on a panel.

    Raises MoveNotAllowed (`role`, `already_member`).
    """
    _may_arrange(by, supplier)
    try:
        with transaction.atomic():
            made = SupplierMember.objects.create(
                supplier=supplier, user=user, since=now, added_by=by
            )
    except IntegrityError as twice:
        raise MoveNotAllowed("이미 이 공급기업의 담당자입니다.", code="already_member") from twice
    conflicts.request_recheck(reason=f"supplier-member:{made.pk}", by=by)
    return made


@transaction.atomic
def remove_member(member: SupplierMember, *, by: User) -> None:
    """Stop an account from acting for a supplier.

    Raises MoveNotAllowed (`role`, `not_member` when somebody else was faster).
    """
    _may_arrange(by, member.supplier)
    key = f"supplier-member:{member.pk}:gone"
    deleted, _ = SupplierMember.objects.filter(pk=member.pk).delete()
    if not deleted:
        raise MoveNotAllowed("이미 해제한 담당자입니다.", code="not_member")
    conflicts.request_recheck(reason=key, by=by)


def _may_arrange(by: User | None, supplier: Supplier) -> None:
    if by is not None:
        impartiality.require(
            by, EDITORS, about=supplier, message="공급기업 담당자를 정할 권한이 없습니다."
        )
