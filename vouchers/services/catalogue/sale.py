"""The catalogue's own acts: begin, suspend and resume a sale; who works at a supplier's desk."""

from datetime import datetime

from portal.models import User
from portal.records.workflow import move
from vouchers.models import Service
from vouchers.states import ServiceMoves


def sell(service: Service, *, by: User | None, now: datetime) -> Service:
    """Begin the sale. Raises MoveNotAllowed."""
    move(service, ServiceMoves.SELL, by=by, now=now)
    return service


def suspend(service: Service, *, reason: str, by: User | None, now: datetime) -> Service:
    """Stop the sale, with the reason that the public reads. Raises MoveNotAllowed."""
    move(service, ServiceMoves.SUSPEND, by=by, now=now, note=reason)
    return service


def resume(service: Service, *, reason: str, by: User, now: datetime) -> Service:
    """Let the sale go on. Raises MoveNotAllowed."""
    move(service, ServiceMoves.RESUME, by=by, now=now, note=reason)
    return service
