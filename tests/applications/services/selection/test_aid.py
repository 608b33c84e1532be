"""Aid already granted to a firm: from the ledger, held against limits that bind."""

from typing import Any

import pytest

from applications.models import AidException, Application, Company, Decision, Selection
from applications.queries.selection import aid as queries
from applications.queries.selection import reserve as places
from applications.services.agreement import contracts as service
from applications.services.selection import aid, changes, proposals
from applications.states import ChangeKind, Outcome
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from programs.models import ProgramRound, SubProgram
from programs.queries.ledger import balance
from programs.services import ledger
from tests.factories import agreements, staff
from tests.factories.applications import NOW, CompanyFactory, SiteFactory

pytestmark = pytest.mark.django_db

TOTAL = {"code": "total", "label": "합계", "counts": "won", "scope": "all", "exception": False}
ONCE = {"code": "once", "label": "건수", "counts": "awards", "scope": "program", "most": 1}


def limited(most: int = 100, *, once: bool = False) -> None:
    """Give every round these limits."""
    rows: list[dict[str, Any]] = [{**TOTAL, "most": most}]
    if once:
        rows.append({**ONCE, "exception": True})
    ProgramRound.objects.update(limits=rows)


def apply(
    program: SubProgram, company: Company, *, support: int, marks=(24, 32, 24)
) -> Application:
    """An application of this firm that three assessors have judged."""
    made = staff.judged(program, marks, judges=staff.assessors(3), support=support)
    Application.objects.filter(pk=made.pk).update(
        company=company, site=SiteFactory(company=company)
    )
    made.refresh_from_db()
    return made


def outcome(application: Application) -> tuple[str, str]:
    row = Decision.objects.filter(application=application).order_by("-pk")[0]
    return row.outcome, row.reason_code


def test_aid_is_counted_over_all_programmes_without_what_was_given_back() -> None:
    company, boss = CompanyFactory(), staff.manager()
    first, second = staff.program(), staff.program()
    one, two = apply(first, company, support=60), apply(second, company, support=30)
    apply(second, CompanyFactory(), support=5)
    staff.released(first, by=boss)
    staff.released(second, by=boss)
    held = queries.of_application(two)
    assert {row.application.pk: row.won for row in held} == {one.pk: 60, two.pk: 30}
    assert [row.won for row in queries.of_firms([company.pk], year=2020).get(company.pk, [])] == []
    ledger.release(
        first.pot,
        ledger.Booking(amount=60, reference="test:back", subject=one.subject),
        by=boss,
        now=NOW,
    )
    assert [row.application.pk for row in queries.of_application(two)] == [two.pk]


def test_a_proposal_sets_aside_whose_firm_may_hold_no_more() -> None:
    company, boss = CompanyFactory(), staff.manager()
    first, second = staff.program(), staff.program()
    limited(100)
    apply(first, company, support=60)
    staff.released(first, by=boss)
    best = apply(second, company, support=50, marks=(30, 40, 30))
    other = apply(second, CompanyFactory(), support=50)
    made = staff.proposed(second, boss)
    assert outcome(best) == (Outcome.REJECTED, "aid_limit")
    assert outcome(other)[0] == Outcome.SELECTED
    reason = made.decisions.get(application=best).reason
    assert "이미 60원, 이번에 50원으로 한도 100원을 넘습니다." in reason
    assert made.cut["selected_count"] == 1
    assert "aid_limit" in {row["code"] for row in made.cut["warnings"]}
    staff.decided(made, by=boss)
    assert balance(second.pot).reserved == 50


def test_two_applications_of_one_firm_in_one_list_share_its_room() -> None:
    company, boss, program = CompanyFactory(), staff.manager(), staff.program()
    limited(100)
    apply(program, company, support=60, marks=(30, 40, 30))
    second = apply(program, company, support=50)
    third = apply(program, company, support=40, marks=(20, 30, 20))
    staff.proposed(program, boss)
    assert outcome(second) == (Outcome.REJECTED, "aid_limit")
    assert outcome(third)[0] == Outcome.SELECTED


def test_what_was_promised_since_the_proposal_stops_the_decision() -> None:
    company, boss = CompanyFactory(), staff.manager()
    first, second = staff.program(), staff.program()
    limited(100)
    apply(first, company, support=60)
    late = apply(second, company, support=50)
    waiting = staff.confirmed(staff.proposed(second, boss))
    staff.released(first, by=boss)
    with pytest.raises(RuleBroken) as refused:
        proposals.decide(waiting, by=boss, now=NOW)
    assert refused.value.code == "aid_limit"
    assert [row.code for row in refused.value.findings] == ["aid_limit:total"]
    assert late.number in refused.value.message
    assert balance(second.pot).reserved == 0
    assert Selection.objects.get(pk=waiting.pk).state == "confirmed"


