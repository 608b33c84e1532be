"""Who sees a report, a case, a picture before and after publication: page, API, open data, book."""

import csv
import io
import json

import pytest
from django.test import Client
from pypdf import PdfReader

from portal.paper import pdf
from portal.records.workflow import move
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from vouchers import pdf_contexts
from vouchers.models import ConsumerReport, Correction
from vouchers.services import books, corrections
from vouchers.services.reports import moderation
from vouchers.states import MonitorMoves
from vouchers.visibility import (
    own_reports,
    public_books,
    public_corrections,
    public_reports,
    staff_reports,
    supplier_reports,
)

pytestmark = pytest.mark.django_db
SECRET = "아무도모르는문장열두글자"


def outlets(client: Client, report: ConsumerReport) -> dict[str, bool]:
    """Tell where the report's own words can be read by anybody."""
    code = report.assignment.service.code
    pages = {
        "service": f"/vouchers/services/{code}/",
        "report": f"/vouchers/reports/{report.pk}/",
        "list": "/vouchers/reports/",
        "api": "/api/v1/vouchers/reports/",
        "csv": "/vouchers/data/reports.csv",
        "json": "/vouchers/data/reports.json",
    }
    found = {}
    for name, url in pages.items():
        answer = client.get(url)
        body = b"".join(answer) if answer.streaming else answer.content
        found[name] = SECRET in body.decode()
    return found


def secret(**words: object) -> dict[str, str]:
    return {**make.texts(), "features": f"{SECRET} {make.WORDS}"}


STAGES = {
    "draft": lambda: make.written(words=secret()),
    "submitted": lambda: make.submitted(words=secret()),
    "accepted": lambda: make.accepted(words=secret()),
}


@pytest.mark.parametrize("stage", STAGES)
def test_before_publication_no_outlet_shows_the_report(client: Client, stage: str) -> None:
    report = STAGES[stage]()
    assert not any(outlets(client, report).values())
    picture = report.evidence.get()
    assert client.get(f"/vouchers/pictures/{picture.pk}/").status_code == 404
    assert not public_reports().exists()


