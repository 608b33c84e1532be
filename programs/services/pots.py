"""Change pots and the total of a round: one manager proposes, another approves.

The pots of a round never hold more together than its total, which is raised in the same way.
"""

from datetime import datetime

from django.db import transaction

from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, BudgetExceeded, StaleVersion
from portal.core.money import won
from portal.models import User
from programs.models import (
    Budget,
    LedgerEntry,
    PotProposal,
    ProgramRound,
    RoundChange,
    TotalProposal,
)
from programs.queries import pots as queries
from programs.services import ledger, proposals
from programs.states import EntryKind

WRITE = {EntryKind.APPROPRIATE: ledger.appropriate, EntryKind.REDUCE: ledger.reduce}


def propose(
    pot: Budget, kind: EntryKind, *, amount: int, reason: str, by: User, now: datetime
) -> PotProposal:
    """Propose to put won into a pot or to take won out of it.

    Raises MoveNotAllowed (`role`, `proposal_open`), BadInput (`reason`, `amount`), BudgetExceeded
    (beyond the total of the rounds or below what is promised).
    """
    proposals.manager_only(by)
    _reason(reason)
    ranges.check("pot_won", amount, today=korean_day(now), code="amount")
    with transaction.atomic():
        locked = _lock(pot)
        if locked.proposals.filter(ended_at=None).exists():
            raise proposals.still_open()
        _refuse_misfit(locked, kind, amount)
        return PotProposal.objects.create(
            pot=locked, kind=kind, amount_won=amount, reason=reason.strip(), by=by, at=now
        )


def approve(proposal: PotProposal, *, by: User, now: datetime) -> LedgerEntry:
    """Write the proposed entry as another manager.

    Raises MoveNotAllowed (`role`, `same_person`, `proposal_ended`), BudgetExceeded.
    """
    proposals.manager_only(by)
    proposals.another_only(proposal, by)
    with transaction.atomic():
        pot = _lock(proposal.pot)
        kept = PotProposal.objects.select_for_update(no_key=True).get(pk=proposal.pk)
        if kept.ended_at is not None:
            raise proposals.ended()
        kind = EntryKind(kept.kind)
        _refuse_misfit(pot, kind, kept.amount_won)
        booking = ledger.Booking(kept.amount_won, f"pot-proposal:{kept.pk}", note=kept.reason)
        entry = WRITE[kind](pot, booking, by=kept.by, now=now)
        kept.entry, kept.approved_by, kept.ended_at = entry, by, now
        kept.held_won = pot.appropriated_won
        kept.save(update_fields=["entry", "approved_by", "ended_at", "held_won"])
        return entry


def propose_total(
    round: ProgramRound, *, total_won: int, reason: str, by: User, now: datetime
) -> TotalProposal:
    """Propose another total for a round, in won.

    Raises MoveNotAllowed (`role`, `proposal_open`), BadInput (`reason`, `amount`), BudgetExceeded
    (below what its pots hold).
    """
    proposals.manager_only(by)
    _reason(reason)
    ranges.check("pot_won", total_won, today=korean_day(now), code="amount", label="총예산")
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=round.pk)
        if locked.total_proposals.filter(ended_at=None).exists():
            raise proposals.still_open()
        if total_won == locked.total_won:
            raise BadInput("지금 총예산과 같은 금액입니다.", code="amount")
        _refuse_small_total(locked, total_won)
        return TotalProposal.objects.create(
            round=locked,
            before_won=locked.total_won,
            after_won=total_won,
            reason=reason.strip(),
            by=by,
            at=now,
        )


def approve_total(proposal: TotalProposal, *, by: User, now: datetime) -> RoundChange:
    """Put a proposed total in force as another manager.

    Raises MoveNotAllowed (`role`, `same_person`, `proposal_ended`), StaleVersion (`total_stale`),
    BudgetExceeded.
    """
    proposals.manager_only(by)
    proposals.another_only(proposal, by)
    with transaction.atomic():
        locked = ProgramRound.objects.select_for_update().get(pk=proposal.round_id)
        proposals.end(proposal, now, approved_by=by)
        if locked.total_won != proposal.before_won:
            raise StaleVersion(
                f"변경안을 만든 뒤에 총예산이 {won(locked.total_won)}으로 바뀌었습니다. 변경안을"
                " 폐기하고 다시 만들어 주세요.",
                code="total_stale",
            )
        _refuse_small_total(locked, proposal.after_won)
        locked.total_won = proposal.after_won
        locked.save(update_fields=["total_won", "updated_at"])
        return RoundChange.objects.create(
            round=locked,
            act="total",
            before={"total_won": proposal.before_won},
            after={"total_won": proposal.after_won},
            reason=proposal.reason,
            by=proposal.by,
            approved_by=by,
            at=now,
        )


def drop(proposal: PotProposal | TotalProposal, *, by: User, now: datetime) -> None:
    """Discard a proposal. Raises MoveNotAllowed (`role`, `proposal_ended`)."""
    proposals.manager_only(by)
    proposals.end(proposal, now)


def _lock(pot: Budget) -> Budget:
    """Lock the rounds of a pot, so that two of their pots cannot grow past the total together."""
    list(queries.rounds_of(pot).select_for_update(no_key=True))
    return Budget.objects.get(pk=pot.pk)


def _refuse_misfit(pot: Budget, kind: EntryKind, amount: int) -> None:
    if kind == EntryKind.REDUCE:
        if amount > pot.available_won:
            raise BudgetExceeded(
                f"{pot.name}의 남은 예산은 {won(pot.available_won)}이어서 {won(amount)}을 줄일 수"
                " 없습니다."
            )
        return
    room = queries.room(pot)
    if room is not None and amount > room.left:
        raise BudgetExceeded(
            f"회차의 총예산 {won(room.total)} 가운데 {won(room.appropriated)}을 이미 배정해"
            f" {won(max(room.left, 0))}까지만 더 배정할 수 있습니다. 더 필요하면 먼저 회차의"
            " 총예산을 바꾸는 변경안을 승인받아 주세요.",
            code="beyond_total",
        )


def _refuse_small_total(round: ProgramRound, total_won: int) -> None:
    if not round.sub_programs.exists():
        return
    room = queries.room_of(round)
    least = room.appropriated - (room.total - round.total_won)
    if total_won < least:
        raise BudgetExceeded(
            f"이미 {won(room.appropriated)}을 배정해 총예산을 {won(total_won)}으로 줄일 수 없습니다.",
            code="below_pots",
        )


def _reason(reason: str) -> None:
    if not reason.strip():
        raise BadInput("사유를 적어 주세요.", code="reason")
