"""How pages word what the panel's rows hold."""

from django import template

from vouchers.states import Category

register = template.Library()


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
