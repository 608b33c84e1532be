"""Progress and results of acts on many applications, and what can be said before one begins."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from applications.models import Application, FormVersion, SetAct, SetResult, Submission
from applications.rules.screening import document_labels
from applications.states import SetOutcome
from portal.models import User

MOST_REASONS = 10
LINES = 2_000
HEADER = ["접수번호", "기업명", "내역사업", "결과", "건너뛴 까닭", "처리 시각", "되돌림"]


@dataclass(frozen=True)
class Estimate:
    """How many applications a list holds, and how many of them are in a state that fits the act."""

    count: int
    fitting: int

    @property
    def others(self) -> int:
        return self.count - self.fitting


@dataclass(frozen=True)
class Sum:
    """Instalments of one name that one person requested, None where they are still to be requested."""

    label: str
    requester: User | None
    count: int
    won: int


@dataclass(frozen=True)
class Money:
    """What an act would pay or request; `own` counts what the reader requested, which stays out of it."""

    sums: Sequence[Sum]
    own: int

    @property
    def count(self) -> int:
        return sum(row.count for row in self.sums)

    @property
    def won(self) -> int:
        return sum(row.won for row in self.sums)


@dataclass(frozen=True)
class Reason:
    """Why some applications were skipped."""

    message: str
    count: int


def estimate(
    applications: QuerySet[Application], states: Sequence[str], *, of_agreements: bool
) -> Estimate:
    """Count exactly what a list holds; what the rules will say of each is known only afterwards."""
    column = "agreement__state__in" if of_agreements else "state__in"
    rows = applications.order_by()
    return Estimate(rows.count(), rows.filter(**{column: states}).count())


def money(facts: Iterable[Mapping[str, Any]], *, reader: User) -> Money:
    """Add up the instalments that a set act keeps, by their name and who requested them."""
    amounts: dict[tuple[str, int | None], list[int]] = defaultdict(list)
    for row in facts:
        amounts[row["label"], row["by"]].append(row["won"])
    people = User.objects.in_bulk([by for _, by in amounts if by is not None])
    rows = [
        Sum(label, people.get(by or 0), len(parts), sum(parts))
        for (label, by), parts in amounts.items()
    ]
    rows.sort(key=lambda row: (row.label, row.requester.pk if row.requester else 0))
    return Money(
        [row for row in rows if row.requester != reader],
        sum(row.count for row in rows if row.requester == reader),
    )


def common_documents(applications: QuerySet[Application]) -> dict[str, str]:
    """Return code and label of the documents that the forms of all these applications ask for."""
    filed = Submission.objects.filter(application__in=applications.order_by().values("pk"))
    forms = FormVersion.objects.filter(pk__in=filed.order_by().values("form"))
    labels = [document_labels(content) for content in forms.values_list("content", flat=True)]
    if not labels:
        return {}
    shared = set.intersection(*(set(row) for row in labels))
    return {code: label for code, label in labels[0].items() if code in shared}


def reasons(act: SetAct) -> list[Reason]:
    """Return why applications were skipped, the commonest first."""
    rows = act.results.filter(outcome=SetOutcome.SKIPPED).order_by()
    counted = rows.values_list("message").annotate(count=Count("pk")).order_by("-count", "message")
    return [Reason(message, count) for message, count in counted[:MOST_REASONS]]


def results(act: SetAct, outcome: str = "") -> Any:
    """Return the results of an act in the order of its applications."""
    rows = act.results.select_related("application__company", "application__sub_program")
    found = rows.filter(outcome=outcome) if outcome in SetOutcome.values else rows
    return _with_undone(found).order_by("pk")


def lines(act: SetAct, outcome: str = "") -> Iterator[tuple[object, ...]]:
    """Yield the lines of the result file under HEADER, every row."""
    rows = results(act, outcome).values_list(
        "application__number",
        "application__company__name",
        "application__sub_program__short",
        "outcome",
        "message",
        "at",
        "undone",
    )
    labels = dict(SetOutcome.choices)
    for number, company, program, found, message, at, undone in rows.iterator(chunk_size=LINES):
        yield number, company, program, labels[found], message, at, "되돌림" if undone else ""


def _with_undone(rows: QuerySet[SetResult]) -> Any:
    back = SetResult.objects.filter(
        set_act__undoes=OuterRef("set_act"),
        application=OuterRef("application"),
        outcome=SetOutcome.DONE,
    )
    return rows.annotate(undone=Exists(back))
