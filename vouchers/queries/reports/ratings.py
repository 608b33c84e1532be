"""Ratings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from vouchers.models import ConsumerReport, Service
from vouchers.queries.reports.publication import reports_in_full
from vouchers.rules.reports import ratings
from vouchers.rules.reports.ratings import ALL, Summary, Vote
from vouchers.states import MemberKind, MonitorState
from vouchers.visibility import public_reports

KINDS = tuple(MemberKind.values)


OVERALL = "satisfaction"
"""The scale that stands for a report where there is room for one figure only."""


NOT_JUDGED = "평가 없음"
"""What stands for an average where nobody could judge."""


@dataclass(frozen=True)
class Scale:
    """One scale with its summary for everybody and for each kind."""

    code: str
    label: str
    low: int
    high: int
    low_label: str
    high_label: str
    whole: Summary
    kinds: tuple[tuple[str, Summary], ...]


@dataclass(frozen=True)
class Standing:
    """What the published reports of a service come to."""

    scales: tuple[Scale, ...]
    counted: int
    excluded: int
    by_kind: tuple[tuple[str, int], ...]

    @property
    def reports(self) -> int:
        """All published reports, counted or not."""
        return self.counted + self.excluded


def counted(report: ConsumerReport) -> bool:
    """Tell whether a report counts in averages: not when its author was excluded."""
    return report.assignment.monitor.state != MonitorState.EXCLUDED


def vote(report: ConsumerReport) -> Vote:
    """The ratings of a report as they were submitted."""
    content = report.filed.content
    given = {row["code"]: row["value"] for row in content["ratings"]}
    return Vote(content["kind"], given, counted(report))


def standing(reports: Sequence[ConsumerReport]) -> Standing:
    """Sum up reports; the words of a scale are those of the newest report."""
    votes = [vote(report) for report in reports]
    asked: dict[str, Mapping[str, Any]] = {}
    for report in reports:
        for row in report.filed.content["ratings"]:
            asked.setdefault(row["code"], row)
    table = ratings.table(votes, scales=list(asked), kinds=KINDS)
    scales = tuple(
        Scale(
            code,
            row["label"],
            row["low"],
            row["high"],
            row["low_label"],
            row["high_label"],
            table[code][ALL],
            tuple((MemberKind(kind).label, table[code][kind]) for kind in KINDS),
        )
        for code, row in asked.items()
    )
    kinds = tuple(
        (MemberKind(kind).label, sum(one.counted and one.kind == kind for one in votes))
        for kind in KINDS
    )
    left_out = sum(not one.counted for one in votes)
    return Standing(scales, len(votes) - left_out, left_out, kinds)


def overall(services: Iterable[Service]) -> dict[int, Summary]:
    """The overall rating of many services, in one query; a service without any is left out."""
    rows = public_reports().filter(assignment__service__in=[row.pk for row in services])
    given: dict[int, list[int | None]] = {}
    for report in rows.select_related("filed", "assignment__monitor"):
        if counted(report):
            mark = vote(report).ratings.get(OVERALL)
            given.setdefault(report.assignment.service_id, []).append(mark)
    return {pk: ratings.summarise(values) for pk, values in given.items()}


def compared(services: Sequence[Service]) -> list[tuple[str, list[Summary]]]:
    """Every scale with its summary for each service, for a comparison side by side."""
    rows = reports_in_full(public_reports().filter(assignment__service__in=services))
    by_service: dict[int, list[ConsumerReport]] = {service.pk: [] for service in services}
    for report in rows:
        by_service[report.assignment.service_id].append(report)
    standings = [standing(by_service[service.pk]) for service in services]
    labels = {scale.code: scale.label for each in standings for scale in each.scales}
    return [
        (
            label,
            [
                next((scale.whole for scale in each.scales if scale.code == code), Summary(0))
                for each in standings
            ],
        )
        for code, label in labels.items()
    ]


def as_number(value: Decimal | None) -> float | None:
    """A decimal as JSON writes numbers."""
    return None if value is None else float(value)
