"""The strip of showcases on the front page, and a filter for texts of several lines."""

from typing import Any

from django import template

from kamp.queries.showcases import comparison, published

register = template.Library()

SHOWN = 3


@register.inclusion_tag("kamp/showcases/_strip.html")
def showcase_strip(count: int = SHOWN) -> dict[str, Any]:
    rows = published({}).prefetch_related("metrics")[:count]
    return {
        "cards": [
            {
                "case": case,
                "figures": [comparison(row) for row in case.metrics.all()[:2]],
            }
            for case in rows
        ]
    }


@register.filter
def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
