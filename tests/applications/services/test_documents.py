"""PDFs: requested once, rendered once, with what was filed; public check of a receipt."""

import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from applications import pdf_contexts
from applications.models import Application, Company, Decision, IssuedDocument, ScoreResult
from applications.queries.application import result
from applications.queries.documents import genuine_receipt
from applications.services import documents as documents_services
from applications.services.selection import proposals
from portal.core.errors import MoveNotAllowed, Unavailable
from portal.jobs import queue
from portal.models import Job
from portal.paper import pdf
from portal.uploads import files
from tests.factories import drafts, programs, staff
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def private_root(settings, tmp_path: Path) -> Path:
    """Where this test's files are kept."""
    settings.PRIVATE_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def filed() -> Application:
    """A robot application with a supplier and its papers, filed."""
    programs.load()
    draft = drafts.complete(programs.program("robot"))
    drafts.file(draft)
    return Application.objects.get(pk=draft.pk)


def decided(marks: tuple[int, int, int] = (24, 32, 24)) -> Application:
    """One application that was selected and one below the floor; the first with these marks."""
    scheme, manager = staff.program(), staff.manager()
    judges = staff.assessors(5)
    first = staff.judged(scheme, marks, judges=judges, bonus=True)
    staff.judged(scheme, (10, 20, 10), judges=judges)
    made = staff.proposed(scheme, manager)
    staff.decided(made, by=manager)
    return Application.objects.get(pk=first.pk)


def released(**more: tuple[int, int, int]) -> Application:
    made = decided(**more)
    chosen = Decision.objects.get(application=made).selection
    proposals.release(chosen, by=staff.manager(), now=NOW)
    return Application.objects.get(pk=made.pk)


def text_of(document: IssuedDocument) -> str:
    """The words of a stored PDF, one line, without the breaks."""
    with files.open_kept(document.file) as file:
        data = file.read()
    assert hashlib.sha256(data).hexdigest() == document.sha256
    pages = PdfReader(io.BytesIO(data)).pages
    assert len(pages) == document.pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def stored_files(private_root: Path) -> list[Path]:
    return [path for path in private_root.rglob("*") if path.is_file()]


# --- Asking --------------------------------------------------------------------------------------


def test_asking_twice_gives_one_paper_and_one_job(filed: Application) -> None:
    first = IssuedDocument.objects.get(application=filed, kind="receipt")
    again = documents_services.request(filed, kind="receipt", now=NOW + timedelta(days=1))
    assert again.pk == first.pk
    assert again.requested_at == NOW
    assert Job.objects.filter(key=documents_services.job_key(first)).count() == 1


@pytest.mark.parametrize("state", ["filed", "screening", "assessing", "decided"])
def test_no_result_is_printed_before_it_is_released(state: str) -> None:
    with pytest.raises(MoveNotAllowed) as refused:
        documents_services.request(ApplicationFactory(**{state: True}), kind="result", now=NOW)
    assert refused.value.code == "not_released"
    assert not IssuedDocument.objects.exists()


def test_without_the_engine_the_paper_waits_and_nothing_is_kept(
    filed: Application, monkeypatch: pytest.MonkeyPatch, private_root: Path
) -> None:
    monkeypatch.setattr(pdf, "available", lambda: False)
    document = filed.documents.get()
    with pytest.raises(Unavailable) as refused:
        documents_services.render(document, now=NOW)
    assert refused.value.code == "pdf_unavailable"
    job = Job.objects.get(key=documents_services.job_key(document))
    assert queue.run(job.pk) == "queued"
    job.refresh_from_db()
    assert job.error == refused.value.message
    document.refresh_from_db()
    assert (document.file, document.issued_at) == ("", None)
    assert stored_files(private_root) == []


# --- Printing ------------------------------------------------------------------------------------


@pytest.mark.pdf
def test_the_receipt_says_what_was_filed_when_and_how_to_check_it(filed: Application) -> None:
    Company.objects.update(name="나중에 바뀐 이름")
    document = documents_services.render(filed.documents.get(), now=NOW)
    text, content = text_of(document), filed.submission.content
    for words in (
        "신청서 접수증",
        filed.number,
        "2021. 2. 10. 14:03:22",
        "KST",
        content["program"]["name"],
        content["company"]["name"],
        "위와 같이 신청서를 접수하였음을 확인합니다.",
        filed.submission.sha256,
        "마감 시각부터는 접수하지 않습니다",
    ):
        assert words in text, words
    for row in content["attachments"]:
        assert row["sha256"] in text.replace(" ", ""), row
    for row in content["partners"]:
        assert row["company_name"] in text
    assert "나중에 바뀐 이름" not in text
    assert document.pages == 1


