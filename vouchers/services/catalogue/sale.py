"""Start, suspend and resume the sale of a service."""

from datetime import datetime

from portal.models import User
from portal.records.workflow import move
from vouchers.models import Service
from vouchers.states import ServiceMoves


def sell(service: Service, *, by: User | None, now: datetime) -> Service:
    """Start the sale. Raises MoveNotAllowed."""
    move(service, ServiceMoves.SELL, by=by, now=now)
    return service


def suspend(service: Service, *, reason: str, by: User | None, now: datetime) -> Service:
    """Suspend the sale with a reason, which is public. Raises MoveNotAllowed."""
    move(service, ServiceMoves.SUSPEND, by=by, now=now, note=reason)
    return service


def resume(service: Service, *, reason: str, by: User, now: datetime) -> Service:
    """Resume the sale. Raises MoveNotAllowed."""
    move(service, ServiceMoves.RESUME, by=by, now=now, note=reason)
    return service
