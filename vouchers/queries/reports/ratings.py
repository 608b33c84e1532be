"""Ratings of published reports, summarised for pages, API, books and open data."""

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
"""The scale shown where there is space for one figure only."""
NOT_JUDGED = "평가 없음"
"""Shown instead of an average without any rating."""


@dataclass(frozen=True)
class ScaleSummary:
    """A scale with its summary over all reports (`whole`) and by kind of member."""

    code: str
    label: str
    low: int
    high: int
    low_label: str
    high_label: str
    whole: Summary
    kinds: tuple[tuple[str, Summary], ...]


@dataclass(frozen=True)
class RatingSummary:
    """Ratings of a set of published reports."""

    scales: tuple[ScaleSummary, ...]
    counted: int
    excluded: int
    by_kind: tuple[tuple[str, int], ...]

    @property
    def reports(self) -> int:
        return self.counted + self.excluded


def counted(report: ConsumerReport) -> bool:
    """Return whether a report counts in averages: not if its author was excluded."""
    return report.assignment.monitor.state != MonitorState.EXCLUDED


def vote(report: ConsumerReport) -> Vote:
    """Return the submitted ratings of a report."""
    content = report.submitted_version().content
    given = {row["code"]: row["value"] for row in content["ratings"]}
    return Vote(content["kind"], given, counted(report))


def summary_of(reports: Sequence[ConsumerReport]) -> RatingSummary:
    """Summarise reports; labels of a scale come from the first report that has it."""
    votes = [vote(report) for report in reports]
    forms: dict[str, Mapping[str, Any]] = {}
    for report in reports:
        for row in report.submitted_version().content["ratings"]:
            forms.setdefault(row["code"], row)
    table = ratings.table(votes, scales=list(forms), kinds=KINDS)
    scales = tuple(
        ScaleSummary(
            code,
            row["label"],
            row["low"],
            row["high"],
            row["low_label"],
            row["high_label"],
            table[code][ALL],
            tuple((MemberKind(kind).label, table[code][kind]) for kind in KINDS),
        )
        for code, row in forms.items()
    )
    kinds = tuple(
        (MemberKind(kind).label, sum(row.counted and row.kind == kind for row in votes))
        for kind in KINDS
    )
    excluded = sum(not row.counted for row in votes)
    return RatingSummary(scales, len(votes) - excluded, excluded, kinds)


def overall(services: Iterable[Service]) -> dict[int, Summary]:
    """Return the summary of the overall scale by service id, in one query; unrated services are absent."""
    rows = public_reports().filter(assignment__service__in=[row.pk for row in services])
    given: dict[int, list[int | None]] = {}
    for report in rows.select_related("filed", "assignment__monitor"):
        if counted(report):
            mark = vote(report).ratings.get(OVERALL)
            given.setdefault(report.assignment.service_id, []).append(mark)
    return {pk: ratings.summarise(values) for pk, values in given.items()}


def standing(services: Iterable[int]) -> tuple[tuple[object, ...], ...]:
    """Return what the summaries of these services rest on: equal as long as they are the same."""
    rows = public_reports().filter(assignment__service__in=list(services)).order_by("pk")
    return tuple(rows.values_list("pk", "filed_id", "assignment__monitor__state"))


def comparison(services: Sequence[Service]) -> list[tuple[str, list[Summary]]]:
    """Return each scale's label with its summaries in the order of `services`."""
    rows = reports_in_full(public_reports().filter(assignment__service__in=services))
    by_service: dict[int, list[ConsumerReport]] = {service.pk: [] for service in services}
    for report in rows:
        by_service[report.assignment.service_id].append(report)
    summaries = [summary_of(by_service[service.pk]) for service in services]
    labels = {scale.code: scale.label for each in summaries for scale in each.scales}
    return [
        (
            label,
            [
                next((scale.whole for scale in each.scales if scale.code == code), Summary(0))
                for each in summaries
            ],
        )
        for code, label in labels.items()
    ]


def as_number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
