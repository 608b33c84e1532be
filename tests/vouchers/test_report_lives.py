"""The tables of moves are complete: every state is reached and left as said, by whom is said."""

import pytest

from portal.roles import AGENCY, MINISTRY, MODERATOR, PANEL_OPERATOR, SYSTEM
from portal.workflow import OWNER
from vouchers import states
from vouchers.states import (
    AwardRoundState,
    CorrectionState,
    GoodCaseState,
    ReportState,
)

LIVES = {
    "report": (states.REPORT_MOVES, ReportState, ReportState.DRAFT),
    "good case": (states.GOOD_CASE_MOVES, GoodCaseState, GoodCaseState.PROPOSED),
    "correction": (states.CORRECTION_MOVES, CorrectionState, CorrectionState.RAISED),
    "awards": (states.AWARD_ROUND_MOVES, AwardRoundState, AwardRoundState.PROPOSED),
}
WHO = {
    ("report", "submit"): {OWNER},
    ("report", "return"): {MODERATOR},
    ("report", "reject"): {MODERATOR},
    ("report", "accept"): {MODERATOR},
    ("report", "publish"): {MODERATOR},
    ("report", "retract"): {MODERATOR, AGENCY},
    ("report", "restore"): {AGENCY},
    ("report", "comment"): {OWNER},
    ("good case", "promote"): {AGENCY, MINISTRY},
    ("good case", "decline"): {AGENCY, MINISTRY},
    ("good case", "end"): {AGENCY, MINISTRY},
    ("correction", "verify"): {AGENCY},
    ("correction", "dismiss"): {AGENCY},
    ("correction", "ask"): {AGENCY},
    ("correction", "answer"): {OWNER},
    ("correction", "fix"): {AGENCY},
    ("correction", "ask_again"): {AGENCY},
    ("correction", "fail"): {AGENCY},
    ("correction", "overdue"): {SYSTEM},
    ("correction", "join"): {MODERATOR, PANEL_OPERATOR, AGENCY},
    ("awards", "approve"): {AGENCY, MINISTRY},
    ("awards", "pay"): {PANEL_OPERATOR},
    ("awards", "discard"): {PANEL_OPERATOR, AGENCY},
}
ENDS = {
    "report": {ReportState.REJECTED},
    "good case": {GoodCaseState.DECLINED, GoodCaseState.ENDED},
    "correction": {CorrectionState.DISMISSED, CorrectionState.FIXED},
    "awards": {AwardRoundState.PAID, AwardRoundState.DISCARDED},
}


def test_every_move_is_made_by_those_who_are_said_and_nobody_else() -> None:
    found = {
        (life, name): set(move.roles)
        for life, (moves, _, _) in LIVES.items()
        for name, move in moves.items()
    }
    assert found == WHO


@pytest.mark.parametrize("life", LIVES)
def test_every_state_is_reached_and_only_ends_are_not_left(life: str) -> None:
    moves, known, first = LIVES[life]
    reached = {first} | {move.target for move in moves.values()}
    left = {source for move in moves.values() for source in move.source if source != move.target}
    assert reached == set(known)
    assert set(known) - left == ENDS[life]


def test_the_member_reads_a_word_for_every_state() -> None:
    assert set(states.MEMBER_LABELS) == set(ReportState)
