"""How pages word what the panel's rows hold."""

from datetime import datetime, timedelta

from django import template

from portal.clock import KST
from portal.templatetags.portal import kdate, kst
from vouchers.states import Category

register = template.Library()


@register.filter
def until(instant: datetime | None) -> str:
    """Write an end; midnight is the end of the day before: 2021. 2. 16. 24:00:00 (KST)."""
    if instant is None:
        return ""
    local = instant.astimezone(KST)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{kdate(local - timedelta(days=1))} 24:00:00 (KST)"
    return kst(instant)


@register.filter
def category(code: str) -> str:
    """Name a field of services."""
    return Category(code).label


@register.filter
def points(hundredths: int) -> str:
    """Write a score kept in hundredths: 83.25점."""
    return f"{hundredths // 100}.{hundredths % 100:02d}점"


@register.filter
def thousands(number: int) -> str:
    """Write a whole number with commas."""
    return f"{number:,}"
