"""The line of a programme's card says the most that its tracks give, from data alone."""

from datetime import datetime

import pytest

from portal.core.dates import KST
from programs.rules.grants.ceilings import FLAT, IN_KIND, REQUESTED, SHARE, Terms
from programs.rules.grants.offers import offer

CLOSES = datetime(2021, 2, 25, 18, tzinfo=KST)
MIDNIGHT = datetime(2021, 2, 26, tzinfo=KST)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ([Terms(SHARE, 300_000_000, 50)], "최대 3억원 · 총사업비의 50%"),
        ([Terms(SHARE, 70_000_000, 50), Terms(SHARE, 400_000_000, 50)], "최대 4억원 · 총사업비의 50%"),
        ([Terms(SHARE, 20_000_000, 50), Terms(SHARE, None, 80)], "최대 2,000만원 · 총사업비의 최대 80%"),
        ([Terms(FLAT, flat_won=800_000)], "정액 80만원"),
        ([Terms(FLAT, flat_won=800_000), Terms(FLAT, flat_won=900_000)], "최대 90만원"),
        ([Terms(IN_KIND, planning_won=8_750_000)], "전문가 서비스"),
        ([Terms(REQUESTED)], "한도 미정"),
        ([Terms(IN_KIND), Terms(FLAT, flat_won=800_000)], "최대 80만원"),
    ],
)  # fmt: skip
def test_the_offer_names_the_best_track(terms: list[Terms], words: str) -> None:
    assert offer(terms, closes_at=CLOSES, rolling=False) == f"{words} · 마감 2월 25일"


@pytest.mark.parametrize(
    ("closes_at", "rolling", "words"),
    [
        (MIDNIGHT, False, "정액 80만원 · 마감 2월 25일"),
        (CLOSES, True, "정액 80만원 · 마감 2월 25일"),
        (None, True, "정액 80만원 · 예산 소진 시까지"),
        (None, False, "정액 80만원"),
    ],
)
def test_the_offer_names_the_last_day(
    closes_at: datetime | None, rolling: bool, words: str
) -> None:
    terms = [Terms(FLAT, flat_won=800_000)]
    assert offer(terms, closes_at=closes_at, rolling=rolling) == words
