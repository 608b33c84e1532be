"""Round reports: released results alone, as many rows as announced, stopped on request."""

import csv
import io
from dataclasses import replace
from datetime import date, datetime

import openpyxl
import pytest
from auditlog.models import LogEntry
from django.template.loader import get_template
from django.test import Client

from applications import pdf_contexts
from applications.models import Decision, IssuedDocument, RoundReport
from applications.queries.statistics import charts, figures, round_report
from applications.queries.statistics.figures import Table
from applications.services import documents as documents_services
from applications.services import statistics
from applications.services.selection import proposals
from portal.core.errors import JobCancelled, MoveNotAllowed, PortalError
from portal.jobs import queue
from portal.models import JobState, User
from portal.paper import hwpx
from portal.uploads import files
from programs.models import NationalGoal, ProgramRound, SubProgram
from tests.factories import staff
from tests.factories.applications import NOW, ApplicationFactory, SubmissionFactory

pytestmark = pytest.mark.django_db
Form = RoundReport.Form


@pytest.fixture
def boss() -> User:
    return staff.manager()


@pytest.fixture
def round(boss: User) -> ProgramRound:
    """One selection that is released, with three selected, and one that is not."""
    for name, announced in (("발표한 사업", True), ("=발표 전 사업", False)):
        program, judges = staff.program(name=name), staff.assessors(3)
        for place in range(4):
            staff.judged(program, (30 - place, 40, 30), judges=judges)
        chosen = staff.decided(staff.proposed(program, boss, places=3), by=boss)
        if announced:
            proposals.release(chosen, by=boss, now=NOW)
    return program.round


@pytest.fixture
def goal() -> NationalGoal:
    return NationalGoal.objects.create(
        code="target", label="2022년까지 보급 목표", value=30_000, unit="개", kind="target",
        origin="source S4", as_of=date(2022, 12, 31),
    )  # fmt: skip


def made(round: ProgramRound, form: str, by: User) -> RoundReport:
    return statistics.build(statistics.request(round, form=form, by=by, now=NOW), now=NOW)


def content(report: RoundReport) -> bytes:
    with files.open_kept(report.file) as file:
        return file.read()


def test_the_csv_holds_the_rows_it_announced_and_their_count(
    round: ProgramRound, boss: User
) -> None:
    report = made(round, Form.CSV, boss)
    rows = list(csv.reader(io.StringIO(content(report).decode().lstrip("\ufeff"))))
    assert (report.announced, report.rows) == (3, 3)
    assert rows[-1] == ["합계", "3건"]
    assert {row[0] for row in rows[1:-1]} == {"발표한 사업"}
    assert [row[1] for row in rows[1:-1]] == ["1", "2", "3"]


def test_the_workbook_holds_list_lines_and_figures_and_no_formula(
    round: ProgramRound, boss: User
) -> None:
    report = made(round, Form.XLSX, boss)
    book = openpyxl.load_workbook(io.BytesIO(content(report)))
    assert book.sheetnames[:2] == ["선정 목록", "선정선"]
    assert "지역별 신청과 선정" in book.sheetnames
    assert book["선정 목록"].max_row == report.rows + 1
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == "=발표 전 사업" for cell in cells)
    assert {cell.data_type for cell in cells if cell.value is not None} <= {"s", "n", "d"}
    lines = list(book["선정선"].iter_rows(values_only=True))
    assert lines[0] == round_report.LINE_VALUES
    assert isinstance(lines[1][1], int)
    assert isinstance(lines[1][4], int | float)
    assert isinstance(lines[1][6], datetime)
    assert all(sheet.freeze_panes == "A2" for sheet in book)
    days = list(book["날짜별 신청"].iter_rows(values_only=True))
    assert days[0] == ("구분", "신청(건)")
    assert isinstance(days[1][0], datetime)
    assert days[1][1] == 8
    assert any(cell.value == "비공개(5건 미만)" for cell in cells)


def test_the_word_processor_reads_the_report(round: ProgramRound, boss: User) -> None:
    text = hwpx.read(content(made(round, Form.HWPX, boss)))
    for expected in ("결과 보고서", "선정선", "선정 목록", "발표한 사업", "3건", "50,000,000원"):
        assert expected in text


