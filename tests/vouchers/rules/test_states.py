"""The tables of moves: who may do what from which state, and nobody else."""

import pytest

from portal.roles import AGENCY, MINISTRY, MODERATOR, PANEL_OPERATOR, SYSTEM
from portal.workflow import OWNER
from vouchers import states

# move: who may make it (the portal itself, the owner, roles)
WHO = {
    "SERVICE_MOVES": {
        "sell": {PANEL_OPERATOR, AGENCY, SYSTEM},
        "suspend": {AGENCY, SYSTEM},
        "resume": {AGENCY},
    },
    "PANEL_APPLICATION_MOVES": {
        "submit": {OWNER},
        "withdraw": {OWNER},
        "bar": {PANEL_OPERATOR, AGENCY, SYSTEM},
        "unbar": {PANEL_OPERATOR, AGENCY},
        "select": {PANEL_OPERATOR},
        "reserve": {PANEL_OPERATOR},
        "reject": {PANEL_OPERATOR},
        "decline": {OWNER, PANEL_OPERATOR},
        "move_up": {PANEL_OPERATOR, SYSTEM},
        "mark": {PANEL_OPERATOR},
    },
    "PANEL_SELECTION_MOVES": {"release": {PANEL_OPERATOR}, "discard": {PANEL_OPERATOR}},
    "MONITOR_MOVES": {
        "leave": {OWNER, PANEL_OPERATOR},
        "exclude": {PANEL_OPERATOR, AGENCY, SYSTEM},
        "restore": {AGENCY},
    },
    "ASSIGNMENT_MOVES": {"drop": {OWNER, PANEL_OPERATOR, SYSTEM}},
    "ASSIGNMENT_RUN_MOVES": {
        "propose": {SYSTEM},
        "confirm": {PANEL_OPERATOR},
        "discard": {PANEL_OPERATOR, SYSTEM},
    },
}


@pytest.mark.parametrize("table", WHO)
def test_each_move_is_made_by_these_and_nobody_else(table: str) -> None:
    moves = getattr(states, table)
    assert {name: set(move.roles) for name, move in moves.items()} == WHO[table]
    assert not any(set(move.roles) & {MINISTRY, MODERATOR} for move in moves.values())


@pytest.mark.parametrize("table", WHO)
def test_every_state_is_reached(table: str) -> None:
    moves = getattr(states, table).values()
    state = type(next(iter(moves)).source[0])
    first = next(iter(state))
    assert {first, *(move.target for move in moves)} == set(state)
