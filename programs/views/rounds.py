"""Rounds."""

from datetime import datetime
from typing import Any

from programs.models import SubProgram
from programs.queries import rounds as rounds_queries
from programs.rules import calendar

TONES = {calendar.OPEN: "success", calendar.UPCOMING: "info", calendar.CLOSED: "neutral"}


WORDS = {calendar.OPEN: "접수 중", calendar.UPCOMING: "접수 예정", calendar.CLOSED: "접수 마감"}


def _standing(program: SubProgram, at: datetime) -> dict[str, Any]:
    """Where the intake stands: its word, its tone, and the end as far as it is known."""
    refused = rounds_queries.refusal(program, at)
    window = program.window()
    state = calendar.state(window, at)
    if refused and refused.code == "budget_gone":
        state = calendar.CLOSED
    return {
        "open": refused is None,
        "refused": refused,
        "upcoming": state == calendar.UPCOMING,
        "state": WORDS[state],
        "tone": TONES[state],
        "days_left": calendar.days_left(window, at),
        "closes_at": window.closes_at,
        "opens_at": window.opens_at,
        "rolling": window.rolling,
    }
