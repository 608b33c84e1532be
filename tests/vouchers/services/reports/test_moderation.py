"""Moderation: automatic checks, return, acceptance, supplier comment, publication."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.core.clock import KST
from portal.core.errors import BudgetExceeded, Closed, MoveNotAllowed, RuleBroken
from portal.models import Job, Notice
from portal.records.workflow import move
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from vouchers.models import ReportFee, SupplierComment, SupplierTie
from vouchers.services import corrections
from vouchers.services.reports import moderation, writing
from vouchers.states import MonitorMoves, ReportState
from vouchers.visibility import public_reports

pytestmark = pytest.mark.django_db


def test_submission_enqueues_the_checks() -> None:
    report = make.submitted(screened=False)
    job = Job.objects.get(kind=writing.SCREEN_JOB)
    assert job.args == {"version": report.filed_id}
    with pytest.raises(MoveNotAllowed) as refused:
        moderation.accept(report, by=panel.moderator(), now=NOW)
    assert refused.value.code == "not_screened"


def test_personal_data_and_insults_are_found() -> None:
    words = make.texts("문의는 010-2345-6789로, 이 쓰레기 서비스는")
    report = make.submitted(words=words)
    found = set(report.filed.checks.values_list("code", flat=True))
    assert found == {"phone", "insult"}


def test_a_copied_report_is_shown_beside_the_one_it_is_like() -> None:
    words = make.texts()
    first = make.submitted(words=words)
    second = make.submitted(words=words)
    check = second.filed.checks.get(code="similar")
    assert (check.other, check.percent) == (first.filed, 100)


def test_a_report_is_not_like_its_own_earlier_version() -> None:
    report = make.submitted()
    moderation.send_back(report, note="보완", by=panel.moderator(), now=NOW)
    report = make.fresh(report)
    filed = writing.submit(
        report, version=report.version, by=report.assignment.monitor.user, now=NOW
    )
    assert moderation.screen(filed, now=NOW) == 0


def test_checking_twice_changes_nothing() -> None:
    report = make.submitted(words=make.texts("010-2345-6789"))
    count = report.filed.checks.count()
    assert moderation.screen(report.filed, now=NOW) == count
    assert report.filed.checks.count() == count


def test_a_version_with_findings_needs_a_reason_to_be_accepted() -> None:
    report = make.submitted(words=make.texts("010-2345-6789"))
    with pytest.raises(MoveNotAllowed) as refused:
        moderation.accept(report, by=panel.moderator(), now=NOW)
    assert refused.value.code == "note_required"
    moderation.accept(report, by=panel.moderator(), now=NOW, note="공급기업의 대표 번호입니다.")


@pytest.mark.parametrize("act", [moderation.send_back, moderation.reject])
def test_returning_and_rejecting_need_a_reason_that_the_member_gets(act) -> None:
    report = make.submitted()
    with pytest.raises(MoveNotAllowed):
        act(report, note=" ", by=panel.moderator(), now=NOW)
    act(report, note="가격 근거가 없습니다.", by=panel.moderator(), now=NOW)
    letter = Notice.objects.get(user=report.assignment.monitor.user)
    assert "가격 근거가 없습니다." in letter.body


def test_acceptance_commits_the_fee_and_asks_for_a_comment_in_whole_days() -> None:
    report = make.submitted()
    desk = make.desk(report.assignment.service.supplier)
    moderation.accept(report, by=panel.moderator(), now=NOW)
    report = make.fresh(report)
    assert report.state == ReportState.COMMENTING
    until = report.comment_until.astimezone(KST)
    assert (until.hour, until.minute) == (0, 0)
    assert until.date() == NOW.astimezone(KST).date() + timedelta(days=6)
    assert until == datetime(2021, 2, 16, tzinfo=KST)
    assert report.fee.amount_won == 50_000
    pot = report.assignment.round.fee_pot
    pot.refresh_from_db()
    assert pot.committed_won == 50_000
    assert Notice.objects.filter(key=f"comment-asked:{report.pk}:{desk.pk}").exists()


def test_the_time_to_comment_does_not_end_on_a_weekend() -> None:
    report = make.submitted()
    monday = datetime(2021, 2, 15, 9, tzinfo=KST)  # five days on is a Saturday
    moderation.accept(report, by=panel.moderator(), now=monday)
    assert make.fresh(report).comment_until == datetime(2021, 2, 23, tzinfo=KST)


def test_without_money_nothing_is_accepted() -> None:
    report = make.submitted(make.assigned(make.round(fees=49_999)))
    with pytest.raises(BudgetExceeded):
        moderation.accept(report, by=panel.moderator(), now=NOW)
    assert make.fresh(report).state == ReportState.SUBMITTED
    assert not ReportFee.objects.exists()


def test_nobody_moderates_their_own_report() -> None:
    report = make.submitted()
    own = report.assignment.monitor.user
    own.groups.add(*panel.moderator().groups.all())
    own = type(own).objects.get(pk=own.pk)
    for act in (moderation.accept, moderation.publish):
        with pytest.raises(MoveNotAllowed):
            act(report, by=own, now=NOW)


def test_only_a_moderator_moderates() -> None:
    report = make.submitted()
    for other in (panel.operator(), panel.agency(), panel.ministry(), panel.person()):
        with pytest.raises(MoveNotAllowed):
            moderation.accept(report, by=other, now=NOW)


def test_the_supplier_comments_once_and_in_time_and_changes_nothing() -> None:
    report = make.accepted()
    desk = make.desk(report.assignment.service.supplier)
    before = report.filed.content
    with pytest.raises(RuleBroken):
        moderation.comment(report, text=" ", by=desk, now=NOW)
    moderation.comment(report, text="다음 판에서 고치겠습니다.", by=desk, now=NOW)
    with pytest.raises(MoveNotAllowed):
        moderation.comment(make.fresh(report), text="하나 더", by=desk, now=NOW)
    report = make.fresh(report)
    assert report.filed.content == before
    with pytest.raises(IntegrityError), transaction.atomic():
        report.comment.delete()


def test_the_end_of_the_comment_period_is_too_late() -> None:
    report = make.accepted()
    desk = make.desk(report.assignment.service.supplier)
    with pytest.raises(Closed):
        moderation.comment(report, text="늦은 말", by=desk, now=report.comment_until)


def test_nothing_is_published_during_the_comment_period() -> None:
    report = make.accepted()
    with pytest.raises(MoveNotAllowed) as refused:
        moderation.publish(report, by=panel.moderator(), now=NOW)
    assert refused.value.code == "comment_open"
    moderation.publish(report, by=panel.moderator(), now=report.comment_until)
    assert make.fresh(report).state == ReportState.PUBLISHED


def test_a_supplier_comment_ends_the_comment_period() -> None:
    report = make.accepted()
    desk = make.desk(report.assignment.service.supplier)
    moderation.comment(report, text="고맙습니다.", by=desk, now=NOW)
    moderation.publish(make.fresh(report), by=panel.moderator(), now=NOW)


def test_ties_are_checked_again_before_publication() -> None:
    report = make.accepted()
    SupplierTie.objects.create(
        user=report.assignment.monitor.user,
        supplier=panel.supplier(),
        code="employment",
        reason="재직",
        found_at=NOW,
    )
    with pytest.raises(MoveNotAllowed) as refused:
        moderation.publish(report, by=panel.moderator(), now=make.LATER)
    assert refused.value.code == "excluded_member"


def test_a_retracted_report_is_not_public_and_may_return() -> None:
    report = make.published()
    moderation.retract(report, note="개인정보가 보입니다.", by=panel.moderator(), now=make.LATER)
    assert not public_reports().exists()
    with pytest.raises(MoveNotAllowed):
        moderation.restore(report, note="가림", by=panel.moderator(), now=make.LATER)
    moderation.restore(report, note="그림을 확인함", by=panel.agency(), now=make.LATER)
    assert public_reports().count() == 1


def test_a_report_of_an_excluded_member_stays_but_is_not_accepted_anew() -> None:
    report = make.submitted()
    move(
        report.assignment.monitor,
        MonitorMoves.EXCLUDE,
        by=panel.agency(),
        now=NOW,
        note="이해관계",
        changes={"excluded_at": NOW, "exclusion_reason": "이해관계"},
    )
    with pytest.raises(MoveNotAllowed):
        moderation.accept(make.fresh(report), by=panel.moderator(), now=NOW)


PRIVATE = [
    "담당자 010-2345-6789로 연락 주세요.",
    "kim.hong@maker.example로 보내 주세요.",
    "900101-1234567",
    "이런 쓰 레 기 보고서는 처음입니다.",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_a_supplier_writes_for_everybody_passes_the_checks_of_reports(text: str) -> None:
    report = make.accepted()
    desk = make.desk(report.assignment.service.supplier)
    with pytest.raises(RuleBroken) as refused:
        moderation.comment(report, text=text, by=desk, now=NOW)
    assert refused.value.code == "private"
    assert "이 부분을 빼고 다시 내 주세요." in refused.value.findings[0].message
    case = make.raised()
    corrections.verify(case, finding="확인", by=panel.agency(), now=make.LATER)
    corrections.request(case, text="고침", by=panel.agency(), now=make.LATER)
    with pytest.raises(RuleBroken) as refused:
        corrections.answer(case, text=text, by=make.desk(case.service.supplier), now=make.LATER)
    assert refused.value.code == "private"


def test_the_numbers_that_a_suppliers_page_shows_anyway_are_no_private_data() -> None:
    report = make.accepted()
    supplier = report.assignment.service.supplier
    text = f"문의는 {supplier.phone.replace('-', ' ')}이나 {supplier.email}로 해 주세요."
    moderation.comment(report, text=text, by=make.desk(supplier), now=NOW)


def test_one_copied_section_is_a_finding_of_its_own() -> None:
    first = make.submitted(words=make.texts())
    own = {
        code: "".join(chr(0xAC00 + 601 * place + 7 * turn) for turn in range(60)) * 3
        for place, code in enumerate(("features", "satisfaction", "price", "purpose", "free"))
    }
    copied = first.filed.content["sections"][3]["text"]
    second = make.submitted(words={**own, "inconvenience": copied})
    check = second.filed.checks.get()
    assert (check.code, check.other, check.percent) == ("similar_section", first.filed, 100)
    assert "불편한 점" in check.label


def test_of_two_accounts_of_a_supplier_the_second_is_told_of_the_first_comment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = make.accepted()
    supplier = report.assignment.service.supplier
    first, second = make.desk(supplier), make.desk(supplier)
    moved = moderation.move

    def move(*given, **words):
        row = moved(*given, **words)  # waits until the other account's comment is stored
        SupplierComment.objects.create(report=report, text="먼저 낸 의견", by=first, at=NOW)
        return row

    monkeypatch.setattr(moderation, "move", move)
    with pytest.raises(MoveNotAllowed) as refused:
        moderation.comment(report, text="나중 의견", by=second, now=NOW)
    assert refused.value.code == "already_commented"
