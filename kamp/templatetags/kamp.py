"""The strip of showcases that the front page shows without importing the wing."""

from typing import Any

from django import template

from kamp import queries

register = template.Library()

SHOWN = 3


@register.inclusion_tag("kamp/showcases/_strip.html")
def showcase_strip(count: int = SHOWN) -> dict[str, Any]:
    """Show the latest published cases, each with its first figure and its origin."""
    rows = queries.filtered({}).prefetch_related("metrics")[:count]
    return {
        "cards": [
            {
                "case": case,
                "figures": [queries.comparison(row) for row in case.metrics.all()[:2]],
            }
            for case in rows
        ]
    }


@register.filter
def lines(text: str) -> list[str]:
    """Split a text of one thing a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]
