"""Korean days, how they are read and how a due instant is written: pure, for rules and mails."""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.core import text as texts
from portal.core.errors import BadInput
from portal.core.particles import particle

KST = ZoneInfo("Asia/Seoul")
MIDNIGHT = time(0)
END_OF_DAY = "자정(24시)"
"""How every text writes the end of the named day; 자정 alone is also read as its beginning."""
FIRST_YEAR, LAST_YEAR = 1900, 2100
_DAY = re.compile(
    r"([0-9]{4}) ?(?:[-./]|년) ?([0-9]{1,2}) ?(?:[-./]|월) ?([0-9]{1,2}) ?(?:\.|일)?"
    r"|([0-9]{4})([0-9]{2})([0-9]{2})\.?"
    r"|([0-9]{4}) ([0-9]{1,2}) ([0-9]{1,2})"
)
_DOTS = re.compile("[\u3002\uff61]")
_AFTER_DAY = re.compile(r" ?\(?[월화수목금토일](?:요일)?\)?$|[ T]00:00(?::00(?:\.0+)?)?$")
_SHORT_YEAR = re.compile(r"'?[0-9]{1,2}[-./][0-9]{1,2}[-./][0-9]{1,4}\.?")


def korean_day(at: datetime) -> date:
    """Return the date of an aware instant in Korea. Raises ValueError for a naive one."""
    if at.utcoffset() is None:
        raise ValueError("an aware datetime is needed")
    return at.astimezone(KST).date()


def read(text: str) -> date:
    """Return a day as people write it: 2021-03-05, 2021. 3. 5.(금), 2021년 3월 5일, 20210305.

    A year of two digits could be a day, and is refused. Raises BadInput (`date`).
    """
    plain = _DOTS.sub(".", " ".join(texts.fold(text).split()))
    found = _DAY.fullmatch(plain) or _DAY.fullmatch(_AFTER_DAY.sub("", plain))
    if found is None:
        if _SHORT_YEAR.fullmatch(plain.replace(" ", "")):
            raise BadInput(
                f"‘{plain}’{particle(plain, '은/는')} 연도를 알 수 없습니다. 연도를 네 자리로 적어 주세요. 예: 2021-03-05",
                code="date",
            )
        raise BadInput("날짜를 2021-03-05처럼 입력하세요.", code="date")
    year, month, day = (int(part) for part in found.groups() if part)
    try:
        value = date(year, month, day)
    except ValueError as error:
        raise BadInput("달력에 없는 날짜입니다.", code="date") from error
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise BadInput("연도를 확인하세요.", code="date")
    return value


def end_of_day(day: date) -> datetime:
    """Return the instant at which a day is over in Korea (24:00, 민법 159)."""
    return datetime.combine(day + timedelta(days=1), MIDNIGHT, KST)


def last_day_of(due_at: datetime) -> date:
    """Return the last day before a due instant; midnight ends the day before."""
    return korean_day(due_at - timedelta(microseconds=1))


def due_text(due_at: datetime) -> str:
    """Write a due instant as people say it: 2021년 12월 2일 18시, 2021년 12월 2일 자정(24시).

    Minutes and seconds are written only where there are some.
    """
    local = due_at.astimezone(KST)
    if local.time() == MIDNIGHT:
        return f"{_day_text(last_day_of(due_at))} {END_OF_DAY}"
    parts = [_day_text(local.date()), f"{local.hour}시"]
    if local.minute or local.second:
        parts.append(f"{local.minute}분")
    if local.second:
        parts.append(f"{local.second}초")
    return " ".join(parts)


def _day_text(day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일"
