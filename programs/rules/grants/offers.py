"""What a programme offers in one line: 최대 3억원 · 총사업비의 50% · 마감 2월 25일."""

from collections.abc import Sequence
from datetime import datetime

from portal.core.dates import last_day_of
from portal.core.money import eok
from programs.rules.grants.ceilings import FLAT, IN_KIND, Terms

SERVICE = "전문가 서비스"
UNKNOWN = "한도 미정"


def offer(terms: Sequence[Terms], *, closes_at: datetime | None, rolling: bool) -> str:
    """Return amount, share and closing day of the best track of a programme, as data states them."""
    parts = [amount(terms), share(terms), closing(closes_at, rolling=rolling)]
    return " · ".join(part for part in parts if part)


def amount(terms: Sequence[Terms]) -> str:
    """Return the most that any track gives; of services no sum, of sums not stated 한도 미정."""
    kinds = {row.kind for row in terms}
    if kinds == {IN_KIND}:
        return SERVICE
    sums = [row.flat_won if row.kind == FLAT else row.cap_won for row in terms]
    known = [row for row in sums if row is not None]
    if not known:
        return UNKNOWN
    return (
        f"정액 {eok(known[0])}"
        if kinds == {FLAT} and len(set(sums)) == 1
        else f"최대 {eok(max(known))}"
    )


def share(terms: Sequence[Terms]) -> str:
    """Return the share of the project cost that the state pays, "" where none is stated."""
    stated = {row.share_percent for row in terms if row.share_percent is not None}
    if not stated:
        return ""
    most = "" if len(stated) == 1 else "최대 "
    return f"총사업비의 {most}{max(stated)}%"


def closing(closes_at: datetime | None, *, rolling: bool) -> str:
    """Return the last day of the intake in Korea; one without a fixed end lasts as long as money."""
    if closes_at is None:
        return "예산 소진 시까지" if rolling else ""
    day = last_day_of(closes_at)
    return f"마감 {day.month}월 {day.day}일"
