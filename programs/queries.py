"""Reads shared by the edges: what is offered now, and what is in the pots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, QuerySet, Sum

from portal.errors import Finding, NotFound
from programs.models import Budget, LedgerEntry, ProgramRound, SubProgram, Track
from programs.rules import calendar, ledger
from programs.rules.ledger import Balance
from programs.visibility import public_rounds, public_sub_programs


@dataclass(frozen=True)
class Statement:
    """A pot as its counters stand, and as its entries add up; the two must agree."""

    pot: Budget
    stored: Balance
    recomputed: Balance

    @property
    def agrees(self) -> bool:
        """Whether counters and entries tell the same."""
        return self.stored == self.recomputed


def balance(pot: Budget) -> Balance:
    """Read the counters of a pot now."""
    return Budget.objects.get(pk=pot.pk).balance


def recomputed(pot: Budget) -> Balance:
    """Add up the entries of a pot."""
    return _folded([pot.pk])[pot.pk]


def statements(pots: Iterable[Budget]) -> list[Statement]:
    """Hold the counters of many pots against their entries, in one query."""
    pots = list(pots)
    folded = _folded([pot.pk for pot in pots])
    return [Statement(pot, pot.balance, folded[pot.pk]) for pot in pots]


def _folded(pots: Sequence[int]) -> dict[int, Balance]:
    sums = (
        LedgerEntry.objects.filter(budget__in=pots)
        .values_list("budget", "kind")
        .annotate(total=Sum("amount_won"))
        .order_by()
    )
    balances = dict.fromkeys(pots, Balance())
    for pot, kind, total in sums:
        balances[pot] = ledger.after(balances[pot], kind, total)
    return balances


def current_round(now: datetime) -> ProgramRound | None:
    """Return the latest announced round that has opened, else the next one to open."""
    opened = public_rounds().filter(opens_at__lte=now).order_by("-opens_at").first()
    return opened or public_rounds().order_by("opens_at").first()


def offered(round: ProgramRound) -> QuerySet[SubProgram]:
    """List the sub-programmes of a round with their pots and tracks, in constant queries."""
    return with_parts(SubProgram.objects.filter(round=round)).order_by("order", "pk")


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
    found = with_parts(public_sub_programs().filter(round__code=round, code=code)).first()
    if found is None:
        raise NotFound("그런 사업이 없습니다.")
    return found


def refusal(program: SubProgram, now: datetime) -> Finding | None:
    """Say why an application at this instant is not taken, None when it is.

    A rolling intake also ends when its pot is empty (S16; 예산 소진 시까지, public).
    """
    window = program.window()
    if window.rolling and program.pot.available_won <= 0:
        return Finding("budget_gone", "예산이 모두 쓰여 접수를 마쳤습니다.")
    return calendar.refusal(window, now)