def test_every_form_with_figures_and_the_dashboard_tell_the_national_goals(
    client: Client, round: ProgramRound, boss: User, goal: NationalGoal
) -> None:
    book = openpyxl.load_workbook(io.BytesIO(content(made(round, Form.XLSX, boss))))
    row = [cell.value for cell in list(book["전국 보급 목표"].iter_rows())[1]]
    assert row == ["2022년까지 보급 목표", 30_000, "개", datetime(2022, 12, 31)]  # noqa: DTZ001 - as a spreadsheet has it
    assert "30,000개" in hwpx.read(content(made(round, Form.HWPX, boss)))
    context = pdf_contexts.round_report(round, [], 10, NOW)
    assert "30,000개" in get_template("pdf/applications/round_report.html").render(context)
    staff.enter(client, boss)
    assert "30,000개" in client.get("/admin/applications/roundreport/figures/").content.decode()


def test_days_whose_numbers_are_all_left_out_are_not_drawn_and_dates_are_korean() -> None:
    hidden = Table("days", "날짜별 신청", ("신청",), (("2021-02-10", (None,)),), "건", True)
    (row,) = charts.drawn([hidden])
    assert row.chart is None
    assert "그림은 그리지 않았습니다" in row.note
    assert row.rows == (("2021. 2. 10.", (("신청", "비공개(5건 미만)"),)),)
    shown = replace(hidden, rows=(("2021-02-10", (7,)),))
    assert charts.drawn([shown])[0].chart is not None


@pytest.mark.pdf
def test_the_report_is_printed_with_its_charts(round: ProgramRound, boss: User) -> None:
    report = made(round, Form.PDF, boss)
    assert content(report).startswith(b"%PDF-")
    assert report.rows == 3


