"""How pages word what the catalogue holds."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()

ORIGINS = {"public": "공개 자료", "assumption": "운영 기준"}


@register.filter
def origin(value: str | None) -> str:
    """Say where a figure comes from: 원문 12행, 공개 자료, 운영 기준."""
    if not value:
        return ""
    if value.startswith("source "):
        lines = ", ".join(part.removeprefix("S") for part in value.split()[1:])
        return f"원문 {lines}행"
    return ORIGINS.get(value, value)


@register.filter
def item(values: Mapping[str, Any] | None, name: str) -> Any:
    """Take one value out of a mapping; nothing when it is not there."""
    return (values or {}).get(name, "")
