"""Where the invitation of a partner stands; one left unanswered too long counts as not there."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from applications.models import Partner
from applications.states import ApplicationState, PartnerState
from portal.core.dates import end_of_day, korean_day
from programs.queries.calendar import holidays
from programs.rules import deadlines

INVITATION_DAYS = 14
POLICY = deadlines.Policy.END_OF_DAY


def expires_at(partner: Partner) -> datetime:
    """Return the instant from which the link no longer works."""
    return deadlines.due_after(partner.invited_at, INVITATION_DAYS, POLICY, holidays())


def expired(partner: Partner, *, now: datetime) -> bool:
    """Tell whether the invitation went unanswered for too long."""
    return partner.state == PartnerState.INVITED and expires_at(partner) <= now


def open_for(email: str, *, now: datetime) -> QuerySet[Partner]:
    """Invitations to this address that can still be answered."""
    return Partner.objects.filter(
        email=email,
        state=PartnerState.INVITED,
        invited_at__gte=end_of_day(korean_day(now) - timedelta(days=INVITATION_DAYS + 1)),
        application__state=ApplicationState.DRAFT,
    )


def standing(partner: Partner, *, now: datetime) -> str:
    """Where the invitation stands: sent, seen, expired, or what was answered."""
    if expired(partner, now=now):
        return "expired"
    if partner.state == PartnerState.INVITED:
        return "seen" if partner.seen_at else "sent"
    return str(partner.state)
