"""The status of the intake, as several pages show it."""

from datetime import datetime
from typing import Any

from programs.models import SubProgram
from programs.queries import rounds as rounds_queries
from programs.rules import calendar

TONES = {calendar.OPEN: "success", calendar.UPCOMING: "info", calendar.CLOSED: "neutral"}
LABELS = {calendar.OPEN: "접수 중", calendar.UPCOMING: "접수 예정", calendar.CLOSED: "접수 마감"}


def intake_status(program: SubProgram, at: datetime) -> dict[str, Any]:
    """Return whether the intake is open, its label and tone, and its dates."""
    refusal = rounds_queries.refusal(program, at)
    window = program.window()
    state = calendar.state(window, at)
    if refusal and refusal.code == "budget_gone":
        state = calendar.CLOSED
    return {
        "open": refusal is None,
        "refusal": refusal,
        "upcoming": state == calendar.UPCOMING,
        "state": LABELS[state],
        "tone": TONES[state],
        "days_left": calendar.days_left(window, at),
        "closes_at": window.closes_at,
        "opens_at": window.opens_at,
        "rolling": window.rolling,
    }
