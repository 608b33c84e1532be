"""Who sees a report, a case, a picture before and after: in page, API, open data, feed of the book."""

import csv
import json

import pytest
from django.test import Client

from portal.workflow import move
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from vouchers import documents
from vouchers.models import ConsumerReport, Correction
from vouchers.services import corrections, moderation, publishing
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
def test_before_publication_no_outlet_tells_a_word(client: Client, stage: str) -> None:
    report = STAGES[stage]()
    assert not any(outlets(client, report).values())
    picture = report.evidence.get()
    assert client.get(f"/vouchers/pictures/{picture.pk}/").status_code == 404
    assert not public_reports().exists()


def test_after_publication_every_outlet_tells_it_and_none_the_name(client: Client) -> None:
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


def test_what_is_taken_back_is_told_nowhere(client: Client) -> None:
    report = make.published(words=secret())
    moderation.retract(report, note="개인정보", by=panel.moderator(), now=make.LATER)
    assert not any(outlets(client, report).values())


def test_a_book_with_a_report_taken_back_is_closed_to_the_public() -> None:
    report = make.published()
    book = publishing.request_book(
        report.assignment.round,
        category=report.assignment.service.category,
        by=panel.operator(),
        now=make.LATER,
    )
    type(book).objects.filter(pk=book.pk).update(issued_at=make.LATER)
    assert list(public_books()) == [book]
    moderation.retract(report, note="개인정보", by=panel.moderator(), now=make.LATER)
    assert not public_books().exists()


def test_the_same_content_is_not_printed_twice_and_a_book_names_nobody() -> None:
    report = make.published()
    words = {"category": report.assignment.service.category, "by": panel.operator()}
    first = publishing.request_book(report.assignment.round, **words, now=make.LATER)
    assert publishing.request_book(report.assignment.round, **words, now=make.LATER) == first
    _, _, context = documents.book(first)
    (chapter,) = context["chapters"]
    assert chapter["standing"].counted == 1


def test_an_excluded_members_report_is_read_but_not_counted(client: Client) -> None:
    round, service = make.round(), panel.service()
    make.published(make.assigned(round, service=service), value=5)
    gone = make.published(make.assigned(round, service=service), value=1)
    move(
        gone.assignment.monitor,
        "exclude",
        by=panel.agency(),
        now=NOW,
        note="이해관계",
        excluded_at=NOW,
        exclusion_reason="이해관계",
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


def test_strangers_find_no_desk_of_others(client: Client) -> None:
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


def test_a_case_is_told_from_what_the_agency_has_found(client: Client) -> None:
    case = make.raised()
    assert told(client, case) == [False, False, False]
    corrections.verify(case, finding="확인함", by=panel.agency(), now=NOW)
    assert told(client, case) == [True, True, True]
    assert public_corrections().count() == 1


def test_small_numbers_are_hidden_in_open_data(client: Client) -> None:
    round, service = make.round(), panel.service()
    for kind, count in (("sme", 3), ("expert", 1), ("student", 3)):
        for _ in range(count):
            make.published(make.assigned(round, service=service, kind=kind))
    rows = json.loads(client.get("/vouchers/data/ratings.json").content)["rows"]
    shown = {row["kind"]: row["mean"] for row in rows if row["scale"] == "기능"}
    assert shown["전체"] == 4.0
    assert shown["전문가" if "전문가" in shown else "분야 전문가"] is None
    assert sum(value is None for value in shown.values()) == 2
    lines = b"".join(client.get("/vouchers/data/ratings.csv")).decode("utf-8-sig").splitlines()
    assert next(csv.reader(lines)) == [
        "service_code",
        "scale",
        "kind",
        "count",
        "mean",
        "deviation",
        "suppressed",
    ]
