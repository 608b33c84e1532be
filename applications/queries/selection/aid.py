"""What firms hold of the year's money, from the ledger alone, held against the limits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from applications.models import AidException, Application
from applications.states import ANNOUNCED
from applications.visibility import SUBJECT
from portal.core.errors import Finding
from programs.models import LedgerEntry
from programs.rules import ledger
from programs.rules.grants import limits
from programs.rules.ledger import Balance
from programs.states import EntryKind
from programs.visibility import public_rounds

CHUNK = 500
FIELDS = ("number", "state", "company", "sub_program__code", "sub_program__name")


@dataclass(frozen=True)
class Holding:
    """One application's money: reserved, committed and paid, without what was given back."""

    firm: int
    application: Application
    balance: Balance

    @property
    def won(self) -> int:
        """Whole won that the firm holds by it."""
        return self.balance.reserved + self.balance.committed + self.balance.paid

    @property
    def aid(self) -> limits.Aid:
        """The same, for the rule."""
        return limits.Aid(self.application.pk, self.application.sub_program.code, self.won)


def of_firms(
    firms: Iterable[int], *, year: int | None = None, in_words: bool = False
) -> dict[int, list[Holding]]:
    """What these firms hold, of every sub-programme (of one year); firms without any are absent.

    An agreement's money is its firm's: after a change of lead it counts for the new one. `in_words`
    reads what a page shows of each row as well.
    """
    wanted = set(firms)
    found: dict[int, list[Holding]] = defaultdict(list)
    for part in _parts(sorted(wanted)):
        mine = Q(company__in=part) | Q(agreement__company__in=part)
        rows = _of(Application.objects.filter(mine, number__isnull=False), year)
        rows = _with_labels(rows) if in_words else rows
        for holding in _holdings(rows.distinct()):
            if holding.firm in part:
                found[holding.firm].append(holding)
    return dict(found)


def of_application(application: Application) -> list[Holding]:
    """What the application's firm holds of all sub-programmes, whatever their year."""
    firm = firm_of(application)
    return of_firms([firm], in_words=True).get(firm, [])


def company_summary(firm: int) -> dict[str, Any]:
    """What a firm reads of its own aid (only results that it knows), and this year's limits."""
    held = of_firms([firm]).get(firm, [])
    known = [row for row in held if row.application.state in ANNOUNCED]
    round = public_rounds().order_by("-year", "-sequence").first()
    return {
        "aid": known,
        "aid_won": sum(row.won for row in known),
        "aid_limits": round.limits_parsed() if round else (),
    }


def firm_of(application: Application) -> int:
    """Whose money it is: the agreement's firm, before there is one the applicant."""
    return owners([application.pk])[application.pk]


def owners(applications: Iterable[int]) -> dict[int, int]:
    """The firms whose money these applications hold or would hold, by application."""
    found: dict[int, int] = {}
    for part in _parts(list(applications)):
        rows = Application.objects.filter(pk__in=part)
        for pk, lead, applicant in rows.values_list("pk", "agreement__company", "company"):
            found[pk] = lead or applicant
    return found


def book(year: int, limits_of_round: Sequence[limits.Limit], applications: Any) -> limits.Book:
    """Everything held of a year, by firm, with the exceptions of these applications."""
    made = limits.Book(limits_of_round, excepted=exceptions(applications))
    entries = LedgerEntry.objects.filter(
        budget__sub_programs__round__year=year, kind=EntryKind.RESERVE
    )
    subjects = entries.filter(subject__startswith=SUBJECT).values_list("subject", flat=True)
    keys = sorted({int(subject.removeprefix(SUBJECT)) for subject in subjects.distinct()})
    for part in _parts(keys):
        for row in _holdings(_of(Application.objects.filter(pk__in=part), year)):
            made.add(row.firm, row.aid)
    return made


def exceptions(applications: Any) -> dict[int, frozenset[str]]:
    """The limits that managers have lifted, by application (ids or a query of them)."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = AidException.objects.filter(application__in=applications)
    for application, code in rows.values_list("application", "limit"):
        found[application].add(code)
    return {application: frozenset(codes) for application, codes in found.items()}


@dataclass(frozen=True)
class AidStatus:
    """A firm's aid as one page shows it: all it holds, the year's limits, those it would pass."""

    held: list[Holding]
    used: list[tuple[limits.Limit, str]]
    over: list[Finding]

    @property
    def won(self) -> int:
        """Whole won of all years."""
        return sum(row.won for row in self.held)


def status(application: Application) -> AidStatus:
    """What the application's firm holds, how much of each limit that uses, what would be passed."""
    held = of_application(application)
    program = application.sub_program
    mine = [row.aid for row in held if row.application.sub_program.round.year == program.round.year]
    rows = program.round.limits_parsed()
    used = [(row, limits.amount(row, limits.counted(row, mine, program.code))) for row in rows]
    return AidStatus(held, used, _exceeded(application, mine))


def exceeded(
    application: Application, *, amount_won: int | None = None, firm: int | None = None
) -> list[Finding]:
    """The limits that this application would pass now with this amount (None: what it asks for).

    `firm` asks for another one than whose money it is now.
    """
    who = firm or firm_of(application)
    held = of_firms([who], year=application.sub_program.round.year).get(who, [])
    return _exceeded(application, [row.aid for row in held], amount_won)


def _exceeded(
    application: Application, held: Sequence[limits.Aid], amount_won: int | None = None
) -> list[Finding]:
    program = application.sub_program
    asked = application.submission.support_won or 0 if amount_won is None else amount_won
    return limits.exceeded(
        program.round.limits_parsed(),
        held,
        limits.Aid(application.pk, program.code, asked),
        excepted=exceptions([application.pk]).get(application.pk, ()),
    )


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _of(rows: QuerySet[Application], year: int | None) -> QuerySet[Any]:
    # Thousands of rows: without the words of the sub-programme, and of an agreement only whose it is.
    rows = rows.select_related("sub_program").annotate(lead=F("agreement__company")).only(*FIELDS)
    return rows if year is None else rows.filter(sub_program__round__year=year)


def _with_labels(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The few rows that a page shows, with the words it shows them in."""
    words = ("sub_program__short", "sub_program__round__name", "sub_program__round__year")
    return rows.select_related("sub_program__round").only(*FIELDS, "sub_program__round", *words)


def _holdings(rows: QuerySet[Any]) -> Iterator[Holding]:
    known = {f"{SUBJECT}{row.pk}": row for row in rows.order_by("pk")}
    balances: dict[str, Balance] = {}
    for subjects in _parts(list(known)):
        sums = LedgerEntry.objects.filter(subject__in=subjects).values_list("subject", "kind")
        for subject, kind, total in sums.annotate(total=Sum("amount_won")).order_by():
            balances[subject] = ledger.after(balances.get(subject, Balance()), kind, total)
    for subject, balance in balances.items():
        application = known[subject]
        holding = Holding(application.lead or application.company_id, application, balance)
        if holding.won:
            yield holding
