"""What products are according to their labels, and how far labellers agree."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import QuerySet

from kamp.models import Dataset, Label, Product
from kamp.rules.labelling import kappa


@dataclass(frozen=True)
class Truth:
    """What a product is held to be: the latest mark, by how many people, and whether they agree."""

    mark: str
    defect: str
    by: int
    agreed: bool


@dataclass(frozen=True)
class Agreement:
    """How far two labellers agree on the `n` products that both labelled."""

    n: int
    same: int
    kappa: float | None


def truths(products: QuerySet[Product]) -> dict[int, Truth]:
    """Return the truth of each labelled product by its id, from everybody's latest label."""
    labels: dict[int, dict[int | None, Label]] = defaultdict(dict)
    own = products.order_by().values("pk")
    rows = Label.objects.filter(product__in=own, undo=None).order_by("pk")
    for row in rows.only("product_id", "mark", "defect", "by_id"):
        labels[row.product_id][row.by_id] = row
    found = {}
    for product, by_person in labels.items():
        latest = max(by_person.values(), key=lambda row: row.pk)
        agreed = len({row.mark for row in by_person.values()}) == 1
        found[product] = Truth(latest.mark, latest.defect, len(by_person), agreed)
    return found


def agreement(dataset: Dataset) -> Agreement:
    """Compare the first two people who labelled each product (Cohen's kappa)."""
    marks: dict[int, dict[int, str]] = defaultdict(dict)
    given = Label.objects.filter(product__dataset=dataset, by__isnull=False, undo=None)
    rows = given.order_by("pk")
    for product, by, mark in rows.values_list("product_id", "by_id", "mark"):
        marks[product][by] = mark
    pairs = [list(by_person.values())[:2] for by_person in marks.values() if len(by_person) > 1]
    first, second = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    same = sum(one == other for one, other in zip(first, second, strict=True))
    return Agreement(len(pairs), same, kappa(first, second))
