"""Book money: every change is one append-only entry, refused where it would overspend.

The database itself moves the counters and refuses what does not fit (`programs.guards`); this
module locks the pot first, makes repeats harmless and explains refusals. Nothing else may create
ledger entries.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Sum

from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, BudgetExceeded, NotFound, StaleVersion
from portal.core.money import won
from portal.core.particles import with_particle
from portal.jobs import broker
from portal.models import User
from portal.records import audit
from programs.models import Budget, LedgerEntry
from programs.rules import ledger as rules
from programs.rules.ledger import Balance
from programs.states import EntryKind

CHUNK = 2_000
POT_WIDE = {EntryKind.APPROPRIATE, EntryKind.REDUCE}


@dataclass(frozen=True)
class Booking:
    """One amount (won) under a reference that is unique among all entries.

    `subject` is for whom, such as `application:12`; what goes into or out of a whole pot has none.
    """

    amount: int
    reference: str
    subject: str = ""
    note: str = ""


def appropriate(pot: Budget, booking: Booking, *, by: User | None, now: datetime) -> LedgerEntry:
    """Put money into the pot. Raises BadInput (`amount`) for more than any pot may hold."""
    ranges.check("pot_won", booking.amount, today=korean_day(now), code="amount")
    return _write_one(pot, EntryKind.APPROPRIATE, booking, by, now)


def reduce(pot: Budget, booking: Booking, *, by: User | None, now: datetime) -> LedgerEntry:
    """Take money out of the pot. Raises BudgetExceeded below what is already promised."""
    return _write_one(pot, EntryKind.REDUCE, booking, by, now)


def reserve(pot: Budget, booking: Booking, *, by: User | None, now: datetime) -> LedgerEntry:
    """Set money aside for a subject (selection). Raises BudgetExceeded."""
    return _write_one(pot, EntryKind.RESERVE, booking, by, now)


def reserve_many(
    pot: Budget, bookings: Sequence[Booking], *, by: User | None, now: datetime
) -> list[LedgerEntry]:
    """Reserve for many subjects, all or nothing; return the entries in the order of the bookings.

    Raises BudgetExceeded.
    """
    return _write(pot, EntryKind.RESERVE, bookings, by, now)


def release(pot: Budget, booking: Booking, *, by: User | None, now: datetime) -> LedgerEntry:
    """Give reserved money back to the pot. Raises BudgetExceeded beyond what the subject holds."""
    return _write_one(pot, EntryKind.RELEASE, booking, by, now)


def release_many(
    pot: Budget, bookings: Sequence[Booking], *, by: User | None, now: datetime
) -> list[LedgerEntry]:
    """Release for many subjects, all or nothing. Raises BudgetExceeded."""
    return _write(pot, EntryKind.RELEASE, bookings, by, now)


def commit(pot: Budget, booking: Booking, *, by: User | None, now: datetime) -> LedgerEntry:
    """Commit reserved money to an agreement. Raises BudgetExceeded."""
    return _write_one(pot, EntryKind.COMMIT, booking, by, now)


def decommit(pot: Budget, booking: Booking, *, by: User | None, now: datetime) -> LedgerEntry:
    """Give an agreement's money back to the pot. Raises BudgetExceeded."""
    return _write_one(pot, EntryKind.DECOMMIT, booking, by, now)


def pay(pot: Budget, booking: Booking, *, by: User | None, now: datetime) -> LedgerEntry:
    """Pay out of an agreement's money. Raises BudgetExceeded."""
    return _write_one(pot, EntryKind.PAY, booking, by, now)


def recover(pot: Budget, booking: Booking, *, by: User | None, now: datetime) -> LedgerEntry:
    """Take paid money back into the pot (환수). Raises BudgetExceeded beyond what was paid."""
    return _write_one(pot, EntryKind.RECOVER, booking, by, now)


def _write_one(
    pot: Budget, kind: EntryKind, booking: Booking, by: User | None, now: datetime
) -> LedgerEntry:
    return _write(pot, kind, [booking], by, now)[0]


def _write(
    pot: Budget, kind: EntryKind, bookings: Sequence[Booking], by: User | None, now: datetime
) -> list[LedgerEntry]:
    """Write the entries that do not exist yet, all or nothing, under the pot's lock.

    A reference that exists with the same content counts as written; with another content it is
    refused (StaleVersion, `reference_mismatch`).
    """
    _check(kind, bookings)
    with transaction.atomic():
        locked = Budget.objects.select_for_update(no_key=True).filter(pk=pot.pk).first()
        if locked is None:
            raise NotFound()
        written: dict[str, LedgerEntry] = {}
        for part in _parts(bookings):
            written |= _already_written(locked, kind, part)
        new = [booking for booking in bookings if booking.reference not in written]
        if kind not in POT_WIDE | {EntryKind.RESERVE}:
            _check_subjects(locked, kind, new)
        try:
            with transaction.atomic():
                for part in _parts(new):
                    written |= _insert(locked, kind, part, by, now)
        except IntegrityError as refusal:
            raise _explain(refusal, locked, kind, new) from refusal
        transaction.on_commit(lambda: broker.notify(audit.SEAL_TASK), robust=True)
    return [written[booking.reference] for booking in bookings]


