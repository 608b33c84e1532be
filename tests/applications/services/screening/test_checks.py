"""Screening: judged on frozen facts, decided by people with reasons, and notified."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from applications.models import Application, ApplicationMove, BonusClaim, Check
from applications.services.screening import checks, supplements
from applications.services.screening import supplements as supplements_services
from applications.states import CheckDecision, SupplementState
from portal.core.clock import KST
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.models import Notice
from programs.models import SubProgram
from programs.queries.calendar import holidays
from programs.rules import deadlines
from tests.factories import staff
from tests.factories.applications import NOW, SupplementFactory

pytestmark = pytest.mark.django_db
OLD_ENOUGH = "2020-02-10"  # a year before NOW
FACTS = {"company_size": "small", "tax_debt": False, "built_on": OLD_ENOUGH, "visited": True}


@pytest.fixture
def program() -> SubProgram:
    return staff.program()


@pytest.fixture
def officer(program):
    return staff.officer(program)


def in_screening(program, officer, facts=FACTS) -> Application:
    application = staff.filed(program, facts=facts)
    checks.take_up(application, by=officer, now=NOW)
    return application


def met(application: Application) -> dict[str, bool | None]:
    return dict(application.checks.values_list("code", "met"))


def codes(error: pytest.ExceptionInfo) -> list[str]:
    return [finding.code for finding in error.value.findings]


def test_every_condition_is_judged_on_the_facts_that_were_frozen(program, officer) -> None:
    application = in_screening(
        program, officer, {"company_size": "mid", "tax_debt": False, "built_on": "2020-02-11"}
    )
    assert met(application) == {"small": False, "no-tax-debt": True, "built": False, "advice": None}


def test_a_factory_built_a_year_before_the_day_of_filing_is_old_enough(program, officer) -> None:
    assert met(in_screening(program, officer))["built"] is True


def test_a_condition_that_does_not_concern_the_application_is_not_checked(program, officer) -> None:
    only_robots = [{**staff.CONDITIONS[0], "when": {"track": ["robot"]}}, staff.CONDITIONS[1]]
    facts = {**FACTS, "track": "basic"}
    application = staff.filed(program, facts=facts, conditions=only_robots)
    checks.take_up(application, by=officer, now=NOW)
    assert set(met(application)) == {"no-tax-debt"}


def test_screening_is_begun_once(program, officer) -> None:
    application = in_screening(program, officer)
    with pytest.raises(MoveNotAllowed):
        checks.take_up(application, by=officer, now=NOW)
    assert application.checks.count() == 4


def test_overruling_turns_a_judgement_round_and_keeps_the_reason(program, officer) -> None:
    application = in_screening(program, officer, {**FACTS, "company_size": "mid"})
    check = application.checks.get(code="small")
    with pytest.raises(BadInput):
        checks.overrule(check, reason=" ", by=officer, now=NOW)
    checks.overrule(check, reason="중소기업확인서로 확인", by=officer, now=NOW)
    check.refresh_from_db()
    assert (check.final, check.reason, check.decided_by) == (True, "중소기업확인서로 확인", officer)
    row = ApplicationMove.objects.get(thing=application, move="check")
    assert (row.by, row.at, row.source, row.target) == (officer, NOW, "screening", "screening")
    assert "중소기업확인서로 확인" in row.note


def test_what_could_not_be_judged_is_confirmed_only_with_a_reason(program, officer) -> None:
    application = in_screening(program, officer, {})
    check = application.checks.get(code="small")
    with pytest.raises(BadInput):
        checks.confirm(check, by=officer, now=NOW)
    checks.confirm(check, by=officer, now=NOW, reason="서류로도 확인되지 않음")
    assert check.final is False


def test_all_that_was_found_met_is_confirmed_at_once(program, officer) -> None:
    application = in_screening(program, officer, {**FACTS, "company_size": "mid"})
    assert checks.confirm_met(application, by=officer, now=NOW) == 3
    with pytest.raises(MoveNotAllowed) as refused:
        checks.confirm_met(application, by=officer, now=NOW)
    assert refused.value.code == "none_met"
    assert application.checks.get(decision=CheckDecision.PENDING).code == "small"


def test_an_application_goes_on_when_everything_is_decided(program, officer) -> None:
    application = in_screening(program, officer)
    checks.confirm_met(application, by=officer, now=NOW)
    checks.qualify(application, by=officer, now=NOW)
    application.refresh_from_db()
    assert application.state == "assessing"


def test_everything_undecided_is_named_at_once(program, officer) -> None:
    application = in_screening(program, officer, {**FACTS, "company_size": "mid"})
    checks.confirm(application.checks.get(code="small"), by=officer, now=NOW)
    BonusClaim.objects.create(
        application=application, code="covid", label="코로나19", claim="마스크", points=5
    )
    SupplementFactory(application=application)
    with pytest.raises(RuleBroken) as refused:
        checks.qualify(application, by=officer, now=NOW)
    assert sorted(codes(refused)) == ["bonus_pending", "check_failed", *["check_pending"] * 3,
                                      "supplement_open"]  # fmt: skip


def test_a_condition_that_only_advises_stops_nobody(program, officer) -> None:
    application = in_screening(program, officer, {**FACTS, "visited": False})
    checks.confirm_met(application, by=officer, now=NOW)
    checks.confirm(application.checks.get(code="advice"), by=officer, now=NOW)
    checks.qualify(application, by=officer, now=NOW)
    assert application.state == "assessing"


@pytest.mark.parametrize(
    ("today", "days", "due"),
    [
        (datetime(2021, 2, 10, 9, tzinfo=KST), 7, datetime(2021, 2, 17, 18, tzinfo=KST)),
        (datetime(2021, 2, 10, 23, 59, tzinfo=KST), 3, datetime(2021, 2, 15, 18, tzinfo=KST)),
        (datetime(2021, 2, 12, 18, tzinfo=KST), 2, datetime(2021, 2, 15, 18, tzinfo=KST)),
    ],
)
def test_days_are_counted_from_the_next_and_end_on_a_weekday(today, days, due) -> None:
    assert deadlines.due_after(today, days, deadlines.Policy.WORKING_DAY_18, holidays()) == due


def test_a_period_does_not_end_on_a_public_holiday() -> None:
    seollal = datetime(2021, 2, 8, 9, tzinfo=KST)  # the 11th to the 13th are holidays, then Sunday
    due = deadlines.due_after(seollal, 3, deadlines.Policy.WORKING_DAY_18, holidays())
    assert due == datetime(2021, 2, 15, 18, tzinfo=KST)


def test_a_request_for_more_reaches_everybody_who_may_answer(program, officer) -> None:
    application = in_screening(program, officer)
    asked = supplements_services.request(
        application,
        message="견적서의 금액을 적어 주세요.",
        requirements=["quote"],
        by=officer,
        now=NOW,
    )
    assert asked.due_at == datetime(2021, 2, 17, 18, tzinfo=KST)
    letter = Notice.objects.get(key__startswith=f"supplement:{asked.pk}:")
    assert "견적서의 금액을 적어 주세요." in letter.body
    assert "- 견적서" in letter.body
    assert "보완 기한: 2021년 2월 17일 18시\n" in letter.body


def test_only_one_request_is_open_at_a_time(program, officer) -> None:
    application = in_screening(program, officer)
    supplements_services.request(application, message="하나", by=officer, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        supplements_services.request(application, message="둘", by=officer, now=NOW)
    assert refused.value.code == "supplement_open"
    assert ApplicationMove.objects.filter(thing=application, move="ask").count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"message": " "},
        {"message": "x", "requirements": ["nothing-like-it"]},
        {"message": "x", "due_at": NOW},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(program, officer, wrong) -> None:
    application = in_screening(program, officer)
    with pytest.raises(BadInput):
        supplements_services.request(application, by=officer, now=NOW, **wrong)
    assert not application.supplements.exists()


def test_at_its_due_instant_a_request_is_over_and_once_only(program, officer) -> None:
    application = in_screening(program, officer)
    asked = supplements_services.request(application, message="보완", by=officer, now=NOW)
    assert supplements_services.expire(asked.due_at - timedelta(microseconds=1)) == 0
    assert supplements_services.expire(asked.due_at) == 1
    assert supplements_services.expire(asked.due_at) == 0
    asked.refresh_from_db()
    assert asked.state == SupplementState.EXPIRED
    assert ApplicationMove.objects.get(thing=application, move="overdue").by is None
    assert Notice.objects.filter(key__startswith="supplement-expired:").count() == 1


def test_the_desk_is_told_where_the_latest_request_stands(program, officer) -> None:
    application = in_screening(program, officer)

    def stands() -> str:
        return Application.objects.values_list("supplement_state", flat=True).get()

    assert stands() == ""
    first = supplements_services.request(application, message="하나", by=officer, now=NOW)
    assert stands() == "open"
    supplements.answer(first, answer="고쳤습니다.", by=application.created_by, now=NOW)
    assert stands() == "answered"
    row = ApplicationMove.objects.get(thing=application, move="answer")
    assert (row.by, row.source, row.target) == (application.created_by, "screening", "screening")
    second = supplements_services.request(application, message="둘", by=officer, now=NOW)
    supplements_services.expire(second.due_at)
    assert stands() == "expired"


def test_nobody_is_turned_away_while_a_request_is_open(program, officer) -> None:
    application = in_screening(program, officer)
    supplements_services.request(application, message="보완", by=officer, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        staff.excluded(application, failed=["other"], note="서류 미비", by=officer, now=NOW)
    assert refused.value.code == "supplement_open"
    assert Application.objects.get(pk=application.pk).state == "screening"


def test_who_is_turned_away_reads_why_and_may_be_taken_back_by_a_manager(program, officer) -> None:
    application = in_screening(program, officer)
    for unknown in ([], ["check:unknown"]):
        with pytest.raises(BadInput) as refused:
            staff.excluded(application, failed=unknown, note="이유", by=officer, now=NOW)
        assert refused.value.code == "failed"
    failed = ["document:quote", "other"]
    staff.excluded(application, failed=failed, note="소기업이 아닙니다.", by=officer, now=NOW)
    made = application.exclusions.get()
    assert (made.messages, made.by) == (
        ["제출서류: 견적서", "그 밖의 요건(사유에 적음)"],
        officer,
    )
    letter = Notice.objects.get(key__startswith="ineligible:").body
    assert "소기업이 아닙니다." in letter
    assert "- 제출서류: 견적서" in letter
    with pytest.raises(MoveNotAllowed):
        checks.reinstate(application, note="다시", by=officer, now=NOW)
    checks.reinstate(application, note="확인서 제출", by=staff.manager(), now=NOW)
    assert application.state == "screening"
    assert Notice.objects.filter(key__startswith="reinstated:").count() == 1


@pytest.mark.parametrize(("granted", "state"), [(True, "granted"), (False, "refused")])
def test_a_bonus_is_decided_with_a_reason_and_logged(program, officer, granted, state) -> None:
    application = in_screening(program, officer)
    claim = BonusClaim.objects.create(
        application=application,
        code="covid",
        label="코로나19",
        claim="마스크",
        points=5,
        hinted=True,
    )
    with pytest.raises(BadInput):
        checks.decide_bonus(claim, granted=granted, reason="", by=officer, now=NOW)
    checks.decide_bonus(claim, granted=granted, reason="의약외품 허가증", by=officer, now=NOW)
    assert (claim.state, claim.decided_by, claim.decided_at) == (state, officer, NOW)
    assert "의약외품 허가증" in ApplicationMove.objects.get(thing=application, move="bonus").note


def test_checks_and_bonuses_are_closed_after_screening(program, officer) -> None:
    application = in_screening(program, officer)
    claim = BonusClaim.objects.create(
        application=application, code="covid", label="코로나19", claim="마스크", points=5
    )
    checks.decide_bonus(claim, granted=True, reason="확인", by=officer, now=NOW)
    checks.confirm_met(application, by=officer, now=NOW)
    checks.qualify(application, by=officer, now=NOW)
    claim = BonusClaim.objects.select_related("application").get(pk=claim.pk)
    with pytest.raises(MoveNotAllowed):
        checks.decide_bonus(claim, granted=False, reason="다시", by=officer, now=NOW)
    with pytest.raises(MoveNotAllowed):
        checks.overrule(Check.objects.first(), reason="다시", by=officer, now=NOW)
    claim.refresh_from_db()
    assert claim.state == "granted"


@pytest.mark.parametrize("act", [checks.confirm_met, checks.clear])
def test_the_application_is_locked_before_its_checks_as_in_an_act_on_many(
    program, officer, act
) -> None:
    application = in_screening(program, officer)
    with CaptureQueriesContext(connection) as caught:
        act(application, by=officer, now=NOW)
    tables = [
        name
        for row in caught.captured_queries
        for name in ("applications_application", "applications_check")
        if f'FROM "{name}"' in row["sql"] or f'UPDATE "{name}"' in row["sql"]
    ]
    assert tables[0] == "applications_application"
