"""Filing by the page, once and in time; then status, PDFs, answers, result, withdrawal."""

import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.models import Application, Decision, ScoreResult, ScoreRun, Selection
from applications.services import documents
from applications.states import ApplicationState, MemberRole, SelectionState, SupplementState
from portal.core.clock import now
from portal.core.tokens import token_digest
from portal.models import Job
from portal.uploads import files
from programs.models import ProgramRound
from tests.factories.applications import (
    ApplicationFactory,
    AttachmentFactory,
    CompanyFactory,
    PartnerFactory,
    RoundFactory,
    SupplementFactory,
    UserFactory,
    member_of,
)
from tests.portal import corpus

pytestmark = pytest.mark.django_db
SEEN = re.compile(r'name="seen" value="([0-9a-f]{64})"')


@pytest.fixture
def ready(client: Client) -> Application:
    """A draft with a cost sheet's worth of nothing missing."""
    at = now()
    RoundFactory(opens_at=at - timedelta(days=1), closes_at=at + timedelta(days=1))
    made = ApplicationFactory()
    client.force_login(made.created_by)
    return made


def submit(client: Client, draft: Application, **sent: str):
    page = client.get(f"/applications/{draft.pk}/review/").content.decode()
    seen = "".join(SEEN.findall(page))
    return client.post(
        f"/applications/{draft.pk}/submit/", {"confirmed": "on", "seen": seen, **sent}
    )


def test_filing_asks_for_the_confirmation(client: Client, ready: Application):
    answer = client.post(f"/applications/{ready.pk}/submit/")
    assert answer.status_code == 400
    assert 'data-code="required">확인란을 선택해야 제출할 수 있습니다.<' in answer.content.decode()


def test_filing_twice_leads_to_the_same_receipt(client: Client, ready: Application):
    first = submit(client, ready)
    assert first.status_code == 302, first.content.decode()
    ready.refresh_from_db()
    number = ready.number
    again = submit(client, ready)
    ready.refresh_from_db()
    assert (again["Location"], ready.number) == (first["Location"], number)
    editor = member_of(ready.company, MemberRole.EDITOR)
    client.force_login(editor)
    page = client.post(
        f"/applications/{ready.pk}/submit/", {"confirmed": "on"}, follow=True
    ).content.decode()
    assert "먼저 제출했습니다" in page


def test_a_late_one_keeps_its_draft_and_says_so(client: Client, ready: Application):
    ProgramRound.objects.update(closes_at=now() - timedelta(seconds=1))
    answer = submit(client, ready)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'data-code="round_closed"' in page
    assert "KST에 마감되었습니다" in page
    assert "작성한 내용은 그대로 있습니다" in page
    ready.refresh_from_db()
    assert ready.state == ApplicationState.DRAFT
    assert client.get(f"/applications/{ready.pk}/review/").status_code == 200


def test_an_incomplete_one_names_everything_that_is_missing(client: Client, ready: Application):
    program = ready.sub_program
    program.questions = [
        {"code": code, "kind": "text", "label": label, "required": True}
        for code, label in (("a", "과제 이름"), ("b", "현장의 문제"))
    ]
    program.save()
    answer = submit(client, ready)
    page = answer.content.decode()
    assert answer.status_code == 422
    for label in ("과제 이름", "현장의 문제"):
        assert f"‘{label}’ 항목을 입력하세요." in page


def test_what_was_filed_is_shown_as_it_was_filed(client: Client, ready: Application):
    submit(client, ready)
    ready.company.name = "바뀐 이름"
    ready.company.save()
    page = client.get(f"/applications/{ready.pk}/review/").content.decode()
    assert Application.objects.get(pk=ready.pk).submission.sha256 in page
    assert '<dd class="summary__value">바뀐 이름</dd>' not in page


def test_the_status_says_who_is_next(client: Client, ready: Application):
    ready.sub_program.steps = [
        {"code": "submitted", "label": "신청·접수", "actor": "신청기업", "days": None},
        {
            "code": "screening",
            "label": "요건검토",
            "actor": "사업 담당자",
            "days": 14,
            "due_policy": "working_day_18",
        },
    ]
    ready.sub_program.save()
    submit(client, ready)
    page = client.get(f"/applications/{ready.pk}/").content.decode()
    assert "사업 담당자" in page
    assert "까지 마칠 예정입니다." in page


