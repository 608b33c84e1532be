"""Status of a partner's invitation; one that was not answered in time counts as none."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from applications.models import Application, Partner
from applications.states import ApplicationState, PartnerState
from portal.core.dates import end_of_day, korean_day
from programs.queries.calendar import holidays
from programs.rules import deadlines

INVITATION_DAYS = 14
POLICY = deadlines.Policy.END_OF_DAY


def expires_at(partner: Partner) -> datetime:
    """Return the instant from which the link no longer works."""
    return deadlines.due_after(partner.invited_at, INVITATION_DAYS, POLICY, holidays())


def is_expired(partner: Partner, *, now: datetime) -> bool:
    return partner.state == PartnerState.INVITED and expires_at(partner) <= now


def still_open(now: datetime) -> QuerySet[Partner]:
    """Return the invitations that can still be answered."""
    drafts = Application.objects.filter(state=ApplicationState.DRAFT, pk=OuterRef("application"))
    return Partner.objects.filter(
        Exists(drafts),
        state=PartnerState.INVITED,
        invited_at__gte=end_of_day(korean_day(now) - timedelta(days=INVITATION_DAYS + 1)),
    )


def invitation_status(partner: Partner, *, now: datetime) -> str:
    """Return `sent`, `seen`, `expired`, or the partner's answer (a `PartnerState`)."""
    if is_expired(partner, now=now):
        return "expired"
    if partner.state == PartnerState.INVITED:
        return "seen" if partner.seen_at else "sent"
    return str(partner.state)
