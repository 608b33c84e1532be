"""Aid that companies hold, from the ledger alone, compared with the limits."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet, Sum

from applications.models import Agreement, AidException, Application
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
    """Money of one application: reserved, committed and paid, less what was given back."""

    firm: int
    application: Application
    balance: Balance

    @property
    def won(self) -> int:
        return self.balance.reserved + self.balance.committed + self.balance.paid

    @property
    def aid(self) -> limits.Aid:
        return limits.Aid(self.application.pk, self.application.sub_program.code, self.won)


def of_firms(
    firms: Iterable[int], *, year: int | None = None, with_labels: bool = False
) -> dict[int, list[Holding]]:
    """Return what these companies hold (in one year, or ever), by company.

    Companies without holdings are absent. After a change of lead the money counts for the new one.
    `with_labels` also loads what a page shows of each row.
    """
    requested = set(firms)
    holdings: dict[int, list[Holding]] = defaultdict(list)
    for part in _parts(sorted(requested)):
        mine = Application.objects.filter(pk__in=_touched_by(part), number__isnull=False)
        rows = _of(mine, year)
        rows = _with_labels(rows) if with_labels else rows
        for holding in _holdings(rows):
            if holding.firm in part:
                holdings[holding.firm].append(holding)
    return dict(holdings)


def of_application(application: Application) -> list[Holding]:
    """Return what the application's company holds, of every year."""
    agreement = getattr(application, "agreement", None)
    firm = agreement.company_id if agreement else application.company_id
    return of_firms([firm], with_labels=True).get(firm, [])


def company_summary(firm: int) -> dict[str, Any]:
    """Return what a company may read of its own aid, and the limits of this year.

    Only results that were announced to it count.
    """
    held = of_firms([firm]).get(firm, [])
    known = [row for row in held if row.application.state in ANNOUNCED]
    round = public_rounds().order_by("-year", "-sequence").first()
    return {
        "aid": known,
        "aid_won": sum(row.won for row in known),
        "aid_limits": round.limits_parsed() if round else (),
    }


def firm_of(application: Application) -> int:
    """Return whose money it is: the agreement's company, before that the applicant."""
    return owners([application.pk])[application.pk]


def owners(applications: Iterable[int]) -> dict[int, int]:
    """Return the company whose money each application holds or would hold."""
    firms: dict[int, int] = {}
    for part in _parts(list(applications)):
        rows = Application.objects.filter(pk__in=part)
        for pk, lead, applicant in rows.values_list("pk", "agreement__company", "company"):
            firms[pk] = lead or applicant
    return firms


def book(year: int, limits_of_round: Sequence[limits.Limit], applications: Any) -> limits.Holdings:
    """Return everything held in a year by company, with the exceptions of these applications."""
    made = limits.Holdings(limits_of_round, excepted=exceptions(applications))
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
    """Return the limits that managers have lifted, by application (ids or a query of them)."""
    codes_of: dict[int, set[str]] = defaultdict(set)
    rows = AidException.objects.filter(application__in=applications)
    for application, code in rows.values_list("application", "limit"):
        codes_of[application].add(code)
    return {application: frozenset(codes) for application, codes in codes_of.items()}


@dataclass(frozen=True)
class AidStatus:
    """Aid of a company for a page: its holdings, the use of each limit, limits exceeded."""

    held: list[Holding]
    used: list[tuple[limits.Limit, str]]
    over: list[Finding]

    @property
    def won(self) -> int:
        return sum(row.won for row in self.held)


def status(application: Application) -> AidStatus:
    """Return the aid of the application's company, and what this application would exceed."""
    held = of_application(application)
    program = application.sub_program
    mine = [row.aid for row in held if row.application.sub_program.round.year == program.round.year]
    rows = program.round.limits_parsed()
    used = [(row, limits.amount(row, limits.counted(row, mine, program.code))) for row in rows]
    return AidStatus(held, used, _exceeded(application, mine))


def exceeded(
    application: Application, *, amount_won: int | None = None, firm: int | None = None
) -> list[Finding]:
    """Return the limits that this application would exceed with `amount_won`.

    None means the requested amount; `firm` checks another company than the present owner.
    """
    who = firm or firm_of(application)
    held = of_firms([who], year=application.sub_program.round.year).get(who, [])
    return _exceeded(application, [row.aid for row in held], amount_won)


def _exceeded(
    application: Application, held: Sequence[limits.Aid], amount_won: int | None = None
) -> list[Finding]:
    program = application.sub_program
    requested = application.submission.support_won or 0 if amount_won is None else amount_won
    return limits.exceeded(
        program.round.limits_parsed(),
        held,
        limits.Aid(application.pk, program.code, requested),
        excepted=frozenset(row.limit for row in application.aid_exceptions.all()),
    )


def _parts(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def _touched_by(firms: Sequence[int]) -> QuerySet[Any, Any]:
    """Return the applications that these companies filed or lead, by the index of each.

    One condition with OR over both tables would read every application.
    """
    filed = Application.objects.filter(company__in=firms).values("pk")
    return filed.union(Agreement.objects.filter(company__in=firms).values("application"))


def _of(rows: QuerySet[Application], year: int | None) -> QuerySet[Any]:
    # Thousands of rows: load no texts of the sub-programme, and only the company of an agreement.
    rows = rows.select_related("sub_program").annotate(lead=F("agreement__company")).only(*FIELDS)
    return rows if year is None else rows.filter(sub_program__round__year=year)


def _with_labels(rows: QuerySet[Any]) -> QuerySet[Any]:
    labels = ("sub_program__short", "sub_program__round__name", "sub_program__round__year")
    return rows.select_related("sub_program__round").only(*FIELDS, "sub_program__round", *labels)


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
