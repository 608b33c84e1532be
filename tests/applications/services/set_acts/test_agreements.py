"""Agreements of many applications: each judged by the service of the single act, never weaker."""

from datetime import timedelta
from typing import Any

import pytest

from applications.models import Application, SetAct
from applications.services.agreement import contracts, instalments
from applications.services.set_acts import running
from applications.states import SetActKind
from portal.core.errors import BadInput
from portal.models import Notice, User
from portal.records import snapshot
from programs.models import LedgerEntry
from tests.factories.agreements import World
from tests.factories.applications import NOW, ApplicationFactory

pytestmark = pytest.mark.django_db
K = SetActKind


def act(kind: SetActKind, by: User, *rows: Application, **options: Any) -> SetAct:
    return running.run(begin(kind, by, *rows, **options))


def begin(kind: SetActKind, by: User, *rows: Application, **options: Any) -> SetAct:
    chosen = Application.objects.filter(pk__in=[row.pk for row in rows])
    words = {"selection": {}, "options": options, "reason": "함께", "by": by, "now": NOW}
    confirmed = running.choose(kind, chosen).confirmed
    return running.start(kind, chosen, confirmed=confirmed, **words)


def codes(made: SetAct) -> dict[int, str]:
    return dict(made.results.values_list("application", "code"))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "clock_now", lambda: NOW)


def signed() -> World:
    world = World()
    world.papers()
    world.sign()
    return world


def test_what_both_sides_may_sign_is_concluded_and_the_rest_says_what_is_missing() -> None:
    ready, unsigned = signed(), World()
    bare = ApplicationFactory(sub_program=ready.application.sub_program, released=True)
    boss = ready.manager
    made = act(
        K.CONCLUDE, boss, ready.application, unsigned.application, bare, name=boss.name, agreed=True
    )
    found = codes(made)
    assert found[ready.application.pk] == ""
    assert found[bare.pk] == "no_agreement"
    assert found[unsigned.application.pk].startswith("missing:")
    assert (
        "기업이 아직 서명하지 않았습니다."
        in made.results.get(application=unsigned.application).message
    )
    assert (ready.fresh().state, unsigned.fresh().state) == ("active", "preparing")
    assert ready.money.committed == ready.grant_won
    assert Notice.objects.filter(key__startswith="agreement-concluded:").exists()


def test_a_text_written_after_the_confirmation_is_not_signed() -> None:
    world = signed()
    made = begin(K.CONCLUDE, world.manager, world.application, name=world.manager.name, agreed=True)
    contracts.reissue(world.fresh(), reason="금액을 고침", by=world.officer, now=NOW)
    content = {"changed": True, **world.fresh().versions.get(number=2).content}
    assert snapshot.sha256(content)
    world.sign()
    running.run(made)
    assert codes(made) == {world.application.pk: "text_changed"}
    assert world.fresh().state == "preparing"


@pytest.mark.parametrize(
    ("words", "code"), [({"agreed": False}, "consent"), ({"name": "남의이름"}, "name")]
)
def test_a_signature_that_counts_on_no_text_starts_nothing(words, code) -> None:
    world = signed()
    with pytest.raises(BadInput) as refused:
        begin(
            K.CONCLUDE,
            world.manager,
            world.application,
            **{"name": world.manager.name, "agreed": True, **words},
        )
    assert (refused.value.code, SetAct.objects.count()) == (code, 0)


def test_one_person_does_not_request_and_pay_many() -> None:
    mine, others, none = World().conclude(), World().conclude(), World().conclude()
    instalments.request(mine.part(1), by=mine.officer, now=NOW)
    both = others.officer
    asked = act(K.REQUEST_PAY, both, others.application, mine.application)
    assert codes(asked) == {others.application.pk: "", mine.application.pk: "not_payable"}
    both.groups.set(mine.manager.groups.all())
    both = User.objects.get(pk=both.pk)
    made = act(K.PAY, both, mine.application, others.application, none.application)
    assert codes(made) == {
        mine.application.pk: "",
        others.application.pk: "same_person",
        none.application.pk: "no_pay_request",
    }
    assert (mine.money.paid, others.money.paid) == (mine.part(1).amount_won, 0)
    assert LedgerEntry.objects.filter(kind="pay").count() == 1


def test_what_was_requested_after_the_confirmation_is_not_paid() -> None:
    unseen, other, stays = World().conclude(), World().conclude(), World().conclude()
    for world in (other, stays):
        instalments.request(world.part(1), by=world.officer, now=NOW)
    boss = stays.manager
    made = begin(K.PAY, boss, unseen.application, other.application, stays.application)
    instalments.request(unseen.part(1), by=unseen.officer, now=NOW)
    instalments.send_back(other.part(1), reason="다시", by=other.other, now=NOW)
    instalments.request(other.part(1), by=other.officer, now=NOW + timedelta(minutes=1))
    running.run(made)
    assert codes(made) == {
        unseen.application.pk: "request_changed",
        other.application.pk: "request_changed",
        stays.application.pk: "",
    }
    assert (unseen.money.paid, other.money.paid) == (0, 0)


def test_another_instalment_than_the_confirmed_one_is_not_requested() -> None:
    world = World().conclude()
    made = begin(K.REQUEST_PAY, world.officer, world.application)
    world.pay(1)
    world.half_way()
    assert instalments.next_payable(world.fresh()) == world.part(2)
    running.run(made)
    assert codes(made) == {world.application.pk: "request_changed"}


def test_only_settled_agreements_are_closed() -> None:
    done, going = World().conclude(), World().conclude()
    done.pay(1)
    done.half_way()
    done.pay(2)
    done.finish()
    done.spend({"robot": 60_000_000, "integration": 30_000_000, "training": 10_000_000})
    done.settle()
    while part := instalments.next_payable(done.fresh()):
        done.pay(part.number)
    made = act(K.CLOSE, done.manager, done.application, going.application)
    assert codes(made) == {done.application.pk: "", going.application.pk: "move_not_allowed"}
    assert (done.fresh().state, going.fresh().state) == ("closed", "active")
    assert Application.objects.get(pk=done.application.pk).state == "closed"
