"""Wherever a report can be read, it says that its author tried the service free and was paid."""

import csv
import io

import pytest
from django.template.loader import render_to_string
from django.test import Client

from tests.factories import reports as make
from tests.factories import vouchers as panel
from vouchers import pdf_contexts
from vouchers.services import books

pytestmark = pytest.mark.django_db
WORDS = "쓴 사람은 이 서비스를 무료로 써 보았고, 보고서가 채택되면 원고료 50,000원을 받기로 하고 썼습니다."


@pytest.fixture
def report():
    return make.published()


@pytest.mark.parametrize("address", ["reports/{report.pk}/", "services/{service.code}/"])
def test_every_page_with_a_report_says_so(client: Client, report, address: str) -> None:
    path = address.format(report=report, service=report.assignment.service)
    assert WORDS in client.get(f"/vouchers/{path}").content.decode()


def test_the_supplier_reads_it_before_publication(client: Client) -> None:
    waiting = make.accepted()
    client.force_login(make.desk(waiting.assignment.service.supplier))
    page = client.get(f"/vouchers/supplier/reports/{waiting.pk}/").content.decode()
    assert WORDS in page


def test_the_book_says_so_for_each_report(report) -> None:
    service = report.assignment.service
    round = report.assignment.round
    make.published(make.assigned(round, service=service))
    made = books.request(round, category=service.category, by=panel.operator(), now=make.LATER)
    template, _, context = pdf_contexts.book(made)
    page = render_to_string(template, context).replace("\u2060", "")
    assert page.count("무료로 써 보았고") == 2


def test_the_data_say_so(client: Client, report) -> None:
    (row,) = client.get("/api/v1/vouchers/reports/").json()["results"]
    assert (row["fee_won"], row["disclosure"]) == (50_000, WORDS)
    answer = client.get("/vouchers/data/reports.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    line = next(csv.DictReader(io.StringIO(text)))
    assert (line["fee_won"], line["disclosure"]) == ("50000", WORDS)
