"""Status of a partner's invitation, and what its pledge says."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from applications.models import Application, Company, Partner, PartnerTerms
from applications.rules.intake import pledges
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


def role_of(partner: Partner) -> dict[str, Any]:
    """Return what the sub-programme says of a partner's role, its label at least."""
    rows = partner.application.sub_program.partner_roles
    known = next((row for row in rows if row["role"] == partner.role), None)
    return known or {"role": partner.role, "label": partner.role}


def pledge_wanted(partner: Partner) -> bool:
    """Return whether whoever confirms the terms of this partner signs a pledge."""
    return bool((role_of(partner).get("terms") or {}).get("pledge"))


def signed_partners() -> QuerySet[Partner]:
    """Return the partners of an outer query's application that signed their pledge."""
    return Partner.objects.filter(
        application=OuterRef("pk"), state=PartnerState.ACCEPTED, terms__signed=True
    )


def pledge_content(terms: PartnerTerms, company: Company) -> dict[str, Any]:
    """Return what a company pledges under these terms, as it is shown, signed and kept."""
    partner = terms.partner
    application, role = partner.application, role_of(partner)["label"]
    program = application.sub_program
    return {
        "version": pledges.VERSION,
        "program": f"{program.round.name} {program.name}",
        "role": role,
        "applicant": _named(application.company),
        "partner": _named(company),
        "part": terms.part,
        "share_won": terms.share_won,
        "quote_won": terms.quote_won,
        "paragraphs": list(
            pledges.paragraphs(
                part=terms.part, share_won=terms.share_won, quote_won=terms.quote_won
            )
        ),
    }


def _named(company: Company) -> dict[str, str]:
    return {"name": company.name, "business_number": company.business_number}