def test_a_manager_lifts_a_limit_that_allows_it_and_the_next_proposal_selects() -> None:
    company, boss, program = CompanyFactory(), staff.manager(), staff.program()
    limited(1_000, once=True)
    apply(program, company, support=60, marks=(30, 40, 30))
    second = apply(program, company, support=50)
    old = staff.proposed(program, boss)
    assert outcome(second) == (Outcome.REJECTED, "aid_limit")
    made = aid.allow(second, limit="once", reason="다른 공장의 다른 공정", by=boss, now=NOW)
    assert (made.by, made.reason) == (boss, "다른 공장의 다른 공정")
    new = proposals.revise(old, places=None, reserve_places=None, note="예외", by=boss, now=NOW)
    proposals.propose(new, now=NOW)
    assert outcome(second)[0] == Outcome.SELECTED
    staff.decided(new, by=boss)
    assert balance(program.pot).reserved == 110


@pytest.mark.parametrize(
    ("role", "words", "error", "code"),
    [
        ("officer", {}, MoveNotAllowed, "role"),
        ("auditor", {}, MoveNotAllowed, "role"),
        ("manager", {"limit": "total"}, MoveNotAllowed, "no_exception"),
        ("manager", {"limit": "none"}, BadInput, "limit"),
        ("manager", {"reason": "  "}, BadInput, "reason"),
        ("manager", {"reason": "가" * 301}, BadInput, "reason"),
    ],
)
def test_an_exception_is_a_managers_and_needs_a_reason_and_a_limit_that_allows_it(
    role: str, words: dict[str, str], error: type[Exception], code: str
) -> None:
    made = apply(staff.program(), CompanyFactory(), support=50)
    limited(once=True)
    who = staff.staff(role)
    with pytest.raises(error) as refused:
        aid.allow(made, **{"limit": "once", "reason": "사유", **words}, by=who, now=NOW)
    assert refused.value.code == code  # type: ignore[attr-defined]
    assert not AidException.objects.exists()


def test_an_exception_is_given_once() -> None:
    made = apply(staff.program(), CompanyFactory(), support=50)
    limited(once=True)
    boss = staff.manager()
    aid.allow(made, limit="once", reason="사유", by=boss, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        aid.allow(made, limit="once", reason="사유", by=boss, now=NOW)
    assert refused.value.code == "exception_there"


def test_a_later_decision_that_selects_is_bound_as_well() -> None:
    company, boss = CompanyFactory(), staff.manager()
    first, second = staff.program(), staff.program()
    apply(second, CompanyFactory(), support=50, marks=(30, 40, 30))
    beaten = apply(second, company, support=50)
    staff.released(second, by=boss, places=1, reserve_places=0)
    change = changes.propose(
        beaten,
        kind=ChangeKind.REVERSAL,
        outcome=Outcome.SELECTED,
        reason="채점 오류",
        by=staff.officer(second),
        now=NOW,
    )
    changes.second(change, by=boss, now=NOW)
    apply(first, company, support=60)
    staff.released(first, by=boss)
    limited(100)
    change.refresh_from_db()
    with pytest.raises(RuleBroken) as refused:
        changes.approve(change, by=staff.manager(), now=NOW)
    assert refused.value.code == "aid_limit"
    assert outcome(beaten)[0] == Outcome.REJECTED


def test_a_reserve_whose_firm_may_hold_no_more_is_passed_over() -> None:
    company, boss = CompanyFactory(), staff.manager()
    first, second = staff.program(), staff.program()
    apply(second, CompanyFactory(), support=50, marks=(30, 40, 30))
    apply(second, company, support=50, marks=(28, 36, 28))
    last = apply(second, CompanyFactory(), support=50)
    made = staff.released(second, by=boss, places=1)
    apply(first, company, support=60)
    staff.released(first, by=boss)
    assert places.status(made).next.rank == 2
    limited(100)
    assert places.status(made).next.application_id == last.pk


def test_an_agreement_is_bound_when_it_is_concluded() -> None:
    world = agreements.World()
    world.papers()
    world.sign()
    boss = world.manager
    limited(world.grant_won - 1)
    with pytest.raises(RuleBroken) as refused:
        service.conclude(world.fresh(), **world.words(boss))
    assert refused.value.code == "aid_limit"
    limited(world.grant_won)
    service.conclude(world.fresh(), **world.words(boss))
    assert world.money.committed == world.grant_won


def test_the_firm_reads_only_results_that_it_knows() -> None:
    company, boss = CompanyFactory(), staff.manager()
    first, second = staff.program(), staff.program()
    apply(first, company, support=60)
    staff.released(first, by=boss)
    apply(second, company, support=30)
    staff.decided(staff.proposed(second, boss), by=boss)
    assert queries.company_summary(company.pk)["aid_won"] == 60
    assert sum(row.won for row in queries.of_firms([company.pk])[company.pk]) == 90
