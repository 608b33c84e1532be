"""Days as people write them."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.dates import read
from portal.core.errors import BadInput

DAY = date(2021, 3, 5)


@pytest.mark.parametrize(
    "typed",
    [
        "2021-03-05", "2021-3-5", "2021.3.5", "2021.3.5.", "2021. 3. 5.", "2021/03/05", "20210305",
        "2021년 3월 5일", "2021년3월5일", "2021 3 5", "２０２１－０３－０５", "２０２１．３．５．", "2021–03–05", "2021−03−05",
        "\u200b2021-03-05\u202c", "2021.\u00a03.\u00a05.", "2021. 3. 5.(금)", "2021년 3월 5일 금요일",
        "2021-03-05 00:00:00", "2021-03-05T00:00:00", "2021。3。5。",
    ],
)  # fmt: skip
def test_reads_a_day(typed: str) -> None:
    assert read(typed) == DAY


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("21.3.5", "연도를 네 자리로"),
        ("3/5/2021", "연도를 네 자리로"),
        ("05-03-21", "연도를 네 자리로"),
        ("2021-02-30", "달력에 없는"),
        ("2021-13-01", "달력에 없는"),
        ("0021-03-05", "연도를 확인"),
        ("2021-03", "2021-03-05처럼"),
        ("", "2021-03-05처럼"),
        ("어제", "2021-03-05처럼"),
        ("2021-03-05 10:00", "2021-03-05처럼"),
        ("٢٠٢١-٠٣-٠٥", "2021-03-05처럼"),
    ],
)
def test_refuses_what_is_no_day(typed: str, words: str) -> None:
    with pytest.raises(BadInput, match=re.escape(words)) as refused:
        read(typed)
    assert refused.value.code == "date"


@given(st.dates(date(1900, 1, 1), date(2100, 12, 31) - timedelta(days=1)))
def test_reads_every_day_that_is_written(day: date) -> None:
    for written in (f"{day}", f"{day.year}. {day.month}. {day.day}.", f"{day:%Y%m%d}"):
        assert read(written) == day