# Papers


def test_the_receipt_is_made_by_a_job_and_then_sent(client: Client, ready: Application):
    submit(client, ready)
    url = f"/applications/{ready.pk}/documents/receipt/"
    page = client.get(url).content.decode()
    job = Job.objects.get(kind=documents.JOB)
    assert f'data-job-url="/jobs/{job.pk}/"' in page
    assert client.get(f"/jobs/{job.pk}/").json()["state"] == "queued"
    document = ready.documents.get()
    document.file = files.store_bytes(b"%PDF-1.7 receipt")
    document.issued_at = now()
    document.save()
    assert "PDF 내려받기" in client.get(url).content.decode()
    sent = client.get(url, {"download": "1"})
    assert sent["Content-Type"] == "application/pdf"
    assert b"".join(sent.streaming_content) == b"%PDF-1.7 receipt"


def test_asking_for_the_paper_again_makes_no_second_job(client: Client, ready: Application):
    submit(client, ready)
    for _ in range(3):
        client.post(f"/applications/{ready.pk}/documents/receipt/")
    assert Job.objects.filter(kind=documents.JOB).count() == 1


def test_a_receipt_whose_row_is_missing_is_made_when_asked_for(client: Client, ready: Application):
    submit(client, ready)
    ready.documents.all().delete()
    Job.objects.filter(kind=documents.JOB).delete()
    url = f"/applications/{ready.pk}/documents/receipt/"
    assert "접수증 만들기" in client.get(url).content.decode()
    assert not ready.documents.exists()
    assert not Job.objects.filter(kind=documents.JOB).exists()
    assert client.post(url).status_code == 302
    assert "문서를 만들고 있습니다" in client.get(url).content.decode()
    assert Job.objects.get(kind=documents.JOB).args == {"document": ready.documents.get().pk}


def test_a_released_result_is_printed_when_asked_for(client: Client, ready: Application):
    submit(client, ready)
    url = f"/applications/{ready.pk}/documents/result/"
    assert client.post(url).status_code == 404
    Application.objects.filter(pk=ready.pk).update(state="released")
    assert "결과서 만들기" in client.get(url).content.decode()
    assert not ready.documents.filter(kind="result").exists()
    assert client.post(url).status_code == 302
    assert ready.documents.filter(kind="result").count() == 1


def test_there_is_no_result_before_its_release(client: Client, ready: Application):
    submit(client, ready)
    assert client.get(f"/applications/{ready.pk}/documents/result/").status_code == 404
    assert client.get(f"/applications/{ready.pk}/result/").status_code == 404
    assert client.get(f"/applications/{ready.pk}/documents/nonsense/").status_code == 404


# Withdrawing


def test_withdrawing_needs_a_reason_and_an_owner(client: Client, ready: Application):
    submit(client, ready)
    url = f"/applications/{ready.pk}/withdraw/"
    answer = client.post(url, {"note": " "})
    assert answer.status_code == 400
    assert 'data-code="required"' in answer.content.decode()
    client.post(url, {"note": "투자 계획이 바뀌었습니다."})
    ready.refresh_from_db()
    assert ready.state == ApplicationState.WITHDRAWN
    assert ready.moves.last().note == "투자 계획이 바뀌었습니다."
    assert client.get(url).status_code == 409


# Answering a request for more


def asked_of(client: Client):
    at = now()
    asked = SupplementFactory(due_at=at + timedelta(days=1), requirements=["quote"])
    client.force_login(asked.application.created_by)
    return asked, f"/applications/{asked.application.pk}/supplement/"


def test_a_request_is_answered_with_its_files(client: Client):
    asked, url = asked_of(client)
    lacking = client.post(url, {"act": "answer", "answer": ""})
    assert lacking.status_code == 422
    assert 'data-code="supplement_answer"' in lacking.content.decode()
    assert 'data-code="missing:document:quote"' in lacking.content.decode()
    file = io.BytesIO(corpus.pdf())
    file.name = "quote.pdf"
    sent = {"act": "upload:quote", "quote-files": file}
    assert client.post(url, sent).status_code == 302
    answer = client.post(url, {"act": "answer", "answer": "다시 냅니다."})
    assert answer["Location"] == f"/applications/{asked.application.pk}/"
    asked.refresh_from_db()
    assert asked.state == SupplementState.ANSWERED
    assert asked.sha256 in client.get(url).content.decode()


