"""The strip of showcases on the front page, and a filter for texts of several lines."""

from typing import Any

from django import template
from django.db.models import QuerySet
from django.utils.safestring import SafeString

from kamp.models import Metric, Showcase
from kamp.queries.showcases import comparison, published
from portal.web.kept_pages import Standing, fragment

register = template.Library()

SHOWN = 3
CARD = ("pk", "slug", "title", "company", "summary", "process", "purpose", "data_kind")
"""What a card shows of a case, beside its figures."""
FIGURE = tuple(f"metrics__{column.attname}" for column in Metric._meta.concrete_fields)


def _shown() -> QuerySet[Showcase]:
    return published({})[:SHOWN]


STANDING = Standing(
    lambda: (
        Showcase.objects.filter(pk__in=_shown().values("pk"))
        .order_by("-published_at", "-pk", "metrics__pk")
        .values_list(*CARD, *FIGURE)
    )
)


@register.simple_tag
def showcase_strip() -> SafeString:
    """Render the latest cases; their text is kept until something that it shows has changed."""
    return fragment("kamp/showcases/_strip.html", key=STANDING.rows(), context=_cards)


def _cards() -> dict[str, Any]:
    return {
        "cards": [
            {"case": case, "figures": [comparison(row) for row in case.metrics.all()[:2]]}
            for case in _shown().prefetch_related("metrics")
        ]
    }


@register.filter
def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
