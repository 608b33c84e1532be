"""Drift checks: the latest normal products against those of training."""

from datetime import datetime

from kamp.jobs import training
from kamp.models import DriftCheck, Inspection, InspectionModel
from kamp.vision.learning import drift as engine


def run(model: InspectionModel, ids: list[int], *, now: datetime) -> DriftCheck:
    """Compare the products of these inspections and store the result, once per last inspection."""
    rows = list(Inspection.objects.filter(pk__in=ids).select_related("clip__product"))
    samples = [
        training.sample_of(row.clip, row.clip.product.serial)
        for row in rows
        if row.clip.vector is not None
    ]
    result = engine.check(training.load(model), samples)
    check, _ = DriftCheck.objects.get_or_create(
        model=model,
        last_inspection_id=max(row.pk for row in rows),
        defaults={
            "at": now,
            "n": result.n,
            "flagged": result.flagged,
            "held": result.held,
            "p_value": result.p_value,
            "shift": result.shift,
            "drifted": result.drifted,
            "message": result.message if result.drifted else "",
        },
    )
    return check
