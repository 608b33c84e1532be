"""Whether a round takes applications at an instant; closed at the closing instant itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.core.dates import KST as KST
from portal.core.errors import BadInput, Finding

UPCOMING = "upcoming"
OPEN = "open"
CLOSED = "closed"


@dataclass(frozen=True)
class Window:
    """When applications are accepted. A rolling window has no end: it runs until the money is used.

    Raises BadInput (`window`) for naive times, an end before the start, or no end at all.
    """

    opens_at: datetime
    closes_at: datetime | None = None
    rolling: bool = False

    def __post_init__(self) -> None:
        _aware(self.opens_at)
        if self.closes_at is None:
            if not self.rolling:
                raise BadInput("접수 마감 시각이 필요합니다.", code="window")
        elif _aware(self.closes_at) <= self.opens_at:
            raise BadInput("접수 마감은 접수 시작보다 늦어야 합니다.", code="window")


def state(window: Window, at: datetime) -> str:
    """Return `upcoming`, `open` or `closed`; at the closing instant it is closed (A12)."""
    if _aware(at) < window.opens_at:
        return UPCOMING
    if window.closes_at is not None and at >= window.closes_at:
        return CLOSED
    return OPEN


def refusal(window: Window, at: datetime) -> Finding | None:
    """Return why an application sent at this instant is not accepted, to the second in KST."""
    match state(window, at):
        case "upcoming":
            return Finding(
                "round_upcoming",
                f"접수는 {stamp(window.opens_at)}에 시작합니다. (접수 서버 시각 {stamp(at)})",
            )
        case "closed" if window.closes_at is not None:
            return Finding(
                "round_closed",
                f"접수는 {stamp(window.closes_at)}에 마감되었습니다. (접수 서버 시각 {stamp(at)})",
            )
    return None


def days_left(window: Window, at: datetime) -> int | None:
    """Return calendar days in KST to the last day: 0 on it, None when closed or without end."""
    if window.closes_at is None or at >= window.closes_at:
        return None
    last_instant = window.closes_at - timedelta(microseconds=1)
    return (last_instant.astimezone(KST).date() - _aware(at).astimezone(KST).date()).days


def stamp(at: datetime) -> str:
    """Write an instant to the second with its zone: 2021. 2. 25. 18:00:00 KST."""
    here = _aware(at).astimezone(KST)
    return f"{here.year}. {here.month}. {here.day}. {here:%H:%M:%S} KST"


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise BadInput("시각에 시간대가 없습니다.", code="window")
    return at
