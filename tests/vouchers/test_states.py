"""States and moves of every record: from where, to where, by whom; other moves are refused."""

from typing import Any

import pytest
from django.apps import apps

from portal.access.roles import SYSTEM, role_names
from portal.core.errors import MoveNotAllowed
from portal.models import Stateful, User
from portal.records.workflow import OWNER, allowed, move
from tests.factories import reports, vouchers
from tests.factories.applications import NOW, UserFactory
from vouchers.states import (
    MEMBER_LABELS,
    PANEL_APPLICANT_LABELS,
    PanelApplicationState,
    ReportState,
)

MODELS: dict[str, Any] = {
    model.__name__: model
    for model in apps.get_app_config("vouchers").get_models()
    if issubclass(model, Stateful)
}
# move: from > to by whom; ! asks for a reason
LIVES: dict[str, list[str]] = {
    "Service": [
        "sell: registered > on_sale by panel_operator agency system",
        "suspend: on_sale > suspended by agency system !",
        "resume: suspended > on_sale by agency !",
    ],
    "PanelApplication": [
        "submit: draft > submitted by owner",
        "withdraw: draft submitted > withdrawn by owner",
        "bar: draft submitted selected reserve > barred by panel_operator agency !",
        "unbar: barred > submitted by panel_operator agency !",
        "select: submitted > selected by panel_operator",
        "reserve: submitted > reserve by panel_operator",
        "reject: submitted > rejected by panel_operator",
        "decline: selected reserve > declined by owner panel_operator",
        "move_up: reserve > selected by panel_operator system",
        "mark: submitted > submitted by panel_operator",
    ],
    "PanelSelection": [
        "release: proposed > released by panel_operator",
        "discard: proposed > discarded by panel_operator !",
    ],
    "Monitor": [
        "leave: active > left by owner panel_operator !",
        "exclude: active left > excluded by panel_operator agency !",
        "restore: excluded > active by agency !",
    ],
    "AssignmentRun": [
        "propose: preparing > proposed by system",
        "confirm: proposed > confirmed by panel_operator",
        "discard: preparing proposed > discarded by panel_operator system !",
    ],
    "Assignment": [
        "drop: active > dropped by owner panel_operator system !",
    ],
    "ConsumerReport": [
        "submit: draft returned > submitted by owner",
        "return: submitted > returned by moderator !",
        "reject: submitted > rejected by moderator !",
        "accept: submitted > commenting by moderator",
        "publish: commenting > published by moderator",
        "retract: published > retracted by moderator agency !",
        "restore: retracted > published by agency !",
        "comment: commenting > commenting by owner",
    ],
    "GoodCase": [
        "promote: proposed > promoted by agency ministry",
        "decline: proposed > declined by agency ministry !",
        "end: promoted > ended by agency ministry !",
    ],
    "Correction": [
        "verify: raised > verified by agency !",
        "dismiss: raised > dismissed by agency !",
        "ask: verified > asked by agency !",
        "answer: asked suspended > answered by owner",
        "fix: answered > fixed by agency !",
        "ask_again: answered > asked by agency !",
        "fail: answered > suspended by agency !",
        "overdue: asked > suspended by system !",
        "reconsider: suspended > answered by agency !",
        "renew: suspended > asked by agency !",
        "join: raised > raised by moderator panel_operator agency",
    ],
    "SaleSuspension": [
        "begin: proposed > in_force by system !",
        "confirm: proposed > in_force by agency !",
        "decline: proposed > declined by agency system !",
        "lift: in_force > lifted by agency !",
        "uphold: in_force > lifted by agency !",
        "object: in_force > in_force by owner !",
        "reject: in_force > in_force by agency !",
    ],
    "AwardRound": [
        "approve: proposed > approved by agency ministry",
        "pay: approved > paid by panel_operator",
        "discard: proposed approved > discarded by panel_operator agency !",
    ],
}
ENDS = {
    "Service": set(),
    "PanelApplication": {"rejected", "declined", "withdrawn"},
    "PanelSelection": {"released", "discarded"},
    "Monitor": set(),
    "AssignmentRun": {"confirmed", "discarded"},
    "Assignment": {"dropped"},
    "ConsumerReport": {"rejected"},
    "GoodCase": {"declined", "ended"},
    "Correction": {"dismissed", "fixed"},
    "SaleSuspension": {"declined", "lifted"},
    "AwardRound": {"paid", "discarded"},
}


def edges(life: str) -> dict[str, tuple[set[str], str, set[str], bool]]:
    """Read what is written above."""
    found = {}
    for line in LIVES[life]:
        name, _, rest = line.partition(": ")
        sources, _, rest = rest.partition(" > ")
        target, _, who = rest.partition(" by ")
        note = who.endswith(" !")
        found[name] = (set(sources.split()), target, set(who.removesuffix(" !").split()), note)
    return found


def test_every_stateful_model_is_listed_here() -> None:
    assert set(LIVES) == set(MODELS) == set(ENDS)


@pytest.mark.parametrize("life", LIVES)
def test_the_moves_are_those_that_are_written_and_no_others(life: str) -> None:
    real = {
        step.name: (set(step.source), step.target, set(step.roles), step.needs_note)
        for step in MODELS[life].MOVES.values()
    }
    assert real == edges(life)


@pytest.mark.parametrize("life", LIVES)
def test_every_state_is_reached_and_only_ends_are_not_left(life: str) -> None:
    field = MODELS[life]._meta.get_field("state")
    known, moves = {code for code, _ in field.choices}, edges(life).values()
    assert {str(field.default), *(target for _, target, _, _ in moves)} == known
    left = {source for sources, target, _, _ in moves for source in sources if source != target}
    assert known - left == ENDS[life]


@pytest.mark.django_db
def test_other_roles_are_refused_in_every_state() -> None:
    """Every state, every move, every role, the owner, a stranger and the portal itself."""
    people: dict[str, User | None] = {role: UserFactory(roles=[role]) for role in role_names()}
    people |= {"stranger": UserFactory(), SYSTEM: None}
    refused = 0
    for life, model in MODELS.items():
        for name, (sources, _, who, _) in edges(life).items():
            for state, _ in model._meta.get_field("state").choices:
                step, here = model.MOVES[name], state in sources
                for role, person in people.items():
                    may = allowed(step, state=state, by=person)
                    assert may == (here and role in who), (life, name, state, role)
                    refused += not may
                owner = allowed(step, state=state, by=people["stranger"], owner=True)
                assert owner == (here and OWNER in who), (life, name, state, OWNER)
    assert refused > 2_000


@pytest.mark.django_db
@pytest.mark.parametrize(
    "make",
    [vouchers.service, lambda: vouchers.application(vouchers.panel()), reports.submitted],
    ids=["service", "application", "report"],
)
def test_a_refused_move_leaves_state_and_history_as_they_were(make: Any) -> None:
    thing, stranger = make(), UserFactory()
    before, logged = thing.state, thing.moves.count()
    for name in thing.MOVES:
        with pytest.raises(MoveNotAllowed):
            move(thing, thing.MOVES[name], by=stranger, now=NOW, note="사유")
    thing.refresh_from_db()
    assert (thing.state, thing.moves.count()) == (before, logged)


def test_every_state_has_a_label_for_members_and_applicants() -> None:
    assert set(MEMBER_LABELS) == set(ReportState)
    assert set(PANEL_APPLICANT_LABELS) == set(PanelApplicationState)
