"""Suppliers."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from portal.access.roles import roles_of
from portal.core.errors import MoveNotAllowed
from portal.models import User
from portal.notices import outbox
from vouchers.models import Supplier, SupplierMember
from vouchers.roles import AGENCY, PANEL_OPERATOR
from vouchers.services import conflicts


def to_supplier(
    supplier: Supplier, template: str, *, key: str, now: datetime, **words: Any
) -> None:
    """Write to everybody at the supplier's desk; to its own address when nobody is there yet."""
    desk = list(supplier.members.filter(user__is_active=True).select_related("user"))
    for member in desk:
        outbox.write(
            template,
            to_email=member.user.email,
            user=member.user,
            key=f"{key}:{member.user_id}",
            now=now,
            supplier=supplier,
            **words,
        )
    if not desk and supplier.email:
        outbox.write(
            template, to_email=supplier.email, key=key, now=now, supplier=supplier, **words
        )


@transaction.atomic
def add_member(supplier: Supplier, *, user: User, by: User | None, now: datetime) -> SupplierMember:
    """Let an account act for a supplier; whoever does may be on no panel, so ties are read again.

    Raises MoveNotAllowed (`role`, `already_member`).
    """
    _may_arrange(by)
    try:
        with transaction.atomic():
            made = SupplierMember.objects.create(
                supplier=supplier, user=user, since=now, added_by=by
            )
    except IntegrityError as twice:
        raise MoveNotAllowed("이미 이 공급기업의 담당자입니다.", code="already_member") from twice
    conflicts.ask_recheck(reason=f"supplier-member:{made.pk}", by=by)
    return made


@transaction.atomic
def remove_member(member: SupplierMember, *, by: User) -> None:
    """Take an account from a supplier's desk. Raises MoveNotAllowed (`role`)."""
    _may_arrange(by)
    key = f"supplier-member:{member.pk}:gone"
    SupplierMember.objects.filter(pk=member.pk).delete()
    conflicts.ask_recheck(reason=key, by=by)


def _may_arrange(by: User | None) -> None:
    if by is not None and not roles_of(by) & {PANEL_OPERATOR, AGENCY}:
        raise MoveNotAllowed("공급기업 담당자를 정할 권한이 없습니다.", code="role")
