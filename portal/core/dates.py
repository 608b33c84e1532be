"""Korean days and how a due instant is written: pure, so that rules and mails say the same."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

KST = ZoneInfo("Asia/Seoul")
MIDNIGHT = time(0)


def korean_day(at: datetime) -> date:
    """Return the date of an aware instant in Korea. Raises ValueError for a naive one."""
    if at.utcoffset() is None:
        raise ValueError("an aware datetime is needed")
    return at.astimezone(KST).date()


def end_of_day(day: date) -> datetime:
    """Return the instant at which a day is over in Korea (24:00, 민법 159)."""
    return datetime.combine(day + timedelta(days=1), MIDNIGHT, KST)


def last_day_of(due_at: datetime) -> date:
    """Return the last day before a due instant; midnight ends the day before."""
    return korean_day(due_at - timedelta(microseconds=1))


def due_text(due_at: datetime) -> str:
    """Write a due instant as people say it: 2021년 12월 2일 18시, 2021년 12월 2일 자정.

    자정 is the end of the named day. Minutes and seconds are written only where there are some.
    """
    local = due_at.astimezone(KST)
    if local.time() == MIDNIGHT:
        return f"{_day_text(last_day_of(due_at))} 자정"
    parts = [_day_text(local.date()), f"{local.hour}시"]
    if local.minute or local.second:
        parts.append(f"{local.minute}분")
    if local.second:
        parts.append(f"{local.second}초")
    return " ".join(parts)


def _day_text(day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일"
