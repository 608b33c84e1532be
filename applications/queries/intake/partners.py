"""Where the invitation of a partner stands; one left unanswered too long counts as not there."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from applications.models import Partner
from applications.states import ApplicationState, PartnerState

INVITATION_DAYS = 14


def expires_at(partner: Partner) -> datetime:
    """The instant from which the link is dead."""
    return partner.invited_at + timedelta(days=INVITATION_DAYS)


def expired(partner: Partner, *, now: datetime) -> bool:
    """Tell whether the invitation went unanswered for too long."""
    return partner.state == PartnerState.INVITED and expires_at(partner) <= now


def open_for(email: str, *, now: datetime) -> QuerySet[Partner]:
    """Invitations to this address that can still be answered."""
    return Partner.objects.filter(
        email=email,
        state=PartnerState.INVITED,
        invited_at__gt=now - timedelta(days=INVITATION_DAYS),
        application__state=ApplicationState.DRAFT,
    )


def standing(partner: Partner, *, now: datetime) -> str:
    """Where the invitation stands: sent, seen, expired, or what was answered."""
    if expired(partner, now=now):
        return "expired"
    if partner.state == PartnerState.INVITED:
        return "seen" if partner.seen_at else "sent"
    return str(partner.state)
