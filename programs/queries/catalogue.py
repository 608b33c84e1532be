"""Sub-programmes of a round with their parts."""

from datetime import datetime

from django.db.models import Prefetch, QuerySet

from portal.core.errors import NotFound
from programs.models import ProgramRound, SubProgram, Track
from programs.queries.rounds import current_round
from programs.visibility import public_sub_programs


def offered(round: ProgramRound) -> QuerySet[SubProgram]:
    """Return the sub-programmes of a round with pots and tracks, in a constant number of queries."""
    return with_parts(SubProgram.objects.filter(round=round)).order_by("order", "pk")


def offered_in(code: str) -> QuerySet[SubProgram]:
    """Return the sub-programmes of the announced round with this code, in the same way."""
    programs = public_sub_programs().filter(round__code=code)
    return with_parts(programs).order_by("order", "pk")


def with_parts(programs: QuerySet[SubProgram]) -> QuerySet[SubProgram]:
    # `track.terms()` reads its sub-programme.
    tracks = Track.objects.select_related("sub_program")
    return programs.select_related("round", "pot").prefetch_related(
        Prefetch("tracks", queryset=tracks)
    )


def sub_program(code: str, *, now: datetime, round: str = "") -> SubProgram:
    """Return an announced sub-programme, of the current round unless one is named.

    Raises NotFound.
    """
    if not round:
        current = current_round(now)
        round = current.code if current else ""
    return sub_program_of(round, code)


def sub_program_of(round: str, code: str) -> SubProgram:
    """Return an announced sub-programme of a round. Raises NotFound."""
    program = with_parts(public_sub_programs().filter(round__code=round, code=code)).first()
    if program is None:
        raise NotFound("그런 사업이 없습니다.")
    return program
