"""Drift."""

from kamp.models import Inspection, InspectionModel, Product
from kamp.queries.inspections import latest_decisions
from kamp.queries.labelling import truths
from kamp.states import Mark, Split

LATEST = 20


def latest_normals(model: InspectionModel) -> list[Inspection]:
    """The latest judged products that a person holds to be normal, whatever the model said.

    Those it was fitted to are left out: they lie nearer than new ones ever will.
    """
    fitted = {row["serial"] for row in model.manifest if row["split"] == Split.TRAIN}
    rows = list(
        model.inspections.filter(clip__vector__isnull=False)
        .select_related("clip__product")
        .order_by("-pk")[: LATEST * 10]
    )
    decided = latest_decisions(row.pk for row in rows)
    products = Product.objects.filter(pk__in=[row.clip.product_id for row in rows])
    known = truths(products)
    found = []
    for row in rows:
        word = decided.get(row.pk)
        truth = known.get(row.clip.product_id)
        mark = word.mark if word else truth.mark if truth and truth.agreed else ""
        if mark == Mark.NORMAL and row.clip.product.serial not in fitted:
            found.append(row)
    return found[:LATEST]
