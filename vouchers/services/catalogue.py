"""The catalogue's own acts: begin, suspend and resume a sale; who works at a supplier's desk."""

from datetime import datetime

from django.db import IntegrityError, transaction

from portal.access.roles import AGENCY, PANEL_OPERATOR, roles_of
from portal.core.errors import MoveNotAllowed
from portal.models import User
from portal.records.workflow import move
from vouchers.models import Service, Supplier, SupplierMember
from vouchers.services import conflicts


def sell(service: Service, *, by: User | None, now: datetime) -> Service:
    """Begin the sale. Raises MoveNotAllowed."""
    move(service, "sell", by=by, now=now)
    return service


def suspend(service: Service, *, reason: str, by: User | None, now: datetime) -> Service:
    """Stop the sale, with the reason that the public reads. Raises MoveNotAllowed."""
    move(service, "suspend", by=by, now=now, note=reason)
    return service


def resume(service: Service, *, reason: str, by: User, now: datetime) -> Service:
    """Let the sale go on. Raises MoveNotAllowed."""
    move(service, "resume", by=by, now=now, note=reason)
    return service


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
