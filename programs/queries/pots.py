"""How much the pots of a round may hold together, and their public changes."""

from dataclasses import dataclass

from django.db.models import QuerySet, Sum

from programs.models import Budget, PotProposal, ProgramRound
from programs.states import EntryKind
from programs.visibility import public_pots


@dataclass(frozen=True)
class Room:
    """What the rounds of a pot may hold in all their pots, and what these hold now, in won."""

    total: int
    appropriated: int

    @property
    def left(self) -> int:
        return self.total - self.appropriated


def room(pot: Budget) -> Room | None:
    """Return the room of the rounds that a pot pays for; None for a pot that pays for none.

    A pot shared by rounds counts once, against the sum of their totals.
    """
    rounds = ProgramRound.objects.filter(sub_programs__pot=pot).distinct()
    return _room(rounds) if rounds.exists() else None


def room_of(round: ProgramRound) -> Room:
    """Return the room of a round and of those it shares pots with."""
    pots = round.sub_programs.values("pot")
    return _room(ProgramRound.objects.filter(sub_programs__pot__in=pots).distinct())


def rounds_of(pot: Budget) -> QuerySet[ProgramRound]:
    """Return the rounds that a pot pays for, in the order in which they are locked."""
    ids = pot.sub_programs.values("round")
    return ProgramRound.objects.filter(pk__in=ids).order_by("pk")


def published() -> QuerySet[PotProposal]:
    """Return the approved changes of public pots, the latest first."""
    rows = PotProposal.objects.filter(entry__isnull=False, pot__in=public_pots().values("pk"))
    return rows.select_related("pot", "entry").order_by("-ended_at", "-pk")


def moved(proposal: PotProposal) -> tuple[int, int]:
    """Return what the pot held before and after an approved proposal, in won."""
    before = proposal.held_won or 0
    sign = 1 if proposal.kind == EntryKind.APPROPRIATE else -1
    return before, before + sign * proposal.amount_won


def _room(rounds: QuerySet[ProgramRound]) -> Room:
    pots = Budget.objects.filter(sub_programs__round__in=rounds.values("pk")).values("pk")
    held = Budget.objects.filter(pk__in=pots).aggregate(sum=Sum("appropriated_won"))["sum"] or 0
    return Room(sum(rounds.values_list("total_won", flat=True)), held)
