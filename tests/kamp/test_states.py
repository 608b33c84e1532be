"""Moves are made by the listed roles from the listed states, and by nobody else."""

import itertools

import pytest
from django.contrib.auth.models import Group

from kamp.states import ModelMoves, ModelState, ShowcaseMoves, ShowcaseState
from portal.access.roles import role_names
from portal.models import User
from portal.records.workflow import OWNER, allowed

pytestmark = pytest.mark.django_db

EDITORS = ("curator",)
SHOWCASE = {
    ("edit", "draft"): {*EDITORS, OWNER},
    ("submit", "draft"): {*EDITORS, OWNER},
    ("give_back", "review"): {*EDITORS},
    ("check", "review"): {*EDITORS},
    ("publish", "review"): {*EDITORS},
    ("withdraw", "published"): {*EDITORS, OWNER},
    ("reopen", "withdrawn"): {*EDITORS},
}
MODEL = {
    ("finish", "training"): {"system"},
    ("approve", "draft"): {OWNER},
    ("retire", "training"): {OWNER},
    ("retire", "draft"): {OWNER},
    ("retire", "approved"): {OWNER},
}
TABLES = {
    "showcase": (ShowcaseMoves.by_name(), ShowcaseState.values, SHOWCASE),
    "model": (ModelMoves.by_name(), ModelState.values, MODEL),
}


def person(role: str) -> User | None:
    if role == "system":
        return None
    user = User.objects.create_user(f"{role}@example.kr")
    if role in role_names():
        user.groups.add(Group.objects.get(name=role))
    return user


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("role", [*sorted(role_names()), OWNER, "nobody", "system"])
def test_a_move_is_made_by_those_listed_and_by_nobody_else(name: str, role: str) -> None:
    moves, states, wanted = TABLES[name]
    who = person(role)
    for step, state in itertools.product(moves.values(), states):
        may = allowed(step, state=state, by=who, owner=role == OWNER)
        assert may == (role in wanted.get((step.name, state), set())), (step.name, state, role)


def test_each_state_is_reached_and_named() -> None:
    for moves, states, _ in TABLES.values():
        reached = {step.target for step in moves.values()}
        assert set(states) - reached <= {ModelState.TRAINING}
