"""A receipt is checked by dropping its PDF: nothing else is told, and the file is kept nowhere."""

import hashlib

import pytest
from django.core.cache import caches
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from applications.models import IssuedDocument
from applications.services.intake import filing
from applications.views import documents
from portal.models import ScannedFile
from portal.uploads import files
from tests.factories.agreements import sample
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db

PDF = sample("접수증")


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    caches["limits"].clear()


@pytest.fixture
def issued() -> IssuedDocument:
    made: IssuedDocument = IssuedDocument.objects.create(
        application=ApplicationFactory(filed=True), kind="receipt", requested_at=NOW,
        issued_at=NOW, sha256=hashlib.sha256(PDF).hexdigest(),
    )  # fmt: skip
    return made


def dropped(content: bytes, client: Client | None = None):
    upload = SimpleUploadedFile("접수증.pdf", content, content_type="application/pdf")
    strict = client or Client(enforce_csrf_checks=True)
    return strict.post(reverse("receipt_check"), {"file": upload})


def test_the_issued_file_is_recognised(issued: IssuedDocument, monkeypatch) -> None:
    for name in ("store", "store_made"):
        monkeypatch.setattr(files, name, lambda *args, **words: pytest.fail("a file was kept"))
    answer = dropped(PDF)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "확인된 접수증입니다" in text
    assert str(issued.application.number) in text
    assert not answer.cookies
    assert not ScannedFile.objects.exists()


def test_a_withdrawn_receipt_says_so(issued: IssuedDocument) -> None:
    application = issued.application
    filing.withdraw(application, note="그만둡니다", by=application.created_by, now=NOW)
    assert "취하된 신청의 접수증입니다" in dropped(PDF).content.decode()


@pytest.mark.parametrize("kind", ["changed", "of another kind", "not issued"])
def test_any_other_file_is_not_recognised(issued: IssuedDocument, kind: str) -> None:
    rows = IssuedDocument.objects.filter(pk=issued.pk)
    if kind == "of another kind":
        rows.update(kind="result")
    if kind == "not issued":
        rows.update(issued_at=None)
    text = dropped(PDF + b" " if kind == "changed" else PDF).content.decode()
    assert "그대로의 접수증이 아닙니다" in text
    assert str(issued.application.number) not in text


@pytest.mark.parametrize("content", [b"", None])
def test_a_missing_or_empty_file_is_said(content: bytes | None) -> None:
    answer = Client().post(reverse("receipt_check")) if content is None else dropped(content)
    assert answer.status_code == 400
    assert "error-summary" in answer.content.decode()


def test_a_visitor_checks_so_many_files_a_minute_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(documents.ReceiptLimit, "rate", "2/min")
    assert [dropped(PDF).status_code for _ in range(3)] == [200, 200, 429]


def test_the_page_is_still_shared_between_strangers() -> None:
    assert "s-maxage" in Client().get(reverse("receipt_check"))["Cache-Control"]