def test_after_publication_every_outlet_shows_the_report_and_none_the_name(client: Client) -> None:
    report = make.published(words=secret())
    assert all(outlets(client, report).values())
    name = report.assignment.monitor.user.name
    for url in (f"/vouchers/reports/{report.pk}/", "/api/v1/vouchers/reports/"):
        assert name not in client.get(url).content.decode()
    picture = report.evidence.get()
    answer = client.get(f"/vouchers/pictures/{picture.pk}/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    answer.close()


def test_a_retracted_report_is_shown_nowhere(client: Client) -> None:
    report = make.published(words=secret())
    moderation.retract(report, note="개인정보", by=panel.moderator(), now=make.LATER)
    assert not any(outlets(client, report).values())


def test_a_book_with_a_retracted_report_is_not_public() -> None:
    report = make.published()
    book = books.request(
        report.assignment.round,
        category=report.assignment.service.category,
        by=panel.operator(),
        now=make.LATER,
    )
    type(book).objects.filter(pk=book.pk).update(issued_at=make.LATER)
    assert list(public_books()) == [book]
    moderation.retract(report, note="개인정보", by=panel.moderator(), now=make.LATER)
    assert not public_books().exists()


def test_the_same_content_makes_no_second_book_and_a_book_names_nobody() -> None:
    report = make.published()
    words = {"category": report.assignment.service.category, "by": panel.operator()}
    first = books.request(report.assignment.round, **words, now=make.LATER)
    assert books.request(report.assignment.round, **words, now=make.LATER) == first
    _, _, context = pdf_contexts.book(first)
    (chapter,) = context["chapters"]
    assert chapter["summary"].counted == 1


def test_an_excluded_members_report_is_read_but_not_counted(client: Client) -> None:
    round, service = make.round(), panel.service()
    make.published(make.assigned(round, service=service), value=5)
    gone = make.published(make.assigned(round, service=service), value=1)
    move(
        gone.assignment.monitor,
        MonitorMoves.EXCLUDE,
        by=panel.agency(),
        now=NOW,
        note="이해관계",
        changes={"excluded_at": NOW, "exclusion_reason": "이해관계"},
    )
    page = client.get(f"/vouchers/services/{service.code}/").content.decode()
    assert "1건은 쓴 사람이 공급기업과의 이해관계 등으로 제외되어 평균에서 뺐습니다." in page
    rows = client.get("/api/v1/vouchers/reports/").json()["results"]
    assert {row["id"]: row["counted"] for row in rows}[gone.pk] is False


def test_members_suppliers_and_staff_see_their_own_side() -> None:
    report = make.submitted()
    own = report.assignment.monitor.user
    desk = make.desk(report.assignment.service.supplier)
    other = make.desk(panel.supplier())
    assert list(own_reports(own)) == [report]
    assert not own_reports(other).exists()
    assert not supplier_reports(desk).exists()
    assert list(staff_reports(panel.moderator())) == [report]
    assert not staff_reports(own).exists()
    moderation.accept(report, by=panel.moderator(), now=NOW, note="확인")
    assert list(supplier_reports(desk)) == [report]
    assert not supplier_reports(other).exists()


def test_strangers_find_no_page_of_others(client: Client) -> None:
    report = make.accepted()
    case = make.raised(report)
    stranger = make.desk(panel.supplier())
    client.force_login(stranger)
    for url in (
        f"/vouchers/my/reports/{report.assignment_id}/",
        f"/vouchers/my/reports/{report.assignment_id}/review/",
        f"/vouchers/supplier/reports/{report.pk}/",
        f"/vouchers/supplier/corrections/{case.pk}/",
    ):
        assert client.get(url).status_code == 404, url
    assert client.get("/vouchers/supplier/").status_code == 200
    client.force_login(report.assignment.monitor.user)
    assert client.get("/vouchers/supplier/").status_code == 404


def told(client: Client, case: Correction) -> list[bool]:
    page = client.get(f"/vouchers/corrections/{case.pk}/").status_code == 200
    api = bool(client.get("/api/v1/vouchers/corrections/").json()["results"])
    body = b"".join(client.get("/vouchers/data/corrections.csv")).decode()
    return [page, api, str(case.service.code) in body]


def test_the_public_reads_a_case_only_after_verification(client: Client) -> None:
    case = make.raised()
    assert told(client, case) == [False, False, False]
    corrections.verify(case, finding="확인함", by=panel.agency(), now=NOW)
    assert told(client, case) == [True, True, True]
    assert public_corrections().count() == 1


def test_averages_of_few_reports_are_the_same_everywhere(client: Client) -> None:
    """Reports are public one by one, so no average that follows from them is hidden anywhere."""
    round, service = make.round(), panel.service()
    for kind, value in (("sme", 2), ("sme", 5), ("expert", 3)):
        make.published(make.assigned(round, service=service, kind=kind), value=value)
    rows = json.loads(client.get("/vouchers/data/ratings.json").content)["rows"]
    shown = {row["kind"]: row for row in rows if row["scale"] == "기능"}
    assert {kind: (row["count"], row["mean"]) for kind, row in shown.items()} == {
        "전체": (3, 3.3),
        "중소기업 임직원": (2, 3.5),
        "분야 전문가": (1, 3.0),
    }
    assert (shown["전체"]["lowest"], shown["전체"]["highest"]) == (2, 5)
    lines = b"".join(client.get("/vouchers/data/ratings.csv")).decode("utf-8-sig").splitlines()
    table = list(csv.DictReader(lines))
    assert [(row["kind"], row["mean"]) for row in table if row["scale"] == "기능"] == [
        ("전체", "3.3"),
        ("중소기업 임직원", "3.5"),
        ("분야 전문가", "3.0"),
    ]
    page = client.get(f"/vouchers/services/{service.code}/").content.decode()
    for cell in ('3.3</strong> <span class="muted">(2–5, 3건)', "3.0</strong>", "3.5</strong>"):
        assert cell in page
    told = client.get(f"/api/v1/vouchers/reports/?service={service.code}").json()["results"]
    values = [
        mark["value"] for row in told for mark in row["ratings"] if mark["code"] == "features"
    ]
    assert sorted(values) == [2, 3, 5]
    assert "건수가 적은 평균도 가리지 않고" in client.get("/vouchers/data/").content.decode()


def test_a_scale_without_ratings_shows_no_average(client: Client) -> None:
    report = make.published(value=4, price="skip")
    service = report.assignment.service
    page = client.get(f"/vouchers/services/{service.code}/").content.decode()
    assert "평가 없음" in page
    assert "미정" not in page
    book = books.request(
        report.assignment.round, category=service.category, by=panel.operator(), now=make.LATER
    )
    _, _, context = pdf_contexts.book(book)
    assert [row[1] for row in context["chart"].rows] == ["4.0점"]
    rows = json.loads(client.get("/vouchers/data/ratings.json").content)["rows"]
    assert "가격 적정성" not in {row["scale"] for row in rows}


@pytest.mark.pdf
def test_no_heading_of_a_report_is_the_last_line_of_a_page() -> None:
    """Reports of many lengths, so that page ends fall behind headings unless the style forbids it."""
    round, service = make.round(), panel.service()
    for place in range(12):
        words = {code: text[: 90 + 23 * place] for code, text in make.texts().items()}
        report = make.accepted(make.assigned(round, service=service), words=words)
        moderation.comment(report, text="고맙습니다.", by=panel.moderator(), now=NOW)
        moderation.publish(report, by=panel.moderator(), now=make.LATER)
    book = books.request(round, category=service.category, by=panel.operator(), now=make.LATER)
    template, title, context = pdf_contexts.book(book)
    labels = {part["label"] for part in round.plan.form["sections"]} | {"공급기업 의견"}
    reader = PdfReader(io.BytesIO(pdf.render(template, context, title=title).data))
    assert len(reader.pages) > 4
    for page in reader.pages:
        lines = [line.strip() for line in page.extract_text().splitlines() if line.strip()]
        body = [line for line in lines if not line.endswith("쪽") and "국민 모니터링단" not in line]
        assert body[-1] not in labels, body[-3:]
        assert not body[-1].endswith("의 보고서"), body[-3:]
