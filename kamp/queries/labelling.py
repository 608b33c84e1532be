"""What the products of a set are, by what people said of them; who agrees with whom."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from kamp.models import Dataset, Label, Product
from kamp.rules.labelling import kappa


@dataclass(frozen=True)
class Truth:
    """What a product is held to be: one mark, or a disagreement."""

    mark: str
    defect: str
    by: int
    agreed: bool


@dataclass(frozen=True)
class Agreement:
    """How two labellers agree on the products that both have seen."""

    n: int
    same: int
    kappa: float | None


def truths(products: QuerySet[Product]) -> dict[int, Truth]:
    """What each labelled product is: the latest word of everybody who spoke, if they agree."""
    said: dict[int, dict[int | None, Label]] = defaultdict(dict)
    rows = Label.objects.filter(product__in=products.order_by().values("pk")).order_by("pk")
    for row in rows.only("product_id", "mark", "defect", "by_id"):
        said[row.product_id][row.by_id] = row
    found = {}
    for pk, words in said.items():
        last = max(words.values(), key=lambda row: row.pk)
        agreed = len({row.mark for row in words.values()}) == 1
        found[pk] = Truth(last.mark, last.defect, len(words), agreed)
    return found


def agreement(dataset: Dataset) -> Agreement:
    """Compare the two first people who labelled the same products; Cohen's kappa."""
    words: dict[int, dict[int, str]] = defaultdict(dict)
    rows = Label.objects.filter(product__dataset=dataset, by__isnull=False).order_by("pk")
    for product, by, mark in rows.values_list("product_id", "by_id", "mark"):
        words[product][by] = mark
    pairs = [tuple(list(marks.values())[:2]) for marks in words.values() if len(marks) > 1]
    same = sum(one == other for one, other in pairs)
    found = kappa([one for one, _ in pairs], [other for _, other in pairs])
    return Agreement(len(pairs), same, found)
