"""Search and reads of the service catalogue."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import BooleanField, Prefetch, QuerySet
from django.db.models.expressions import RawSQL

from portal.core.errors import BadInput
from vouchers.models import QuotedFigure, Service, ServiceMove
from vouchers.rules import catalogue
from vouchers.states import Category, ServiceState

NEWEST, CHEAPEST, DEAREST = "newest", "cheapest", "dearest"
BEST, MOST_REPORTS = "best", "reports"
ORDERS = {
    NEWEST: ("-pk",),
    CHEAPEST: ("price_won", "pk"),
    DEAREST: ("-price_won", "-pk"),
    BEST: ("-rating_rank", "-pk"),
    MOST_REPORTS: ("-report_count", "-pk"),
}
# Constant SQL over own tables; user input is bound as a parameter.
_POSTGRESQL = "string_to_array(vouchers_service.grams, ' ') @> %s"
_SQLITE = "SELECT rowid FROM vouchers_service_words WHERE vouchers_service_words MATCH %s"


@dataclass(frozen=True)
class Search:
    """Conditions of a search; empty or None means no condition."""

    text: str = ""
    category: str = ""
    state: str = ""
    reported: bool = False
    lowest_won: int | None = None
    highest_won: int | None = None


def matching(services: QuerySet[Service], search: Search) -> QuerySet[Service]:
    """Return the services that match a search. Raises BadInput (`search_short`)."""
    rows = containing(services, search.text)
    if search.category in Category.values:
        rows = rows.filter(category=search.category)
    if search.state in ServiceState.values:
        rows = rows.filter(state=search.state)
    if search.reported:
        rows = rows.filter(report_count__gt=0)
    if search.lowest_won is not None:
        rows = rows.filter(price_won__gte=search.lowest_won)
    if search.highest_won is not None:
        rows = rows.filter(price_won__lte=search.highest_won)
    return rows


def containing(services: QuerySet[Service], text: str) -> QuerySet[Service]:
    """Return the services whose name, supplier or summary contains every word of `text`.

    The bigram index narrows them down, then the text itself is compared. Raises BadInput
    (`search_short`) when no word has two letters.
    """
    words = catalogue.words(text)
    if not words:
        return services
    grams = catalogue.required_grams(words)
    if not grams:
        raise BadInput(f"검색어를 {catalogue.SHORTEST}글자 이상 적어 주세요.", code="search_short")
    if connection.vendor == "postgresql":
        rows = services.filter(RawSQL(_POSTGRESQL, [grams], BooleanField()))  # noqa: S611
    else:
        phrase = " ".join(f'"{gram}"' for gram in grams)
        rows = services.filter(pk__in=RawSQL(_SQLITE, [phrase]))  # noqa: S611
    for word in words:
        rows = rows.filter(search__contains=word)
    return rows


def ordered(services: QuerySet[Service], order: str) -> QuerySet[Service]:
    """Sort services by one of ORDERS; the newest first for an unknown one."""
    return services.order_by(*ORDERS.get(order, ORDERS[NEWEST]))


def with_supplier(services: QuerySet[Service]) -> QuerySet[Service]:
    """Select what a list shows of services and their suppliers."""
    return services.select_related("supplier").defer("search", "grams", "contents")


def history(services: QuerySet[Service]) -> QuerySet[Service]:
    """Prefetch suppliers and moves, the latest move first."""
    moves = Prefetch("moves", queryset=ServiceMove.objects.order_by("-pk"))
    return services.select_related("supplier").prefetch_related(moves)


def quoted() -> list[QuotedFigure]:
    return list(QuotedFigure.objects.all())
