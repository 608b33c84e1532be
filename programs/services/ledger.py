"""The only door to money: every change is one append-only entry, refused where it overspends.

The database itself moves the counters and refuses what does not fit (migration `0002_guards`);
this module locks the pot first, keeps repeats harmless and puts refusals into words.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Sum

from portal.core.errors import BadInput, BudgetExceeded, NotFound, StaleVersion
from portal.core.money import won
from portal.jobs import broker
from portal.models import User
from portal.records import audit
from programs.models import Budget, LedgerEntry
from programs.rules import ledger as arithmetic
from programs.rules.ledger import Balance
from programs.states import EntryKind

CHUNK = 2_000
POT_WIDE = {EntryKind.APPROPRIATE, EntryKind.REDUCE}


class Row(NamedTuple):
    """One amount (won) for one subject, such as `application:12`, under a unique reference."""

    subject: str
    amount: int
    reference: str


def appropriate(
    pot: Budget, *, amount: int, reference: str, by: User | None, now: datetime, note: str = ""
) -> LedgerEntry:
    """Put money into the pot."""
    return _one(pot, EntryKind.APPROPRIATE, Row("", amount, reference), by, now, note)


def reduce(
    pot: Budget, *, amount: int, reference: str, by: User | None, now: datetime, note: str = ""
) -> LedgerEntry:
    """Take money out of the pot, never below what is already promised.

    Raises BudgetExceeded.
    """
    return _one(pot, EntryKind.REDUCE, Row("", amount, reference), by, now, note)


def reserve(
    pot: Budget,
    *,
    amount: int,
    reference: str,
    subject: str,
    by: User | None,
    now: datetime,
    note: str = "",
) -> LedgerEntry:
    """Set money aside for a subject (selection). Raises BudgetExceeded."""
    return _one(pot, EntryKind.RESERVE, Row(subject, amount, reference), by, now, note)


def reserve_many(
    pot: Budget, rows: Sequence[Row], *, by: User | None, now: datetime, note: str = ""
) -> list[LedgerEntry]:
    """Reserve for many subjects, all or nothing; rows are (subject, amount, reference).

    Returns the entries in the order of the rows. Raises BudgetExceeded.
    """
    return _write(pot, EntryKind.RESERVE, rows, by, now, note)


def release(
    pot: Budget,
    *,
    amount: int,
    reference: str,
    subject: str,
    by: User | None,
    now: datetime,
    note: str = "",
) -> LedgerEntry:
    """Give reserved money back to the pot. Raises BudgetExceeded beyond what the subject holds."""
    return _one(pot, EntryKind.RELEASE, Row(subject, amount, reference), by, now, note)


def release_many(
    pot: Budget, rows: Sequence[Row], *, by: User | None, now: datetime, note: str = ""
) -> list[LedgerEntry]:
    """Release for many subjects, all or nothing. Raises BudgetExceeded."""
    return _write(pot, EntryKind.RELEASE, rows, by, now, note)


def commit(
    pot: Budget,
    *,
    amount: int,
    reference: str,
    subject: str,
    by: User | None,
    now: datetime,
    note: str = "",
) -> LedgerEntry:
    """Turn reserved money into an agreement's. Raises BudgetExceeded."""
    return _one(pot, EntryKind.COMMIT, Row(subject, amount, reference), by, now, note)


def decommit(
    pot: Budget,
    *,
    amount: int,
    reference: str,
    subject: str,
    by: User | None,
    now: datetime,
    note: str = "",
) -> LedgerEntry:
    """Give an agreement's money back to the pot. Raises BudgetExceeded."""
    return _one(pot, EntryKind.DECOMMIT, Row(subject, amount, reference), by, now, note)


def pay(
    pot: Budget,
    *,
    amount: int,
    reference: str,
    subject: str,
    by: User | None,
    now: datetime,
    note: str = "",
) -> LedgerEntry:
    """Pay out of an agreement's money. Raises BudgetExceeded."""
    return _one(pot, EntryKind.PAY, Row(subject, amount, reference), by, now, note)


def recover(
    pot: Budget,
    *,
    amount: int,
    reference: str,
    subject: str,
    by: User | None,
    now: datetime,
    note: str = "",
) -> LedgerEntry:
    """Take paid money back into the pot (환수). Raises BudgetExceeded beyond what was paid."""
    return _one(pot, EntryKind.RECOVER, Row(subject, amount, reference), by, now, note)


def _one(
    pot: Budget, kind: EntryKind, row: Row, by: User | None, now: datetime, note: str
) -> LedgerEntry:
    return _write(pot, kind, [row], by, now, note)[0]


