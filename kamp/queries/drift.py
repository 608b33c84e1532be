"""The products on which a drift check is based."""

from kamp.models import Inspection, InspectionModel, Product
from kamp.queries.inspections import latest_decisions
from kamp.queries.labelling import truths
from kamp.states import Mark, Split

LATEST = 20


def latest_normals(model: InspectionModel) -> list[Inspection]:
    """Return the latest judged products that people hold to be normal, at most LATEST.

    The inspector's decision counts before the labels; the verdict of the model does not matter.
    """
    # Products that the model was fitted to lie nearer to its centre than any new one.
    fitted = {row["serial"] for row in model.manifest if row["split"] == Split.TRAIN}
    rows = list(
        model.inspections.filter(clip__vector__isnull=False)
        .select_related("clip__product")
        .order_by("-pk")[: LATEST * 10]
    )
    decisions = latest_decisions(row.pk for row in rows)
    labels = truths(Product.objects.filter(pk__in=[row.clip.product_id for row in rows]))
    normals = []
    for row in rows:
        decision = decisions.get(row.pk)
        truth = labels.get(row.clip.product_id)
        mark = decision.mark if decision else truth.mark if truth and truth.agreed else ""
        if mark == Mark.NORMAL and row.clip.product.serial not in fitted:
            normals.append(row)
    return normals[:LATEST]
