"""Every move of an agreement, for every state and every role: what is not listed is refused."""

import itertools

import pytest

from applications.models import Agreement
from applications.states import AGREEMENT_MOVES, AgreementState
from portal.errors import MoveNotAllowed
from portal.roles import ASSESSOR, AUDITOR, MANAGER, OFFICER, OPERATOR, SYSTEM
from portal.workflow import OWNER, allowed, move
from tests.factories.agreements import World
from tests.factories.applications import UserFactory

pytestmark = pytest.mark.django_db
A = AgreementState
STAFF = {OFFICER, MANAGER}
# name: (from, to, who), written out here once more so that no change passes unseen
TABLE = {
    "conclude": ({A.PREPARING}, A.ACTIVE, {MANAGER}),
    "finish": ({A.ACTIVE}, A.SETTLING, {OWNER}),
    "wind_up": ({A.ACTIVE}, A.SETTLING, {MANAGER}),
    "settle": ({A.SETTLING}, A.SETTLED, {MANAGER}),
    "void": ({A.ACTIVE, A.SETTLING}, A.SETTLED, {MANAGER}),
    "close": ({A.SETTLED}, A.CLOSED, {MANAGER}),
    "close_ended": ({A.SETTLED}, A.ENDED, {MANAGER}),
    "drop": ({A.PREPARING}, A.ENDED, {MANAGER, SYSTEM}),
    "break_off": ({A.ACTIVE}, A.ENDED, {MANAGER}),
    "hand_in": ({A.PREPARING}, A.PREPARING, {OWNER}),
    "check_paper": ({A.PREPARING}, A.PREPARING, STAFF),
    "reissue": ({A.PREPARING}, A.PREPARING, STAFF),
    "extend": ({A.PREPARING}, A.PREPARING, {MANAGER}),
    "sign": ({A.PREPARING}, A.PREPARING, {OWNER}),
    "request_pay": ({A.ACTIVE}, A.ACTIVE, {OFFICER}),
    "return_pay": ({A.ACTIVE}, A.ACTIVE, {MANAGER}),
    "pay": ({A.ACTIVE}, A.ACTIVE, {MANAGER}),
    "report": ({A.ACTIVE}, A.ACTIVE, {OWNER}),
    "mid_check": ({A.ACTIVE}, A.ACTIVE, STAFF),
    "ask_change": ({A.ACTIVE}, A.ACTIVE, {OWNER}),
    "examine_change": ({A.ACTIVE}, A.ACTIVE, {OFFICER}),
    "approve_change": ({A.ACTIVE}, A.ACTIVE, {MANAGER}),
    "refuse_change": ({A.ACTIVE}, A.ACTIVE, STAFF),
    "sign_change": ({A.ACTIVE}, A.ACTIVE, {OWNER}),
    "amend": ({A.ACTIVE}, A.ACTIVE, {MANAGER}),
    "refile": ({A.SETTLING}, A.SETTLING, {OWNER}),
    "final_check": ({A.SETTLING}, A.SETTLING, STAFF),
    "hand_over": ({A.SETTLING}, A.SETTLING, {OWNER}),
    "reopen_spending": ({A.SETTLING}, A.SETTLING, STAFF),
    "propose_settlement": ({A.SETTLING}, A.SETTLING, {OFFICER}),
    "return_settlement": ({A.SETTLING}, A.SETTLING, {MANAGER}),
    "request_balance": ({A.SETTLED}, A.SETTLED, {OFFICER}),
    "return_balance": ({A.SETTLED}, A.SETTLED, {MANAGER}),
    "pay_balance": ({A.SETTLED}, A.SETTLED, {MANAGER}),
    "recover": ({A.SETTLED}, A.SETTLED, STAFF),
}
ROLES = (None, OWNER, SYSTEM, ASSESSOR, OFFICER, MANAGER, AUDITOR, OPERATOR)


def test_the_table_is_the_one_written_here() -> None:
    told = {
        name: (set(row.source), row.target, set(row.roles)) for name, row in AGREEMENT_MOVES.items()
    }
    assert told == TABLE


def test_nobody_makes_a_move_that_is_not_listed() -> None:
    people = {
        role: UserFactory(roles=[role]) for role in (ASSESSOR, OFFICER, MANAGER, AUDITOR, OPERATOR)
    }
    stranger = UserFactory()
    for (name, step), state, role in itertools.product(
        AGREEMENT_MOVES.items(), AgreementState.values, ROLES
    ):
        source, _, roles = TABLE[name]
        by = None if role == SYSTEM else people.get(role, stranger)
        found = allowed(step, state=state, by=by, owner=role == OWNER)
        assert found == (state in source and role in roles), (name, state, role)


def test_a_refused_move_writes_nothing() -> None:
    world = World()
    for name in AGREEMENT_MOVES:
        before = Agreement.objects.values().get()
        with pytest.raises(MoveNotAllowed):
            move(world.fresh(), name, by=UserFactory(), now=world.now, note="x")
        assert Agreement.objects.values().get() == before
    assert not world.agreement.moves.exists()