def _write(
    pot: Budget,
    kind: EntryKind,
    rows: Sequence[Row],
    by: User | None,
    now: datetime,
    note: str,
) -> list[LedgerEntry]:
    """Write the entries that are not there yet, all or nothing, under the pot's lock.

    A reference that is there with the same content counts as written; with another content it is
    refused (StaleVersion, `reference_mismatch`).
    """
    rows = [_checked(kind, Row(*row)) for row in rows]
    if len({row.reference for row in rows}) < len(rows):
        raise BadInput("같은 근거 번호가 두 번 들어 있습니다.", code="ledger")
    with transaction.atomic():
        locked = Budget.objects.select_for_update(no_key=True).filter(pk=pot.pk).first()
        if locked is None:
            raise NotFound()
        known: dict[str, LedgerEntry] = {}
        for part in _parts(rows):
            known |= _already(locked, kind, part)
        fresh = [row for row in rows if row.reference not in known]
        if kind not in POT_WIDE | {EntryKind.RESERVE}:
            _check_subjects(locked, kind, fresh)
        try:
            with transaction.atomic():
                for part in _parts(fresh):
                    entries = LedgerEntry.objects.bulk_create(
                        LedgerEntry(
                            budget=locked,
                            kind=kind,
                            amount_won=row.amount,
                            reference=row.reference,
                            subject=row.subject,
                            note=note,
                            by=by,
                            at=now,
                        )
                        for row in part
                    )
                    known |= {entry.reference: entry for entry in entries}
        except IntegrityError as refused:
            raise _explain(refused, locked, kind, fresh) from refused
        transaction.on_commit(lambda: broker.notify(audit.SEAL_TASK), robust=True)
    return [known[row.reference] for row in rows]


def _checked(kind: EntryKind, row: Row) -> Row:
    arithmetic.after(Balance(), kind, row.amount)
    if not row.reference or len(row.reference) > 120 or len(row.subject) > 80:
        raise BadInput("예산 항목의 근거 번호가 올바르지 않습니다.", code="ledger")
    if (kind in POT_WIDE) == bool(row.subject):
        raise BadInput("예산 항목의 대상이 올바르지 않습니다.", code="ledger")
    return row


def _parts(rows: Sequence[Row]) -> Iterable[Sequence[Row]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _already(pot: Budget, kind: EntryKind, rows: Sequence[Row]) -> dict[str, LedgerEntry]:
    references = [row.reference for row in rows]
    known = {
        entry.reference: entry for entry in LedgerEntry.objects.filter(reference__in=references)
    }
    for row in rows:
        entry = known.get(row.reference)
        if entry and (entry.budget_id, entry.kind, entry.amount_won, entry.subject) != (
            pot.pk,
            kind,
            row.amount,
            row.subject,
        ):
            raise StaleVersion(
                f"근거 번호 {row.reference}은(는) 다른 내용으로 이미 쓰였습니다.",
                code="reference_mismatch",
            )
    return known


def _check_subjects(pot: Budget, kind: EntryKind, rows: Sequence[Row]) -> None:
    """Nobody gives back or spends what another subject holds."""
    for part in _parts(rows):
        subjects = {row.subject for row in part}
        sums = (
            LedgerEntry.objects.filter(budget=pot, subject__in=subjects)
            .values_list("subject", "kind")
            .annotate(total=Sum("amount_won"))
            .order_by()
        )
        held: dict[str, Balance] = {}
        for subject, name, total in sums:
            held[subject] = arithmetic.after(held.get(subject, Balance()), name, total)
        for row in part:
            before = held.get(row.subject, Balance())
            held[row.subject] = arithmetic.after(before, kind, row.amount)
            if min(held[row.subject].reserved, held[row.subject].committed) < 0 or (
                held[row.subject].paid < 0
            ):
                raise BudgetExceeded(
                    f"{row.subject}의 남은 금액(선정 {won(before.reserved)}, 협약"
                    f" {won(before.committed)}, 지급 {won(before.paid)})보다 큰"
                    f" {won(row.amount)}은 ‘{kind.label}’ 처리할 수 없습니다.",
                    code="more_than_held",
                )


def _explain(
    refused: IntegrityError, pot: Budget, kind: EntryKind, rows: Sequence[Row]
) -> Exception:
    """Put the database's refusal into words; what is not about money stays what it was."""
    asked = sum(row.amount for row in rows)
    if "budget_not_overspent" in str(refused) or kind in POT_WIDE:
        return BudgetExceeded(
            f"{pot.name}의 남은 예산은 {won(pot.available_won)}이어서 {won(asked)}을"
            f" ‘{kind.label}’ 처리할 수 없습니다. (부족액 {won(asked - pot.available_won)})"
        )
    if "check constraint" in str(refused).lower():
        return BudgetExceeded(
            f"{pot.name}의 잔액보다 큰 {won(asked)}은 ‘{kind.label}’ 처리할 수 없습니다."
            f" (선정 {won(pot.reserved_won)}, 협약 {won(pot.committed_won)},"
            f" 지급 {won(pot.paid_won)})",
            code="more_than_held",
        )
    if "reference" in str(refused):
        return StaleVersion("같은 근거 번호가 다른 예산에 쓰였습니다.", code="reference_mismatch")
    return refused
