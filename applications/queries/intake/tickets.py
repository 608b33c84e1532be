"""Until when a ticket is honoured: for some hours after the portal served again."""

from datetime import datetime, timedelta

from portal.records import incidents
from programs.models import SubProgram

MINUTE = timedelta(minutes=1)
TROUBLE = (incidents.UNAVAILABLE, incidents.SHED, incidents.TICKET)  # of the programme's own pages


def honoured_until(program: SubProgram, came_at: datetime, *, now: datetime) -> datetime:
    """Return the end of the time for which a ticket is honoured, by the trouble recorded until `now`.

    The time (`ticket_hours` of the round) begins with the end of the last minute of trouble; trouble
    that comes back within it begins it anew. Without a record the minute of the ticket counts.
    """
    kept = timedelta(hours=program.round.ticket_hours)
    until = came_at + MINUTE + kept
    scope = f"{program.round.code}/{program.code}"
    for row in incidents.minutes([scope], since=came_at, until=now, kinds=TROUBLE):
        if row.minute > until:
            break
        if row.scope == scope or row.kind == incidents.UNAVAILABLE:
            until = max(until, row.minute + MINUTE + kept)
    return until
