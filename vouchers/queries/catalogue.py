"""Reading the catalogue: the search by pairs of letters, one service, several side by side."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, Prefetch, QuerySet
from django.db.models.expressions import RawSQL

from portal.core.errors import BadInput
from vouchers.models import QuotedFigure, Service, ServiceMove
from vouchers.rules import catalogue
from vouchers.states import Category, ServiceState

NEWEST, CHEAPEST, DEAREST = "newest", "cheapest", "dearest"
ORDERS = {
    NEWEST: ("-pk",),
    CHEAPEST: ("price_won", "pk"),
    DEAREST: ("-price_won", "-pk"),
}
# The statements name only our own tables; what somebody typed is bound.
_POSTGRESQL = "string_to_array(vouchers_service.grams, ' ') @> %s"
_SQLITE = "SELECT rowid FROM vouchers_service_words WHERE vouchers_service_words MATCH %s"


@dataclass(frozen=True)
class Asked:
    """What a search asks for; empty or None means no condition."""

    text: str = ""
    category: str = ""
    state: str = ""
    lowest_won: int | None = None
    highest_won: int | None = None


def found(services: QuerySet[Service], asked: Asked) -> QuerySet[Service]:
    """Narrow services to what was asked for. Raises BadInput (`search_short`)."""
    rows = holding(services, asked.text)
    if asked.category in Category.values:
        rows = rows.filter(category=asked.category)
    if asked.state in ServiceState.values:
        rows = rows.filter(state=asked.state)
    if asked.lowest_won is not None:
        rows = rows.filter(price_won__gte=asked.lowest_won)
    if asked.highest_won is not None:
        rows = rows.filter(price_won__lte=asked.highest_won)
    return rows


def holding(services: QuerySet[Service], text: str) -> QuerySet[Service]:
    """Keep services whose name, supplier or introduction holds every word.

    The index finds those that have all pairs of letters; the text itself then decides. Raises
    BadInput (`search_short`) when no word has two letters.
    """
    words = catalogue.words(text)
    if not words:
        return services
    grams = catalogue.asked_grams(words)
    if not grams:
        raise BadInput(f"검색어를 {catalogue.SHORTEST}글자 이상 적어 주세요.", code="search_short")
    if connection.vendor == "postgresql":
        rows = services.filter(RawSQL(_POSTGRESQL, [grams], BooleanField()))  # noqa: S611
    else:
        asked = " ".join(f'"{gram}"' for gram in grams)
        rows = services.filter(pk__in=RawSQL(_SQLITE, [asked]))  # noqa: S611
    for word in words:
        rows = rows.filter(search__contains=word)
    return rows


def ordered(services: QuerySet[Service], order: str) -> QuerySet[Service]:
    """Put services into one of ORDERS; an unknown one is the newest first."""
    return services.order_by(*ORDERS.get(order, ORDERS[NEWEST]))


def with_supplier(services: QuerySet[Service]) -> QuerySet[Service]:
    """Read what a list shows, without what only the page of one service does."""
    return services.select_related("supplier").defer("search", "grams", "contents")


def history(services: QuerySet[Service]) -> QuerySet[Service]:
    """Read the moves with the services."""
    moves = Prefetch("moves", queryset=ServiceMove.objects.order_by("-pk"))
    return services.select_related("supplier").prefetch_related(moves)


def quoted() -> list[QuotedFigure]:
    """The published figures, each with its date and note."""
    return list(QuotedFigure.objects.all())
