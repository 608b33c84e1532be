"""What is offered now: rounds and sub-programmes with their parts."""

from datetime import datetime

from django.db.models import Prefetch, QuerySet

from portal.errors import Finding, NotFound
from programs.models import ProgramRound, SubProgram, Track
from programs.rules import calendar
from programs.visibility import public_rounds, public_sub_programs


def current_round(now: datetime) -> ProgramRound | None:
    """Return the latest announced round that has opened, else the next one to open."""
    opened = public_rounds().filter(opens_at__lte=now).order_by("-opens_at").first()
    return opened or public_rounds().order_by("opens_at").first()


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


def refusal(program: SubProgram, now: datetime) -> Finding | None:
    """Say why an application at this instant is not taken, None when it is.

    A rolling intake also ends when its pot is empty (A06).
    """
    window = program.window()
    if window.rolling and program.pot.available_won <= 0:
        return Finding("budget_gone", "예산이 모두 쓰여 접수를 마쳤습니다.")
    return calendar.refusal(window, now)
