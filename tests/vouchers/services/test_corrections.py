"""Corrections, from the issue to the fix or the suspension of the sale; and good cases."""

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from portal.core.clock import KST
from portal.core.errors import BadInput, Closed, MoveNotAllowed
from portal.models import Notice
from tests.factories import reports as make
from tests.factories import vouchers as panel
from vouchers.models import ConsumerReport, Correction, GoodCase, Monitor, Service
from vouchers.queries import corrections as correction_queries
from vouchers.services import corrections, good_cases
from vouchers.services.catalogue import sale as sales
from vouchers.states import (
    CorrectionState,
    GoodCaseState,
    IssueKind,
    MonitorState,
    ReportState,
    ServiceState,
)
from vouchers.visibility import public_cases, public_corrections

pytestmark = pytest.mark.django_db
NOW = make.LATER


def case(**fields: object) -> Correction:
    return make.raised(**fields)


def fresh(row: Correction) -> Correction:
    return Correction.objects.select_related("service__supplier").get(pk=row.pk)


def asked(row: Correction | None = None) -> Correction:
    row = row or case()
    corrections.verify(row, finding="녹화 파일이 열리지 않음", by=panel.agency(), now=NOW)
    corrections.request(row, text="녹화 기능을 고쳐 주세요.", by=panel.agency(), now=NOW)
    return fresh(row)


def sale(row: Correction) -> str:
    return Service.objects.get(pk=row.service_id).state


def answer(row: Correction, now=NOW, **fields: object):
    desk = make.desk(row.service.supplier)
    words = {"text": "2.1판에서 고쳤습니다."}
    return corrections.answer(row, **{**words, **fields}, by=desk, now=now)


def test_several_reports_join_one_case_until_it_is_verified() -> None:
    round = make.round()
    service = panel.service()
    first, second, third = (make.published(make.assigned(round, service=service)) for _ in range(3))
    row = case(report=first)
    assert case(report=second) == row
    assert row.issues.count() == 2
    with pytest.raises(MoveNotAllowed):
        case(report=second)
    corrections.dismiss(row, note="설명서에 있는 내용입니다.", by=panel.agency(), now=NOW)
    assert case(report=third) != row
    assert case(report=third, kind=IssueKind.OFF_PURPOSE).kind == IssueKind.OFF_PURPOSE


def test_only_an_accepted_report_raises_an_issue_and_only_staff() -> None:
    with pytest.raises(MoveNotAllowed):
        case(report=make.submitted())
    with pytest.raises(MoveNotAllowed):
        corrections.raise_issue(
            make.published(), kind="improvement", text="말", by=panel.ministry(), now=NOW
        )


def test_an_unverified_case_is_not_public() -> None:
    row = case()
    assert not public_corrections().exists()
    corrections.verify(row, finding="확인함", by=panel.agency(), now=NOW)
    assert list(public_corrections()) == [row]


def test_a_correction_is_due_at_the_end_of_a_working_day() -> None:
    row = asked()
    assert row.due_at == datetime(2021, 4, 5, 18, tzinfo=KST)
    letters = Notice.objects.filter(key__startswith="correction-asked:")
    assert "녹화 기능을 고쳐 주세요." in letters.get().body
    assert "시정 기한: 2021년 4월 5일 18시\n" in letters.get().body


def test_a_correction_is_not_due_on_a_public_holiday() -> None:
    row = case()
    corrections.verify(row, finding="녹화 파일이 열리지 않음", by=panel.agency(), now=NOW)
    at = datetime(2021, 4, 21, 9, tzinfo=KST)  # 14 days on is 5 May
    corrections.request(row, text="녹화 기능을 고쳐 주세요.", by=panel.agency(), now=at)
    assert fresh(row).due_at == datetime(2021, 5, 6, 18, tzinfo=KST)


def test_a_correction_is_walked_to_its_end() -> None:
    row = asked()
    proof = SimpleUploadedFile("고친 화면.png", make.picture().read())
    said = answer(row, uploads=[proof])
    assert [one.name for one in said.evidence.all()] == ["고친 화면.png"]
    corrections.fix(fresh(row), note="새 판에서 확인함", by=panel.agency(), now=NOW)
    assert fresh(row).state == CorrectionState.FIXED
    assert sale(row) == ServiceState.ON_SALE


def test_an_answer_may_be_refused_and_requested_again() -> None:
    row = asked()
    answer(row)
    later = NOW + timedelta(days=3)
    corrections.request_again(fresh(row), text="일부만 고쳤습니다.", by=panel.agency(), now=later)
    again = fresh(row)
    assert (again.state, again.asked_times) == (CorrectionState.ASKED, 2)
    assert again.due_at == row.due_at + timedelta(days=3)


def test_an_unfixed_case_suspends_the_sale_until_it_is_fixed() -> None:
    row = asked()
    answer(row)
    made = corrections.fail(fresh(row), note="고치지 않음", by=panel.agency(), now=NOW)
    assert (sale(row), fresh(row).state) == (ServiceState.ON_SALE, CorrectionState.ANSWERED)
    sales.confirm_suspension(made, by=panel.agency(), now=NOW)
    assert (sale(row), fresh(row).state) == (ServiceState.SUSPENDED, CorrectionState.SUSPENDED)
    answer(fresh(row), now=NOW + timedelta(days=90))
    assert sale(row) == ServiceState.SUSPENDED
    corrections.fix(fresh(row), note="확인함", by=panel.agency(), now=NOW)
    assert sale(row) == ServiceState.ON_SALE


