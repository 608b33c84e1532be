"""Where a panel's recruitment stands, in the words of the public."""

from datetime import datetime
from typing import Any

from programs.rules import calendar, quota
from vouchers.models import PanelRound
from vouchers.visibility import public_rounds

WORDS = {calendar.OPEN: "모집 중", calendar.UPCOMING: "모집 예정", calendar.CLOSED: "모집 마감"}
TONES = {calendar.OPEN: "success", calendar.UPCOMING: "info", calendar.CLOSED: "neutral"}


def panel_cards(at: datetime) -> list[dict[str, Any]]:
    """Every announced panel, the open ones first."""
    cards = [standing(row, at) for row in public_rounds().order_by("-opens_at")]
    return sorted(cards, key=lambda card: not card["open"])


def standing(round: PanelRound, at: datetime) -> dict[str, Any]:
    """Where its intake stands: word, tone, days left."""
    state = calendar.state(round.window(), at)
    return {
        "round": round,
        "state": WORDS[state],
        "tone": TONES[state],
        "open": state == calendar.OPEN,
        "upcoming": state == calendar.UPCOMING,
        "days_left": calendar.days_left(round.window(), at),
        "target": quota.words(round.target_count, round.target_kind, "명"),
    }
