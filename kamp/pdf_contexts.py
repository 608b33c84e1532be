"""Template, title and context of each PDF of KAMP."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from kamp.models import Inspection, InspectionReport, InspectorDecision, Showcase
from kamp.queries.evaluation import evaluation, rate_text
from kamp.queries.showcases import comparisons
from kamp.rules.evaluation import Costs
from kamp.states import Verdict
from portal.paper import pdf

MOST_ROWS = 500  # of one report
REPORTED = ("confusion", "roc", "kinds", "times")  # charts


def showcase(case: Showcase) -> tuple[str, str, dict[str, Any]]:
    """Describe the one-pager: figures with definition, sample size and origin, and its address."""
    url = f"{settings.ORIGIN}{reverse('kamp_showcase', args=[case.slug])}"
    context = {
        "case": case,
        "figures": comparisons(case),
        "steps": list(case.steps.all()),
        "testimonials": list(case.testimonials.all()),
        "url": url,
        "qr": pdf.qr_svg(url),
    }
    return "pdf/kamp/showcase.html", f"KAMP 사례 {case.title}", context


def report(document: InspectionReport) -> tuple[str, str, dict[str, Any]]:
    """Describe the verdicts up to the last inspection of the report, beside the decisions."""
    model = document.model
    verdicts = model.inspections.filter(pk__lte=document.last_inspection_id)
    rows = list(verdicts.select_related("clip__product").order_by("-pk")[:MOST_ROWS])
    decisions = InspectorDecision.objects.filter(
        inspection__in=[row.pk for row in rows], pk__lte=document.decisions_until
    )
    decided = {row.inspection_id: row for row in decisions.order_by("pk")}
    every = list(verdicts.values_list("verdict", flat=True))
    measured = evaluation(model, costs=Costs(0, 0, 0.0))
    counts = measured.own.counts
    context = {
        "report": document,
        "model": model,
        "workspace": model.dataset.workspace,
        "total": len(every),
        "left_out": len(every) > len(rows),
        "tally": [(label, every.count(value)) for value, label in Verdict.choices],
        "miss": rate_text(counts.miss),
        "false_reject": rate_text(counts.false_reject),
        "accuracy": rate_text(counts.accuracy),
        "charts": [measured.charts[name] for name in REPORTED if name in measured.charts],
        "rows": [_row(row, decided.get(row.pk)) for row in rows],
    }
    return "pdf/kamp/report.html", f"검사 보고서 {model}", context


def _row(inspection: Inspection, decision: InspectorDecision | None) -> dict[str, str]:
    notes = [*inspection.reasons, decision.note if decision else ""]
    score = inspection.anomaly_score
    return {
        "serial": inspection.clip.product.serial,
        "verdict": inspection.get_verdict_display(),
        "score": "없음" if score is None else f"{score:.2f}",
        "decision": decision.get_mark_display() if decision else "없음",
        "note": " ".join(note for note in notes if note),
    }
