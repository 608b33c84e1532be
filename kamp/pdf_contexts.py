"""The words of each PDF of KAMP."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from kamp import queries
from kamp.models import Inspection, InspectionReport, InspectorDecision, Showcase
from kamp.rules.evaluation import Costs
from kamp.states import Verdict
from portal.paper import pdf

MOST_ROWS = 500  # of one report
REPORTED = ("confusion", "roc", "kinds", "times")


def showcase(case: Showcase) -> dict[str, Any]:
    """The one-pager: figures with definition, sample size and origin; where to read it whole."""
    url = f"{settings.ORIGIN}{reverse('kamp_showcase', args=[case.slug])}"
    return {
        "case": case,
        "figures": [queries.comparison(row) for row in case.metrics.all()],
        "steps": list(case.steps.all()),
        "testimonials": list(case.testimonials.all()),
        "url": url,
        "qr": pdf.qr_svg(url),
    }


def report(made: InspectionReport) -> dict[str, Any]:
    """What a model said up to the report's moment, beside what inspectors decided."""
    model = made.model
    verdicts = model.inspections.filter(pk__lte=made.last_inspection_id)
    rows = list(verdicts.select_related("clip__product").order_by("-pk")[:MOST_ROWS])
    decisions = InspectorDecision.objects.filter(
        inspection__in=[row.pk for row in rows], pk__lte=made.decisions_until
    )
    decided = {row.inspection_id: row for row in decisions.order_by("pk")}
    said = list(verdicts.values_list("verdict", flat=True))
    seen = queries.look(model, costs=Costs(0, 0, 0.0))
    counts = seen.own.counts
    return {
        "report": made,
        "model": model,
        "workspace": model.dataset.workspace,
        "total": len(said),
        "left_out": len(said) > len(rows),
        "tally": [(label, said.count(value)) for value, label in Verdict.choices],
        "miss": queries.spread(counts.miss),
        "false_reject": queries.spread(counts.false_reject),
        "accuracy": queries.spread(counts.accuracy),
        "charts": [seen.charts[name] for name in REPORTED if name in seen.charts],
        "rows": [_line(row, decided.get(row.pk)) for row in rows],
    }


def _line(row: Inspection, decision: InspectorDecision | None) -> dict[str, str]:
    notes = [*row.reasons, decision.note if decision else ""]
    return {
        "serial": row.clip.product.serial,
        "verdict": row.get_verdict_display(),
        "score": "없음" if row.anomaly_score is None else f"{row.anomaly_score:.2f}",
        "decision": decision.get_mark_display() if decision else "없음",
        "note": " ".join(note for note in notes if note),
    }