def test_after_the_deadline_the_page_says_so(client: Client):
    asked, url = asked_of(client)
    asked.due_at = now()
    asked.save()
    assert "보완 기한이 지났습니다" in client.get(url).content.decode()
    answer = client.post(url, {"act": "answer", "answer": "늦은 답"})
    assert (answer.status_code, 'data-code="supplement_expired"' in answer.content.decode()) == (
        409,
        True,
    )


def test_a_hostile_file_is_refused_at_its_field(client: Client):
    _, url = asked_of(client)
    bad = io.BytesIO(b"MZ program")
    bad.name = "quote.pdf"
    answer = client.post(url, {"act": "upload:quote", "quote-files": bad})
    assert answer.status_code == 400
    assert 'data-code="file_mismatch"' in answer.content.decode()


# Result


BREAKDOWN = {
    "raw": "84.33",
    "total": "89.33",
    "core": "26.00",
    "max_points": 100,
    "criteria": [
        {"code": "need", "label": "도입 필요성", "max_points": 40, "core": True, "mean": "33.67"}
    ],
    "sheets": [
        {"label": "평가위원 1", "total": 95, "dropped": True},
        {"label": "평가위원 2", "total": 84, "dropped": False},
    ],
    "bonus": {"cap": 5, "claimed": 5, "counted": 5, "items": []},
    "findings": [],
    "rule": "최고점과 최저점을 하나씩 빼고 나눕니다.",
}


def test_the_result_shows_how_it_came_about(client: Client):
    at = now()
    application = ApplicationFactory(released=True)
    by = application.created_by
    run = ScoreRun.objects.create(
        sub_program=application.sub_program,
        number=1,
        rubric={},
        rubric_sha256="a" * 64,
        requested_by=by,
        requested_at=at,
        scored=12,
    )
    ScoreResult.objects.create(
        run=run,
        application=application,
        raw="84.33",
        bonus=5,
        total="89.33",
        core="26.00",
        passed_floor=True,
        breakdown=BREAKDOWN,
        inputs_sha256="b" * 64,
    )
    selection = Selection.objects.create(
        sub_program=application.sub_program,
        run=run,
        state=SelectionState.RELEASED,
        released_at=at,
        decided_at=at,
        decided_by=UserFactory(),
        confirmed_at=at,
        confirmed_by=UserFactory(),
        requested_by=by,
        requested_at=at,
        tie_rule="총점이 높은 순서로 합니다.",
        cut={"cut_total": "80.00"},
    )
    Decision.objects.create(
        selection=selection,
        application=application,
        outcome="selected",
        rank=3,
        grant_won=50_000_000,
        reason_code="within_line",
        reason="3위로 예산 안에 있습니다.",
    )
    application.bonuses.create(
        code="covid",
        label="코로나19 대응",
        claim="마스크",
        points=5,
        state="granted",
        reason="품목허가 확인",
    )
    client.force_login(by)
    page = client.get(f"/applications/{application.pk}/result/").content.decode()
    for words in (
        "선정되었습니다",
        "50,000,000원",
        "89.33점",
        "3위",
        "평가한 12건 가운데",
        "80.00점",
        "9.33점 높습니다",
        "도입 필요성",
        "33.67",
        "제외(최고·최저)",
        "최고점과 최저점을 하나씩 빼고 나눕니다.",
        "코로나19 대응",
        "품목허가 확인",
        "총점이 높은 순서로 합니다.",
        "b" * 64,
    ):
        assert words in page, words


def test_a_decision_is_not_hinted_at_before_its_release(client: Client):
    application = ApplicationFactory(decided=True)
    client.force_login(application.created_by)
    page = client.get(f"/applications/{application.pk}/").content.decode()
    shown = page.split("<main")[1].split("</main>")[0]
    assert "평가 중" in shown
    assert "결정" not in shown


# Receipts, partners, lists


