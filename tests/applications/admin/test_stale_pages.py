"""Two people, two tabs, two clicks on one staff page: the first acts, the second is told."""

import re
import threading
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from applications.models import Application, ApplicationMove, BonusClaim, Check, Spending
from applications.services.screening import checks, exclusions
from applications.services.settlement import spending
from portal.core.errors import StaleVersion
from portal.models import StaffAct, User
from portal.staff import acts
from tests.factories import staff
from tests.factories.agreements import World
from tests.factories.applications import NOW
from tests.faults.together import at_once

Desk = Callable[[User], Client]


def act(thing, name: str) -> str:
    return reverse(f"admin:{thing._meta.label_lower.replace('.', '_')}_act", args=[thing.pk, name])


def opened(client: Client, url: str) -> dict[str, str]:
    """Return the hidden fields of the page's form."""
    body = client.get(url).content.decode()
    return {"seen": re.search(r'name="seen" value="([^"]+)"', body)[1]}


def text(answer) -> str:
    return answer.content.decode()


@pytest.fixture
def claim(db: None) -> BonusClaim:
    program = staff.program()
    application = staff.filed(program)
    checks.take_up(application, by=staff.officer(program), now=NOW)
    return BonusClaim.objects.create(
        application=application, code="green", label="친환경", claim="허가증", points=3
    )


def screens(row: BonusClaim | Check, first: str, second: str) -> list[tuple]:
    return [
        (act(row, first), {"reason": "허가증 확인"}),
        (act(row, second), {"reason": "품목이 다름"}),
    ]


@pytest.mark.parametrize("own", [False, True], ids=["two people", "two tabs"])
@pytest.mark.parametrize("kind", ["bonus", "check"])
def test_the_second_is_told_what_the_first_did(claim, desk: Desk, own: bool, kind: str) -> None:
    program = claim.application.sub_program
    one = staff.officer(program)
    other = one if own else staff.officer(program)
    row = claim if kind == "bonus" else claim.application.checks.first()
    first, second = screens(
        row, *(("grant", "refuse") if kind == "bonus" else ("confirm", "overrule"))
    )
    here, there = desk(one), desk(other)
    old = opened(there, second[0])
    assert here.post(first[0], {**opened(here, first[0]), **first[1]}).status_code == 302
    body = text(there.post(second[0], {**old, **second[1]}))
    assert "지금 누르신 처리는 하지 않았습니다" in body
    assert ("다른 창에서 이미 처리하셨습니다" in body) is own
    assert ("다른 사람이 먼저 처리했습니다" in body) is not own
    assert str(one) in body
    assert "사유: 허가증 확인" in body
    assert "품목이 다름" in body  # what was typed is still in the form
    row.refresh_from_db()
    assert row.reason == "허가증 확인"
    assert row.decided_by == one
    # The page now shows the first decision, so the second may still decide, knowingly.
    again = re.search(r'name="seen" value="([^"]+)"', body)[1]
    assert there.post(second[0], {"seen": again, **second[1]}).status_code == 302
    row.refresh_from_db()
    assert row.reason == "품목이 다름"


def test_a_second_click_gets_the_first_answer(claim, desk: Desk) -> None:
    client = desk(staff.officer(claim.application.sub_program))
    url = act(claim, "grant")
    data = {**opened(client, url), "reason": "확인"}
    answers = [client.post(url, data, follow=True) for _ in range(2)]
    told = [[str(one) for one in answer.context["messages"]] for answer in answers]
    assert told == [["가점을 인정했습니다: 친환경"]] * 2
    assert ApplicationMove.objects.filter(move="bonus").count() == 1


def test_an_act_that_is_over_is_told_and_keeps_what_was_typed(claim, desk: Desk) -> None:
    application: Application = claim.application
    officer = staff.officer(application.sub_program)
    client, url, failed = desk(officer), act(application, "exclude"), [exclusions.OTHER]
    old = opened(client, url)
    staff.excluded(application, failed=failed, note="요건 미충족", by=officer, now=NOW)
    body = text(client.post(url, {**old, "note": "길게 적은 사유", "failed": failed}))
    assert "요건검토 → 요건 미충족" in body
    assert "요건 미충족" in body
    assert "길게 적은 사유" in body
    assert ApplicationMove.objects.filter(move="exclude").count() == 1


def test_a_change_from_elsewhere_makes_the_page_old(claim, desk: Desk) -> None:
    """All checks are confirmed on the application's own page while one of them is open."""
    by = staff.officer(claim.application.sub_program)
    check = claim.application.checks.filter(met=True).first()
    client = desk(by)
    url = act(check, "overrule")
    old = opened(client, url)
    checks.confirm_met(claim.application, by=staff.manager(), now=NOW)
    body = text(client.post(url, {**old, "reason": "다시 봄"}))
    assert "다른 사람이 먼저 처리했습니다" in body
    check.refresh_from_db()
    assert check.decision == "confirmed"


@pytest.mark.parametrize("token", ["forged", "of another act", "of another person"])
def test_a_token_of_something_else_does_nothing(claim, desk: Desk, token: str) -> None:
    program = claim.application.sub_program
    client, url = desk(staff.officer(program)), act(claim, "grant")
    seen = {
        "forged": lambda: {"seen": "x:y:z"},
        "of another act": lambda: opened(client, act(claim, "refuse")),
        "of another person": lambda: opened(desk(staff.officer(program)), url),
    }[token]()
    body = text(client.post(url, {**seen, "reason": "적어 둔 사유"}))
    assert "이 화면은 더 쓸 수 없습니다" in body
    assert "적어 둔 사유" in body
    claim.refresh_from_db()
    assert claim.state == "claimed"