def _insert(
    pot: Budget, kind: EntryKind, bookings: Sequence[Booking], by: User | None, now: datetime
) -> dict[str, LedgerEntry]:
    entries = LedgerEntry.objects.bulk_create(
        LedgerEntry(
            budget=pot,
            kind=kind,
            amount_won=booking.amount,
            reference=booking.reference,
            subject=booking.subject,
            note=booking.note,
            by=by,
            at=now,
        )
        for booking in bookings
    )
    return {entry.reference: entry for entry in entries}


def _check(kind: EntryKind, bookings: Sequence[Booking]) -> None:
    for booking in bookings:
        rules.after(Balance(), kind, booking.amount)
        reference, subject = booking.reference, booking.subject
        if not reference or len(reference) > 120 or len(subject) > 80:
            raise BadInput("예산 항목의 근거 번호가 올바르지 않습니다.", code="ledger")
        if (kind in POT_WIDE) == bool(subject):
            raise BadInput("예산 항목의 대상이 올바르지 않습니다.", code="ledger")
    if len({booking.reference for booking in bookings}) < len(bookings):
        raise BadInput("같은 근거 번호가 두 번 들어 있습니다.", code="ledger")


def _parts(bookings: Sequence[Booking]) -> Iterable[Sequence[Booking]]:
    return (bookings[start : start + CHUNK] for start in range(0, len(bookings), CHUNK))


def _already_written(
    pot: Budget, kind: EntryKind, bookings: Sequence[Booking]
) -> dict[str, LedgerEntry]:
    references = [booking.reference for booking in bookings]
    written = {
        entry.reference: entry for entry in LedgerEntry.objects.filter(reference__in=references)
    }
    for booking in bookings:
        entry = written.get(booking.reference)
        if entry and (entry.budget_id, entry.kind, entry.amount_won, entry.subject) != (
            pot.pk,
            kind,
            booking.amount,
            booking.subject,
        ):
            raise StaleVersion(
                f"근거 번호 {with_particle(booking.reference, '은/는')} 다른 내용으로 이미 쓰였습니다.",
                code="reference_mismatch",
            )
    return written


def _check_subjects(pot: Budget, kind: EntryKind, bookings: Sequence[Booking]) -> None:
    """Raise BudgetExceeded (`more_than_held`) where a subject gives or spends another's money."""
    for part in _parts(bookings):
        sums = (
            LedgerEntry.objects.filter(budget=pot, subject__in={each.subject for each in part})
            .values_list("subject", "kind")
            .annotate(total=Sum("amount_won"))
            .order_by()
        )
        held: dict[str, Balance] = {}
        for subject, name, total in sums:
            held[subject] = rules.after(held.get(subject, Balance()), name, total)
        for booking in part:
            before = held.get(booking.subject, Balance())
            after = held[booking.subject] = rules.after(before, kind, booking.amount)
            if min(after.reserved, after.committed, after.paid) < 0:
                raise BudgetExceeded(
                    f"{booking.subject}의 남은 금액(선정 {won(before.reserved)}, 협약"
                    f" {won(before.committed)}, 지급 {won(before.paid)})보다 큰"
                    f" {won(booking.amount)}은 ‘{kind.label}’ 처리할 수 없습니다.",
                    code="more_than_held",
                )


def _explain(
    refusal: IntegrityError, pot: Budget, kind: EntryKind, bookings: Sequence[Booking]
) -> Exception:
    """Return the error that explains the database's refusal; the refusal itself where none does."""
    total = sum(booking.amount for booking in bookings)
    if "budget_not_overspent" in str(refusal) or kind in POT_WIDE:
        return BudgetExceeded(
            f"{pot.name}의 남은 예산은 {won(pot.available_won)}이어서 {won(total)}을"
            f" ‘{kind.label}’ 처리할 수 없습니다. (부족액 {won(total - pot.available_won)})"
        )
    if "check constraint" in str(refusal).lower():
        return BudgetExceeded(
            f"{pot.name}의 잔액보다 큰 {won(total)}은 ‘{kind.label}’ 처리할 수 없습니다."
            f" (선정 {won(pot.reserved_won)}, 협약 {won(pot.committed_won)},"
            f" 지급 {won(pot.paid_won)})",
            code="more_than_held",
        )
    if "reference" in str(refusal):
        return StaleVersion("같은 근거 번호가 다른 예산에 쓰였습니다.", code="reference_mismatch")
    return refusal
