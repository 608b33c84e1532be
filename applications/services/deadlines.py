"""When something is due: whole days and months counted the Korean way, ending on a working day."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta

from portal.core.clock import KST
from programs.queries import holidays
from programs.rules import calendar


def after_days(now: datetime, days: int) -> datetime:
    """The end of the working day `days` days on (민법 157, 161)."""
    return due_after(now, days)


def after_months(now: datetime, months: int) -> datetime:
    """The end of the working day so many months on (민법 160): same day, or the month's last."""
    today = now.astimezone(KST).date()
    return due_after(now, (months_on(today, months) - today).days)


def months_on(day: date, months: int) -> date:
    """The same day of the month, `months` on (or back); the last one where there is none such."""
    whole = day.year * 12 + day.month - 1 + months
    year, month = divmod(whole, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def at_end_of(day: date) -> datetime:
    """The instant at which a day is over for the portal, moved to a working day."""
    return due_after(datetime(day.year, day.month, day.day, tzinfo=KST) - timedelta(days=1), 1)


DUE_HOUR = time(18)  # assumption, as for the rounds (A12)


def due_after(now: datetime, days: int) -> datetime:
    """The instant `days` days on, by the rule of periods; ends at 18:00 KST (assumption)."""
    day = calendar.last_day(now.astimezone(KST).date(), days, holidays())
    return datetime.combine(day, DUE_HOUR, tzinfo=KST)
