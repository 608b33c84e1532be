"""What is offered now: rounds and sub-programmes with their parts."""

from datetime import datetime

from django.db.models import Prefetch, QuerySet

from portal.core.errors import NotFound
from programs.models import ProgramRound, SubProgram, Track
from programs.queries.rounds import current_round
from programs.visibility import public_sub_programs


def offered(round: ProgramRound) -> QuerySet[SubProgram]:
    """List the sub-programmes of a round with their pots and tracks, in constant queries."""
    return with_parts(SubProgram.objects.filter(round=round)).order_by("order", "pk")


def offered_in(code: str) -> QuerySet[SubProgram]:
    """List the sub-programmes of an announced round by its code."""
    programs = public_sub_programs().filter(round__code=code)
    return with_parts(programs).order_by("order", "pk")


def with_parts(programs: QuerySet[SubProgram]) -> QuerySet[SubProgram]:
    """Fetch round, pot and tracks along; `track.terms()` needs no further query."""
    tracks = Track.objects.select_related("sub_program")
    return programs.select_related("round", "pot").prefetch_related(
        Prefetch("tracks", queryset=tracks)
    )


def sub_program(code: str, *, now: datetime, round: str = "") -> SubProgram:
    """Find an announced sub-programme, in the current round unless one is named.

    Raises NotFound.
    """
    if not round:
        current = current_round(now)
        round = current.code if current else ""
    return sub_program_of(round, code)


def sub_program_of(round: str, code: str) -> SubProgram:
    """Find an announced sub-programme of a round. Raises NotFound."""
    found = with_parts(public_sub_programs().filter(round__code=round, code=code)).first()
    if found is None:
        raise NotFound("그런 사업이 없습니다.")
    return found