def test_anyone_checks_a_receipt_and_learns_nothing_else(client: Client):
    filed = ApplicationFactory(filed=True).submission
    good = {"number": filed.number, "sha256": filed.sha256.upper()}
    page = client.get("/receipts/", good).content.decode()
    assert "확인된 접수증입니다" in page
    assert filed.application.company.name not in page
    wrong = client.get("/receipts/", {**good, "sha256": "0" * 64}).content.decode()
    unknown = client.get("/receipts/", {**good, "number": "2021-구축-1차-999999"}).content.decode()
    assert "확인되지 않는 접수증입니다" in wrong
    assert "확인되지 않는 접수증입니다" in unknown
    assert (
        'data-code="invalid"' in client.get("/receipts/", {**good, "sha256": "x"}).content.decode()
    )


def test_a_partner_registers_on_the_way_and_accepts(client: Client, ready: Application):
    ready.sub_program.partner_roles = [
        {"role": "supplier", "label": "공급기업", "minimum": 1, "required": True}
    ]
    ready.sub_program.save()
    asked = PartnerFactory(
        application=ready,
        digest=token_digest("tok"),
        invited_at=now(),
        business_number="1248100998",
    )
    visitor = member_of(CompanyFactory(), MemberRole.VIEWER)
    client.force_login(visitor)
    page = client.get("/partners/tok/").content.decode()
    assert "/companies/new/?next=/partners/tok/" in page
    asked.refresh_from_db()
    assert asked.seen_at is not None
    client.post(
        "/companies/new/", {"business_number": "124-81-00998", "name": "로봇", "kind": "company"}
    )
    refused = client.post("/partners/tok/", {"act": "accept"})
    assert 'data-code="company_missing"' in refused.content.decode()
    firm = visitor.memberships.get(role=MemberRole.OWNER).company
    foreign = client.post("/partners/tok/", {"act": "accept", "company": ready.company_id})
    assert foreign.status_code == 400
    client.post("/partners/tok/", {"act": "accept", "company": firm.pk})
    asked.refresh_from_db()
    assert (asked.state, asked.company) == ("accepted", firm)
    assert client.get(f"/applications/{ready.pk}/review/").status_code == 200
    assert client.get("/partners/nothing/").status_code == 404


def test_the_desk_lists_own_and_shared_with_what_comes_next(client: Client, ready: Application):
    shared = ApplicationFactory()
    PartnerFactory(application=shared, accepted=True, company=ready.company)
    released = ApplicationFactory(company=ready.company, released=True)
    page = client.get("/applications/").content.decode()
    assert "이어서 작성" in page
    assert f"/applications/{released.pk}/result/" in page
    assert shared.company.name in page
    assert ApplicationFactory().company.name not in page


def test_the_desk_costs_the_same_for_one_and_for_many(
    client: Client, ready: Application, django_assert_num_queries
):
    ApplicationFactory(sub_program=ready.sub_program, company=ready.company, filed=True)
    client.get("/applications/")
    with CaptureQueriesContext(connection) as one:
        client.get("/applications/")
    for _ in range(12):
        ApplicationFactory(sub_program=ready.sub_program, company=ready.company, filed=True)
    with django_assert_num_queries(len(one)):
        client.get("/applications/")


def test_a_long_desk_goes_on_by_the_last_one_seen(client: Client, ready: Application):
    for _ in range(30):
        ApplicationFactory(company=ready.company)
    first = client.get("/applications/")
    assert len(first.context["rows"]) == 25
    rest = client.get("/applications/" + first.context["following"])
    assert len(rest.context["rows"]) == 6
    assert client.get("/applications/?before=x").status_code == 200


def test_a_company_s_first_visit_says_what_to_do(client: Client):
    client.force_login(UserFactory())
    assert "먼저 기업을 등록하세요" in client.get("/applications/").content.decode()


def test_the_status_page_costs_the_same_for_one_file_and_many(
    client: Client, ready: Application, django_assert_num_queries
):
    submit(client, ready)
    url = f"/applications/{ready.pk}/"
    AttachmentFactory(application=ready)
    PartnerFactory(application=ready, accepted=True)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for _ in range(9):
        AttachmentFactory(application=ready)
        PartnerFactory(application=ready, accepted=True)
    with django_assert_num_queries(len(one)):
        client.get(url)
