"""Every move of every life of an application, for every state and role: the rest is refused."""

import itertools
from collections.abc import Iterable, Mapping

import pytest
from django.apps import apps

from applications.models import Agreement
from applications.roles import ASSESSOR
from applications.states import (
    APPLICANT_LABELS,
    AgreementMoves,
    AgreementState,
    ApplicationState,
    ChangeState,
    DeliverableState,
    InquiryState,
    ObjectionState,
    OpinionState,
    SelectionState,
)
from portal.access.roles import AUDITOR, OPERATOR, SYSTEM, role_names
from portal.core.errors import MoveNotAllowed
from portal.models import Stateful
from portal.records.workflow import OWNER, allowed, move
from programs.roles import MANAGER, OFFICER
from tests.factories.agreements import World
from tests.factories.applications import UserFactory

pytestmark = pytest.mark.django_db
A = AgreementState
S, T, C, O, D = ApplicationState, SelectionState, ChangeState, ObjectionState, DeliverableState  # noqa: E741 - as in the tables
STAFF = {OFFICER, MANAGER}
Edge = tuple[set[str], str, set[str]]
# name: (from, to, who), written out here once more so that no change passes unseen
AGREEMENT: Mapping[str, Edge] = {
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
    "judge_spending": ({A.SETTLING}, A.SETTLING, STAFF),
    "reopen_spending": ({A.SETTLING}, A.SETTLING, STAFF),
    "propose_settlement": ({A.SETTLING}, A.SETTLING, {OFFICER}),
    "return_settlement": ({A.SETTLING}, A.SETTLING, {MANAGER}),
    "request_balance": ({A.SETTLED}, A.SETTLED, {OFFICER}),
    "return_balance": ({A.SETTLED}, A.SETTLED, {MANAGER}),
    "pay_balance": ({A.SETTLED}, A.SETTLED, {MANAGER}),
    "recover": ({A.SETTLED}, A.SETTLED, STAFF),
}
APPLICATION: Mapping[str, Edge] = {
    "submit": ({S.DRAFT}, S.SUBMITTED, {OWNER}),
    "take_up": ({S.SUBMITTED}, S.SCREENING, STAFF),
    "qualify": ({S.SCREENING}, S.ASSESSING, STAFF),
    "exclude": ({S.SCREENING}, S.INELIGIBLE, STAFF),
    "reinstate": ({S.INELIGIBLE}, S.SCREENING, {MANAGER}),
    "decide": ({S.ASSESSING}, S.DECIDED, {MANAGER}),
    "undecide": ({S.DECIDED}, S.ASSESSING, {MANAGER}),
    "release": ({S.DECIDED}, S.RELEASED, {MANAGER}),
    "reassess": ({S.RELEASED}, S.ASSESSING, {MANAGER}),
    "conclude": ({S.ASSESSING}, S.RELEASED, {MANAGER}),
    "contract": ({S.RELEASED}, S.CONTRACTED, {MANAGER}),
    "close": ({S.CONTRACTED}, S.CLOSED, {MANAGER}),
    "end": ({S.RELEASED, S.CONTRACTED}, S.ENDED, {MANAGER, SYSTEM}),
    "withdraw": (
        {S.DRAFT, S.SUBMITTED, S.SCREENING, S.ASSESSING, S.DECIDED},
        S.WITHDRAWN,
        {OWNER},
    ),
    "check": ({S.SCREENING}, S.SCREENING, STAFF),
    "bonus": ({S.SCREENING}, S.SCREENING, STAFF),
    "ask": ({S.SCREENING}, S.SCREENING, STAFF),
    "withdraw_ask": ({S.SCREENING}, S.SCREENING, STAFF),
    "move_ask": ({S.SCREENING}, S.SCREENING, STAFF),
    "remind": ({S.SCREENING}, S.SCREENING, STAFF),
    "put_back": ({S.SCREENING}, S.SUBMITTED, STAFF),
    "reopen": ({S.ASSESSING}, S.SCREENING, STAFF),
    "stop_reassessment": ({S.ASSESSING}, S.RELEASED, {MANAGER}),
    "answer": ({S.SCREENING}, S.SCREENING, {OWNER}),
    "overdue": ({S.SCREENING}, S.SCREENING, {SYSTEM}),
    "assign": ({S.ASSESSING}, S.ASSESSING, STAFF),
    "detach": ({S.DRAFT}, S.WITHDRAWN, {MANAGER}),
    "unassign": ({S.ASSESSING}, S.ASSESSING, STAFF),
    "object": ({S.RELEASED}, S.RELEASED, {OWNER}),
    "object_exclusion": ({S.INELIGIBLE}, S.INELIGIBLE, {OWNER}),
    "decline": ({S.RELEASED}, S.RELEASED, {OWNER}),
    "amend": ({S.RELEASED}, S.RELEASED, {MANAGER}),
    "lock_sheet": ({S.ASSESSING}, S.ASSESSING, {ASSESSOR}),
    "abstain": ({S.ASSESSING}, S.ASSESSING, {ASSESSOR}),
    "withdraw_sheet": ({S.ASSESSING}, S.ASSESSING, STAFF),
    "restore_sheet": ({S.ASSESSING}, S.ASSESSING, STAFF),
    "withdraw_sheet_decided": ({S.DECIDED}, S.DECIDED, STAFF),
    "restore_sheet_decided": ({S.DECIDED}, S.DECIDED, STAFF),
    "withdraw_sheet_released": ({S.RELEASED}, S.RELEASED, STAFF),
    "restore_sheet_released": ({S.RELEASED}, S.RELEASED, STAFF),
    "withdraw_sheet_contracted": ({S.CONTRACTED}, S.CONTRACTED, STAFF),
    "restore_sheet_contracted": ({S.CONTRACTED}, S.CONTRACTED, STAFF),
    "withdraw_sheet_closed": ({S.CLOSED}, S.CLOSED, STAFF),
    "restore_sheet_closed": ({S.CLOSED}, S.CLOSED, STAFF),
    "withdraw_sheet_ended": ({S.ENDED}, S.ENDED, STAFF),
    "restore_sheet_ended": ({S.ENDED}, S.ENDED, STAFF),
}
SELECTION: Mapping[str, Edge] = {
    "propose": ({T.PREPARING}, T.PROPOSED, {SYSTEM}),
    "confirm": ({T.PROPOSED}, T.CONFIRMED, {OFFICER}),
    "unconfirm": ({T.CONFIRMED}, T.PROPOSED, STAFF),
    "decide": ({T.CONFIRMED}, T.DECIDED, {MANAGER}),
    "undecide": ({T.DECIDED}, T.PROPOSED, {MANAGER}),
    "release": ({T.DECIDED}, T.RELEASED, {MANAGER}),
    "discard": ({T.PREPARING, T.PROPOSED, T.CONFIRMED}, T.DISCARDED, STAFF),
}
CHANGE: Mapping[str, Edge] = {
    "take_up": ({C.DRAFTED}, C.PROPOSED, {OFFICER}),
    "second": ({C.PROPOSED}, C.SECONDED, {MANAGER}),
    "approve": ({C.PROPOSED, C.SECONDED}, C.IN_FORCE, {MANAGER}),
    "decline": ({C.PROPOSED}, C.IN_FORCE, {OWNER}),
    "lapse": ({C.PROPOSED}, C.IN_FORCE, {MANAGER}),
    "discard": ({C.DRAFTED, C.PROPOSED, C.SECONDED}, C.DISCARDED, {*STAFF, SYSTEM}),
}
OBJECTION: Mapping[str, Edge] = {
    "dismiss": ({O.FILED}, O.DISMISSED, {MANAGER}),
    "readmit": ({O.FILED}, O.CLOSED, {MANAGER}),
    "lapse": ({O.FILED, O.UPHELD}, O.LAPSED, {SYSTEM}),
    "uphold": ({O.FILED}, O.UPHELD, {MANAGER}),
    "rescore": ({O.UPHELD}, O.UPHELD, STAFF),
    "take_back": ({O.UPHELD}, O.FILED, {MANAGER}),
    "close": ({O.UPHELD}, O.CLOSED, {MANAGER}),
}
DELIVERABLE: Mapping[str, Edge] = {
    "begin": ({D.PLANNED}, D.UNDER_WAY, {OWNER, *STAFF}),
    "hand_in": ({D.UNDER_WAY}, D.HANDED_IN, {OWNER, OFFICER}),
    "give_back": ({D.HANDED_IN}, D.UNDER_WAY, {OWNER, *STAFF}),
    "accept": ({D.HANDED_IN}, D.ACCEPTED, {OWNER, *STAFF}),
    "stop": ({D.PLANNED, D.UNDER_WAY, D.HANDED_IN}, D.STOPPED, STAFF),
    "assign": ({D.PLANNED}, D.PLANNED, STAFF),
    "replace": ({D.UNDER_WAY}, D.UNDER_WAY, STAFF),
    "extend": ({D.UNDER_WAY}, D.UNDER_WAY, STAFF),
}
I = InquiryState  # noqa: E741 - as in the tables
INQUIRY: Mapping[str, Edge] = {
    "reply": ({I.ASKED}, I.ANSWERED, STAFF),
    "answer": ({I.ASKED}, I.ANSWERED, {OWNER}),
    "pass_on": ({I.ASKED}, I.PASSED, STAFF),
    "decline": ({I.ASKED}, I.DECLINED, STAFF),
    "answer_panel": ({I.PASSED}, I.ANSWERED, {OWNER}),
    "answer_blind": ({I.PASSED}, I.GIVEN, {OWNER}),
    "release": ({I.GIVEN}, I.ANSWERED, STAFF),
    "expire": ({I.PASSED}, I.UNANSWERED, {SYSTEM}),
    "close": ({I.ASKED, I.PASSED, I.GIVEN}, I.CLOSED, {SYSTEM}),
}
P = OpinionState
OPINION: Mapping[str, Edge] = {
    "edit": ({P.DRAFT}, P.DRAFT, {OFFICER}),
    "again": ({P.DRAFT}, P.DRAFT, {OFFICER}),
    "finish": ({P.DRAFT}, P.READY, {OFFICER}),
    "withhold": ({P.DRAFT}, P.READY, {OFFICER}),
    "reopen": ({P.READY}, P.DRAFT, STAFF),
    "release": ({P.READY}, P.RELEASED, {MANAGER}),
    "discard": ({P.DRAFT, P.READY}, P.DISCARDED, {*STAFF, SYSTEM}),
}
TABLES: Mapping[str, Mapping[str, Edge]] = {
    "application": APPLICATION,
    "selection": SELECTION,
    "decisionchange": CHANGE,
    "objection": OBJECTION,
    "inquiry": INQUIRY,
    "opinion": OPINION,
    "agreement": AGREEMENT,
    "deliverable": DELIVERABLE,
}
ROLES: Iterable[str | None] = (None, OWNER, SYSTEM, *sorted(role_names()))
LIVES: dict[str, type[Stateful]] = {
    model._meta.model_name: model
    for model in apps.get_app_config("applications").get_models()
    if issubclass(model, Stateful)
}