def test_every_act_leaves_before_after_who_and_why(claim, desk: Desk) -> None:
    by = staff.officer(claim.application.sub_program)
    client, url = desk(by), act(claim, "grant")
    client.post(url, {**opened(client, url), "reason": "허가증"})
    row = StaffAct.objects.get()
    assert (row.by, row.note, row.act) == (by, "허가증", "grant")
    assert ["확인", "확인 전", "인정"] in row.changes


# --- Spending: three lines on one form ------------------------------------------------------------


def spent(count: int) -> World:
    world = World().conclude()
    world.pay(1)
    world.half_way()
    world.finish()
    for _ in range(count):
        world.spend_one()
    spending.submit(world.fresh(), by=world.owner, now=world.now)
    world.fresh()
    return world


@pytest.fixture
def claiming(db: None) -> World:
    return spent(3)


def lines(world: World) -> list[Spending]:
    return list(world.agreement.spendings.select_related("agreement").order_by("pk"))


def test_a_refused_form_has_judged_no_line(claiming, desk: Desk) -> None:
    """The last of three lines lacks its reason."""
    client, url = desk(claiming.officer), act(claiming.agreement, "judge")
    data = {f"won_{row.pk}": "1000" for row in lines(claiming)}
    data[f"won_{lines(claiming)[-1].pk}"] = "900"
    body = text(client.post(url, {**opened(client, url), **data}))
    assert "한빛로봇 1,000원: 전액을 인정하지 않는 사유를 적어 주세요." in body
    assert {row.state for row in lines(claiming)} == {"claimed"}
    assert 'value="900"' in body


def test_two_officers_judge_the_same_lines(claiming, desk: Desk) -> None:
    here, there = desk(claiming.officer), desk(claiming.manager)
    url = act(claiming.agreement, "judge")
    old = opened(there, url)
    data = {f"won_{row.pk}": "1000" for row in lines(claiming)}
    here.post(url, {**opened(here, url), **data})
    body = text(there.post(url, {**old, **dict.fromkeys(data, "500")}))
    assert "다른 사람이 먼저 처리했습니다" in body
    assert f"{claiming.officer} · 사용내역 확인" in body
    assert {row.allowed_won for row in lines(claiming)} == {1_000}


def test_a_judged_line_has_its_history(claiming) -> None:
    row = lines(claiming)[0]
    spending.judge(row, allowed_won=900, reason="부가세", by=claiming.officer, now=claiming.now)
    note = claiming.agreement.moves.filter(move="judge_spending").get().note
    assert note == "한빛로봇 1,000원: 확인 전 → 인정 900원. 사유: 부가세"
    old = lines(claiming)[0]
    old.state, old.checked_at = "claimed", None
    with pytest.raises(StaleVersion, match="먼저 확인했습니다"):
        spending.judge(old, allowed_won=0, reason="중복", by=claiming.manager, now=claiming.now)


# --- The same moment, on PostgreSQL ---------------------------------------------------------------


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_officers_decide_one_bonus_at_the_same_moment() -> None:
    program = staff.program()
    application = staff.filed(program)
    people = [staff.officer(program), staff.officer(program)]
    checks.take_up(application, by=people[0], now=NOW)
    claim = BonusClaim.objects.create(
        application=application, code="green", label="친환경", claim="허가증", points=3
    )
    clients = [staff.enter(Client(), by) for by in people]
    urls = [act(claim, "grant"), act(claim, "refuse")]
    forms = [{**opened(clients[i], urls[i]), "reason": f"사유 {i}"} for i in range(2)]
    answers = at_once(2, lambda i: clients[i].post(urls[i], forms[i]))
    assert sorted(answer.status_code for answer in answers) == [200, 302]
    loser = next(answer for answer in answers if answer.status_code == 200)
    assert "다른 사람이 먼저 처리했습니다" in text(loser)
    assert ApplicationMove.objects.filter(move="bonus").count() == 1
    assert StaffAct.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_act_once() -> None:
    world = spent(1)
    url = act(world.agreement, "judge")
    clients = [staff.enter(Client(), world.officer) for _ in range(2)]
    data = {**opened(clients[0], url), f"won_{lines(world)[0].pk}": "1000"}
    answers = at_once(2, lambda i: clients[i].post(url, data))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert world.agreement.moves.filter(move="judge_spending").count() == 1
    assert StaffAct.objects.count() == 1


@pytest.mark.django_db
def test_a_click_that_is_done_while_the_second_is_read_counts_for_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = spent(1)
    url = act(world.agreement, "judge")
    clients = [staff.enter(Client(), world.officer) for _ in range(2)]
    data = {**opened(clients[0], url), f"won_{lines(world)[0].pk}": "1000"}
    form_of = acts._form_of

    def after_the_first(*words, **more):
        monkeypatch.setattr(acts, "_form_of", form_of)
        assert clients[0].post(url, data).status_code == 302
        return form_of(*words, **more)

    monkeypatch.setattr(acts, "_form_of", after_the_first)
    assert clients[1].post(url, data).status_code == 302
    assert StaffAct.objects.count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_version_both_decide() -> None:
    """The negative control: reading first and writing later, as no act does."""
    program = staff.program()
    application = staff.filed(program)
    people = [staff.officer(program), staff.officer(program)]
    checks.take_up(application, by=people[0], now=NOW)
    made = BonusClaim.objects.create(
        application=application, code="green", label="친환경", claim="허가증", points=3
    )
    read = threading.Barrier(2)

    def careless(place: int) -> str:
        row = BonusClaim.objects.get(pk=made.pk)
        read.wait(30)
        if row.decided_by_id:
            return "told"
        row.reason, row.decided_by = f"사유 {place}", people[place]
        row.save(update_fields=["reason", "decided_by"])
        return "decided"

    assert at_once(2, careless) == ["decided", "decided"]
