"""Start, suspend and resume the sale of a service; the reason of a suspension is public."""

from datetime import datetime

from portal.models import User
from portal.records.workflow import move
from vouchers.models import Service
from vouchers.states import ServiceMoves


def sell(service: Service, *, by: User | None, now: datetime) -> Service:
    move(service, ServiceMoves.SELL, by=by, now=now)
    return service


def suspend(service: Service, *, reason: str, by: User | None, now: datetime) -> Service:
    move(service, ServiceMoves.SUSPEND, by=by, now=now, note=reason)
    return service


def resume(service: Service, *, reason: str, by: User, now: datetime) -> Service:
    move(service, ServiceMoves.RESUME, by=by, now=now, note=reason)
    return service