def test_every_life_has_its_table_here() -> None:
    assert set(TABLES) == set(LIVES)
    assert {ASSESSOR, OFFICER, MANAGER, AUDITOR, OPERATOR} <= role_names()


@pytest.mark.parametrize("life", TABLES)
def test_the_table_is_the_one_written_here(life: str) -> None:
    told = {
        name: (set(row.source), row.target, set(row.roles))
        for name, row in LIVES[life].MOVES.items()
    }
    assert told == TABLES[life]


@pytest.mark.parametrize("life", TABLES)
def test_nobody_makes_a_move_that_is_not_listed(life: str) -> None:
    people = {role: UserFactory(roles=[role]) for role in role_names()}
    stranger, states = UserFactory(), LIVES[life]._meta.get_field("state").choices
    for (name, step), (state, _), role in itertools.product(
        LIVES[life].MOVES.items(), states, ROLES
    ):
        source, _, roles = TABLES[life][name]
        by = None if role == SYSTEM else people.get(role or "", stranger)
        found = allowed(step, state=state, by=by, owner=role == OWNER)
        assert found == (state in source and role in roles), (name, state, role)


def test_applicants_read_a_label_for_every_state() -> None:
    assert set(APPLICANT_LABELS) == set(ApplicationState)


def test_a_refused_move_writes_nothing() -> None:
    world = World()
    for name in AgreementMoves.by_name():
        before = Agreement.objects.values().get()
        with pytest.raises(MoveNotAllowed):
            move(
                world.fresh(), world.fresh().MOVES[name], by=UserFactory(), now=world.now, note="x"
            )
        assert Agreement.objects.values().get() == before
    assert not world.agreement.moves.exists()
