"""Round reports: requested once, made by a job, complete or not at all."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from itertools import islice
from typing import Any

from django.db import transaction

from applications import pdf_contexts
from applications.models import RoundReport
from applications.queries.statistics import charts, round_report
from applications.queries.statistics.figures import Table
from portal.access.roles import AUDITOR, roles_of
from portal.core.errors import MoveNotAllowed, PortalError
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import User
from portal.paper import hwpx, pdf, tables
from portal.uploads import files
from programs.models import ProgramRound
from programs.roles import MANAGER

JOB = "applications.round_report"
PRINTED = 1_000  # rows of the list in PDF and HWPX; the tables hold all of them
STEP = 500
MAKERS = {MANAGER, AUDITOR}
TYPES = {
    RoundReport.Form.PDF: "application/pdf",
    RoundReport.Form.HWPX: hwpx.CONTENT_TYPE,
    RoundReport.Form.XLSX: tables.XLSX,
    RoundReport.Form.CSV: "text/csv; charset=utf-8",
}

Line = tuple[Any, ...]


def request(round: ProgramRound, *, form: str, by: User, now: datetime) -> RoundReport:
    """Request a report. Raises MoveNotAllowed without the right to it."""
    if not roles_of(by) & MAKERS:
        raise MoveNotAllowed("회차 보고서를 만들 권한이 없습니다.")
    with transaction.atomic():
        made = RoundReport.objects.create(round=round, form=form, requested_by=by, requested_at=now)
        made.job = queue.enqueue(JOB, key=f"round-report:{made.pk}", by=by, report=made.pk)
        made.save(update_fields=["job"])
    return made


def build(report: RoundReport, *, now: datetime, progress: Progress = no_progress) -> RoundReport:
    """Make the file of a report; does nothing when it is made.

    The rows counted at the start are compared with those written. Raises PortalError
    (`rows_changed`) when they differ, JobCancelled from `progress`.
    """
    if report.made_at is not None:
        return report
    announced = round_report.selected(report.round).count()
    if report.form in {RoundReport.Form.PDF, RoundReport.Form.HWPX}:
        announced = min(announced, PRINTED)
    progress(0, announced, "자료를 모으는 중")
    counted = _Counted(round_report.selected_rows(report.round), announced, progress)
    data = _MAKERS[RoundReport.Form(report.form)](report, counted, now)
    if counted.count != announced:
        raise PortalError(
            f"{announced:,}줄을 예고했으나 {counted.count:,}줄입니다. 다시 만듭니다.",
            code="rows_changed",
        )
    progress(announced, announced, "파일을 두는 중")
    name = files.store_bytes(data)
    written = RoundReport.objects.filter(pk=report.pk, made_at=None).update(
        announced=announced,
        rows=counted.count,
        file=name,
        sha256=hashlib.sha256(data).hexdigest(),
        made_at=now,
    )
    if not written:
        files.discard(name)
    report.refresh_from_db()
    return report


class _Counted:
    """The selected rows as they are read: counts them and reports the progress."""

    def __init__(self, rows: Iterator[Line], total: int, progress: Progress) -> None:
        self.rows, self.total, self.progress, self.count = rows, total, progress, 0

    def __iter__(self) -> Iterator[Line]:
        for row in self.rows:
            self.count += 1
            if self.count % STEP == 0:
                self.progress(self.count, max(self.total, self.count), "목록을 쓰는 중")
            yield row

    def first(self, most: int) -> list[Line]:
        return list(islice(self, most))


def _pdf(report: RoundReport, rows: _Counted, now: datetime) -> bytes:
    context = pdf_contexts.round_report(report.round, rows.first(PRINTED), PRINTED, now)
    return pdf.render(
        "pdf/applications/round_report.html", context, title=f"{report.round} 결과 보고서"
    ).data


def _hwpx(report: RoundReport, rows: _Counted, now: datetime) -> bytes:
    return hwpx.write(
        pdf_contexts.round_report_parts(report.round, rows.first(PRINTED), PRINTED, now),
        title=f"{report.round} 결과 보고서",
        now=now,
    )


def _xlsx(report: RoundReport, rows: _Counted, now: datetime) -> bytes:
    figures = round_report.summary(report.round)
    sheets: list[tuple[str, Any, Iterable[Any]]] = [("선정 목록", round_report.LIST, rows)]
    lines = round_report.line_values(report.round)
    sheets.append(("선정선", round_report.LINE_VALUES, lines))
    sheets += [(row.table.title, *_sheet(row.table)) for row in figures.drawn]
    if figures.goals:
        goals = ((row.label, row.value, row.unit, row.as_of) for row in figures.goals)
        sheets.append(("전국 보급 목표", ("항목", "값", "단위", "기준일"), goals))
    return tables.xlsx(sheets)


def _sheet(table: Table) -> tuple[list[str], list[list[object]]]:
    """Return header and rows of a table of figures, with numbers and dates as such."""
    unit = f"({table.unit})" if table.unit else ""
    unknown = charts.hidden() if table.counts_firms else None
    rows: list[list[object]] = []
    for label, values in table.rows:
        first = date.fromisoformat(label) if table.code == "days" else label
        rows.append([first, *(unknown if value is None else value for value in values)])
    return ["구분", *(f"{name}{unit}" for name in table.columns)], rows


def _csv(report: RoundReport, rows: _Counted, now: datetime) -> bytes:
    out = io.StringIO(newline="")
    out.writelines(tables.csv_lines(round_report.LIST, rows))
    return out.getvalue().encode()


_MAKERS = {
    RoundReport.Form.PDF: _pdf,
    RoundReport.Form.HWPX: _hwpx,
    RoundReport.Form.XLSX: _xlsx,
    RoundReport.Form.CSV: _csv,
}