def test_a_list_that_changes_while_it_is_written_is_refused(
    round: ProgramRound, boss: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = statistics.request(round, form=Form.CSV, by=boss, now=NOW)
    rows = statistics.round_report.selected_rows
    monkeypatch.setattr(
        statistics.round_report, "selected_rows", lambda round: list(rows(round))[:-1]
    )
    with pytest.raises(PortalError, match="3줄을 예고했으나 2줄"):
        statistics.build(report, now=NOW)
    report.refresh_from_db()
    assert report.made_at is None
    assert report.file == ""


def test_a_report_can_be_stopped_and_leaves_nothing(round: ProgramRound, boss: User) -> None:
    report = statistics.request(round, form=Form.CSV, by=boss, now=NOW)
    queue.cancel(report.job, now=NOW)
    assert report.job.pk not in queue.due(NOW)

    def stop(done: int, total: int, stage: str) -> None:
        raise JobCancelled()

    with pytest.raises(JobCancelled):
        statistics.build(report, now=NOW, progress=stop)
    report.refresh_from_db()
    assert report.made_at is None


def test_a_second_run_changes_nothing(round: ProgramRound, boss: User) -> None:
    report = made(round, Form.CSV, boss)
    before = (report.file, report.sha256, report.made_at)
    again = statistics.build(report, now=NOW)
    assert (again.file, again.sha256, again.made_at) == before


def test_the_job_makes_it(round: ProgramRound, boss: User) -> None:
    report = statistics.request(round, form=Form.CSV, by=boss, now=NOW)
    assert queue.run(report.job.pk) == JobState.DONE
    report.refresh_from_db()
    assert report.rows == 3


@pytest.mark.parametrize("role", ["officer", "assessor", "operator"])
def test_others_may_not_ask_for_one(round: ProgramRound, role: str) -> None:
    with pytest.raises(MoveNotAllowed):
        statistics.request(round, form=Form.CSV, by=staff.staff(role), now=NOW)


def test_who_took_a_report_away_is_kept(client: Client, round: ProgramRound, boss: User) -> None:
    report = made(round, Form.CSV, boss)
    staff.enter(client, boss)
    page = client.get(f"/admin/applications/roundreport/{report.pk}/change/").content.decode()
    assert "3줄을 예고했고 3줄을 담았습니다" in page
    answer = client.get(f"/admin/applications/roundreport/{report.pk}/file/")
    assert b"".join(answer.streaming_content) == content(report)
    kept = LogEntry.objects.get(action=LogEntry.Action.ACCESS)
    assert (kept.actor, "3줄" in kept.object_repr) == (boss, True)


def test_the_desk_starts_and_shows_a_report(
    client: Client, round: ProgramRound, boss: User
) -> None:
    staff.enter(client, boss)
    assert "현황판" in client.get("/admin/applications/roundreport/").content.decode()
    answer = client.post(
        "/admin/applications/roundreport/start/", {"round": round.pk, "form": "csv"}, follow=True
    )
    assert "작업 취소" in answer.content.decode()
    assert RoundReport.objects.count() == 1


def test_the_dashboard_is_for_staff_and_counts_what_is_approved(
    client: Client, round: ProgramRound
) -> None:
    path = "/admin/applications/roundreport/figures/"
    for who, status in ((staff.auditor(), 200), (staff.operator(), 404)):
        staff.enter(client, who)
        assert client.get(path).status_code == status
    staff.enter(client, staff.manager())
    page = client.get(path).content.decode()
    assert "발표 전 사업" in page
    assert "<svg" in page


def test_an_officer_reads_of_the_others_before_their_release_what_the_public_reads(
    client: Client, round: ProgramRound
) -> None:
    path = "/admin/applications/roundreport/figures/"
    own = SubProgram.objects.filter(round=round).first()
    staff.enter(client, staff.officer(own))
    page = client.get(path)
    assert "작은 수도 그대로" not in page.content.decode()
    shown = [part.rows for part in page.context["drawn"]]
    assert shown == [part.rows for part in charts.drawn(figures.figures(round, public=True))]
    assert shown != [part.rows for part in charts.drawn(figures.figures(round, public=False))]


# --- Notices and sheets -----------------------------------------------------------------------------


@pytest.fixture
def decision(round: ProgramRound) -> Decision:
    return Decision.objects.filter(selection__state="released").order_by("rank")[0]


def test_a_notice_exists_only_after_the_release(round: ProgramRound, decision: Decision) -> None:
    unreleased = Decision.objects.filter(selection__state="decided").first()
    with pytest.raises(MoveNotAllowed, match="발표되지 않았습니다"):
        documents_services.request_notice(unreleased.application, now=NOW)
    made = documents_services.request_notice(decision.application, now=NOW)
    assert (made.kind, made.version) == (IssuedDocument.Kind.NOTICE, 1)
    assert documents_services.request_notice(decision.application, now=NOW) == made


def test_a_notice_opens_in_the_word_processor(client: Client, boss: User) -> None:
    program, judges = staff.program(), staff.assessors(3)
    application = ApplicationFactory(sub_program=program, assessing=True, frozen=None)
    SubmissionFactory(
        application=application,
        content={
            "company": {"name": "한빛정밀"},
            "program": {"name": program.name},
            "track": {"name": "기본"},
        },
    )
    for judge in judges:
        staff.locked_sheet(application, judge, (30, 40, 30))
    chosen = staff.decided(staff.proposed(program, boss), by=boss)
    proposals.release(chosen, by=boss, now=NOW)
    path = f"/applications/{application.pk}/documents/notice/"
    client.force_login(application.created_by)
    assert client.post(path).status_code == 302
    answer = client.get(path, {"form": "hwpx"})
    text = hwpx.read(answer.content)
    for expected in (
        "선정결과 통지서",
        "한빛정밀",
        application.number,
        "50,000,000원",
        "선정되었음",
    ):
        assert expected in text
    client.force_login(staff.assessors(1)[0])
    assert client.get(path, {"form": "hwpx"}).status_code == 404


def test_sheets_are_for_staff_alone(client: Client, decision: Decision) -> None:
    application = decision.application
    made = documents_services.request_sheets(application, now=NOW)
    assert made.version == 3
    path = f"/applications/{application.pk}/documents/sheets/"
    client.force_login(application.created_by)
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    staff.enter(client, staff.officer(application.sub_program))
    assert client.get(path).status_code == 200