def test_an_overdue_case_suspends_the_sale_at_the_due_instant() -> None:
    row = asked()
    assert corrections.suspend_overdue(row.due_at - timedelta(microseconds=1)) == 0
    assert corrections.suspend_overdue(row.due_at) == 1
    assert corrections.suspend_overdue(row.due_at) == 0
    assert (fresh(row).state, sale(row)) == (CorrectionState.SUSPENDED, ServiceState.SUSPENDED)


def test_no_answer_is_accepted_between_due_date_and_suspension() -> None:
    row = asked()
    with pytest.raises(Closed):
        answer(row, now=row.due_at)


def test_the_sale_resumes_only_when_every_case_is_fixed() -> None:
    round, service = make.round(), panel.service()
    report = make.published(make.assigned(round, service=service))
    rows = [asked(case(report=report, kind=kind)) for kind in IssueKind]
    for row in rows:
        corrections.suspend_overdue(row.due_at)
    for row, state in zip(rows, (ServiceState.SUSPENDED, ServiceState.ON_SALE), strict=True):
        answer(fresh(row))
        corrections.fix(fresh(row), note="확인", by=panel.agency(), now=NOW)
        assert sale(row) == state


def test_only_the_agency_decides() -> None:
    row = case()
    for other in (panel.operator(), panel.moderator(), panel.ministry()):
        with pytest.raises(MoveNotAllowed):
            corrections.verify(row, finding="확인", by=other, now=NOW)


def test_an_answer_needs_a_text_and_its_files_are_inspected() -> None:
    row = asked()
    with pytest.raises(BadInput):
        answer(row, text=" ")
    with pytest.raises(BadInput):
        answer(row, uploads=[SimpleUploadedFile("a.exe", b"MZ")])
    assert fresh(row).state == CorrectionState.ASKED


# --- Good cases ----------------------------------------------------------------------------------


def proposed(by=None) -> GoodCase:
    words = {"headline": "회의를 바꾼 서비스", "reason": "모든 구분에서 높게 평가"}
    return good_cases.propose(make.published(), **words, by=by or panel.operator(), now=NOW)


def test_a_good_case_takes_two_people() -> None:
    one = panel.agency()
    row = proposed(by=one)
    with pytest.raises(MoveNotAllowed) as refused:
        good_cases.promote(row, by=one, now=NOW)
    assert refused.value.code == "second_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        GoodCase.objects.filter(pk=row.pk).update(decided_by=one)
    assert not public_cases().exists()
    good_cases.promote(row, by=panel.agency(), now=NOW)
    assert list(public_cases()) == [row]
    assert Service.objects.get(pk=row.service_id).promoted_at == NOW


def test_a_service_has_one_open_good_case() -> None:
    row = proposed()
    with pytest.raises(MoveNotAllowed):
        good_cases.propose(row.report, headline="또", reason="또", by=panel.operator(), now=NOW)
    good_cases.decline(row, note="더 지켜봄", by=panel.agency(), now=NOW)
    good_cases.propose(row.report, headline="다시", reason="다시", by=panel.operator(), now=NOW)


def test_a_suspended_service_is_no_good_case() -> None:
    row = proposed()
    good_cases.promote(row, by=panel.agency(), now=NOW)
    late = asked(case(report=row.report))
    corrections.suspend_overdue(late.due_at)
    assert not public_cases().exists()
    assert GoodCase.objects.get(pk=row.pk).state == GoodCaseState.PROMOTED


def test_the_front_page_shows_a_good_case_as_it_is_now(client: Client) -> None:
    def shown() -> str:
        text = client.get("/").content.decode().partition("cases-title")[2]
        return text.partition("</section>")[0]

    row = proposed()
    assert shown() == ""
    good_cases.promote(row, by=panel.agency(), now=NOW)
    assert "(보고서 1건)" in shown()
    assert shown() == shown()
    Monitor.objects.update(state=MonitorState.EXCLUDED, excluded_at=NOW)
    assert "회의를 바꾼 서비스" in shown()
    assert "보고서 1건" not in shown()
    Service.objects.update(name="바뀐 이름")
    assert "바뀐 이름" in shown()
    ConsumerReport.objects.update(state=ReportState.RETRACTED)
    assert shown() == ""


def test_a_service_under_correction_is_not_promoted() -> None:
    row = proposed()
    asked(case(report=row.report))
    with pytest.raises(MoveNotAllowed) as refused:
        good_cases.promote(row, by=panel.agency(), now=NOW)
    assert refused.value.code == "not_good"


def test_a_good_case_ends() -> None:
    row = proposed()
    good_cases.promote(row, by=panel.agency(), now=NOW)
    good_cases.end(row, note="회차 종료", by=panel.agency(), now=NOW)
    assert Service.objects.get(pk=row.service_id).promoted_at is None


def test_the_public_follows_a_case_to_the_suspension() -> None:
    row = asked()
    at = row.moves.get(move="verify").at
    corrections.suspend_overdue(row.due_at)
    found = correction_queries.steps(fresh(row))
    assert [(step["label"], step["state"]) for step in found] == [
        ("문제 확인", "done"),
        ("시정 요청", "done"),
        ("공급기업 답변", "stopped"),
        ("시정 완료", "todo"),
    ]
    assert (found[0]["at"], found[1]["at"]) == (at, row.asked_at)
    assert found[2]["note"] == "시정이 확인되지 않아 판매를 중지했습니다."
    last = row.service.moves.latest("pk")
    assert last.note == "시정 기한까지 공급기업의 답이 없었습니다."