@pytest.mark.pdf
def test_hostile_words_are_printed_as_words() -> None:
    programs.load()
    draft = drafts.complete(
        programs.program("level-check"), name="<script>alert(1)</script> & {{ 7|add:7 }}"
    )
    drafts.file(draft)
    document = documents_services.render(draft.documents.get(), now=NOW)
    assert "<script>alert(1)</script> & {{ 7|add:7 }}" in text_of(document)


@pytest.mark.pdf
def test_a_receipt_with_very_many_long_names_flows_onto_further_pages(filed: Application) -> None:
    content = filed.submission.content
    many = [{**content["attachments"][0], "name": f"{n} {'가' * 120}.pdf"} for n in range(60)]
    words = pdf_contexts.receipt(filed.submission)
    words["attachments"] = [{**row, "label": "증빙"} for row in many]
    printed = pdf.render("pdf/applications/receipt.html", words, title="접수증")
    assert printed.pages > 2
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(printed.data)).pages)
    text = " ".join(text.split())
    assert all(f"{n} 가" in text for n in range(60))


@pytest.mark.pdf
def test_a_second_run_prints_nothing_and_keeps_one_file(
    filed: Application, private_root: Path
) -> None:
    document = documents_services.render(filed.documents.get(), now=NOW)
    again = documents_services.render(
        IssuedDocument.objects.get(pk=document.pk), now=NOW + timedelta(days=1)
    )
    assert (again.file, again.sha256, again.issued_at) == (document.file, document.sha256, NOW)
    stale = IssuedDocument.objects.get(pk=document.pk)
    stale.issued_at = None  # as a second worker read it a moment before
    assert documents_services.render(stale, now=NOW + timedelta(days=1)).file == document.file
    assert len(stored_files(private_root)) == 1


@pytest.mark.pdf
def test_a_kind_without_a_document_is_no_result(filed: Application) -> None:
    with pytest.raises(LookupError):
        pdf_contexts.describe(IssuedDocument(application=filed, kind="new"))


def test_the_job_prints_it(filed: Application) -> None:
    document = filed.documents.get()
    job = Job.objects.get(key=documents_services.job_key(document))
    assert queue.run(job.pk) == "done"
    document.refresh_from_db()
    job.refresh_from_db()
    assert job.result == {"sha256": document.sha256}
    assert filed.number in text_of(document)


@pytest.mark.pdf
def test_the_result_breaks_the_score_down_and_says_where_the_line_is() -> None:
    application = released()
    document = documents_services.render(
        documents_services.request(application, kind="result", now=NOW), now=NOW
    )
    text, found = text_of(document), result(application)
    score = ScoreResult.objects.get(application=application)
    for words in (
        "평가 결과서",
        application.number,
        "선정",
        f"1위 / {found['counted']}건",
        "80.00",
        "85.00",  # with the bonus
        "코로나19 대응 제품",
        "허가증 확인",
        "선정선",
        "이 신청과 같은 점수",
        application.submission.sha256,
        score.inputs_sha256,
        found["rubric_sha256"],
    ):
        assert words in text, words
    for row in found["breakdown"]["criteria"]:
        assert row["label"] in text
    assert text.count("제외(최고·최저)") == 2
    assert "평가위원 1" in text
    for judge in application.sheets.select_related("assessor"):
        assert judge.assessor.email not in text
        assert judge.assessor.name not in text.replace("평가위원", "")


@pytest.mark.pdf
def test_a_result_below_the_floor_is_printed_too() -> None:
    released()
    low = Decision.objects.get(outcome="rejected").application
    text = text_of(
        documents_services.render(documents_services.request(low, kind="result", now=NOW), now=NOW)
    )
    assert "탈락" in text
    assert "45.00점 낮음" in text
    assert "지원금" not in text


# --- Proof ---------------------------------------------------------------------------------------


def test_a_genuine_receipt_by_number_and_hash_only(filed: Application) -> None:
    number, sha256 = filed.number, filed.submission.sha256
    assert genuine_receipt(number, sha256)
    assert genuine_receipt(number, f"  {sha256.upper()} ")
    for place in range(len(sha256)):
        other = "0" if sha256[place] != "0" else "1"
        assert not genuine_receipt(number, sha256[:place] + other + sha256[place + 1 :])
    for wrong in ("", "x", sha256[:-1], sha256 + "0", "가" * 64):
        assert not genuine_receipt(number, wrong)
    assert not genuine_receipt("2021-로봇-1차-999999", sha256)
    assert not genuine_receipt("", "")


def test_the_address_in_the_code_leads_to_the_check(filed: Application, client) -> None:
    address = pdf_contexts.receipt_check_url(filed.submission)
    assert address.startswith("http://testserver/receipts/?number=")
    page = client.get(address.removeprefix("http://testserver"))
    assert page.status_code == 200
    assert filed.number in page.content.decode()
    forged = client.get(address.removeprefix("http://testserver")[:-1] + "x")
    assert page.content != forged.content
