"""The check itself. Only jobs import this module: it brings the learning libraries with it."""

from datetime import datetime

from kamp.jobs import training
from kamp.models import DriftCheck, Inspection, InspectionModel
from kamp.vision.learning import drift as engine


def run(model: InspectionModel, ids: list[int], *, now: datetime) -> DriftCheck:
    """Compare, and keep what was found; the same products are kept once."""
    rows = list(Inspection.objects.filter(pk__in=ids).select_related("clip__product"))
    samples = [
        training.sample(row.clip, row.clip.product.serial)
        for row in rows
        if row.clip.vector is not None
    ]
    found = engine.check(training.load(model), samples)
    made, _ = DriftCheck.objects.get_or_create(
        model=model,
        last_inspection_id=max(row.pk for row in rows),
        defaults={
            "at": now,
            "n": found.n,
            "flagged": found.flagged,
            "held": found.held,
            "p_value": found.p_value,
            "shift": found.shift,
            "drifted": found.drifted,
            "message": found.message if found.drifted else "",
        },
    )
    return made
