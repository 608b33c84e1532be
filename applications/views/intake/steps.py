"""Steps of the form: which ones apply, where each finding is corrected, and the common page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from applications.models import Application
from applications.queries.intake import drafting, questions
from applications.queries.intake.drafting import Dossier
from applications.states import ApplicationState
from portal.core.errors import Finding

LABELS = {
    "company": "기업 정보",
    "plan": "사업 계획",
    "cost": "사업비",
    "partners": "참여기관",
    "documents": "첨부 서류",
    "declarations": "확인과 동의",
    "review": "검토와 제출",
}
OWN_TEMPLATES = {"partners", "documents"}
# Parts of a step's page that follow what is saved, by what they show.
PARTS = {
    "progress": ("steps",),
    "count": ("blocking",),
    "aside": ("grant", "missing_here", "missing_elsewhere"),
    "sum": ("total_cost_won",),
}
COST_CODES = {"cost_items", "total_cost", questions.REQUESTED}


@dataclass(frozen=True)
class LocatedFinding:
    """Finding with the page and field where it is corrected."""

    message: str
    blocking: bool
    code: str
    step: str
    url: str


def steps_of(application: Application) -> list[str]:
    """Return the steps that this sub-programme needs, by its data alone."""
    program = application.sub_program
    needs_sum = any(track.grant_kind == "requested" for track in program.tracks.all())
    needed = {
        "cost": bool(program.cost_items) or needs_sum,
        "partners": bool(program.partner_roles),
    }
    return [name for name in LABELS if needed.get(name, True)]


def url_of(application: Application, step: str) -> str:
    if step == "review":
        return reverse("application_review", args=[application.pk])
    return reverse("application_step", args=[application.pk, step])


def located(dossier: Dossier, findings: Sequence[Finding]) -> list[LocatedFinding]:
    """Return the findings in the order of the steps, each with its address."""
    positions = _positions(dossier)
    rows = []
    for finding in findings:
        step, anchor = _locate(dossier, positions, finding.code)
        url = url_of(dossier.application, step) + (f"#{anchor}" if anchor else "")
        rows.append(LocatedFinding(finding.message, finding.blocking, finding.code, step, url))
    order = list(LABELS)
    return sorted(rows, key=lambda row: order.index(row.step))


def findings_by_step(
    application: Application, findings: Sequence[LocatedFinding]
) -> list[dict[str, Any]]:
    rows = []
    for name in steps_of(application):
        here = [row for row in findings if row.step == name]
        if here:
            title, url = LABELS[name], url_of(application, name)
            rows.append({"step": name, "title": title, "url": url, "findings": here})
    return rows


def progress(
    application: Application, findings: Sequence[LocatedFinding], current: str
) -> list[dict[str, str]]:
    open_steps = {row.step for row in findings if row.blocking}
    rows = []
    for name in steps_of(application):
        state = "todo" if name in open_steps or name == "review" else "done"
        rows.append(
            {
                "label": LABELS[name],
                "state": "current" if name == current else state,
                "url": url_of(application, name),
            }
        )
    return rows


def neighbours(application: Application, step: str) -> tuple[str, str]:
    names = steps_of(application)
    at = names.index(step)
    before = url_of(application, names[at - 1]) if at else ""
    after = url_of(application, names[at + 1]) if at + 1 < len(names) else ""
    return before, after


def _positions(dossier: Dossier) -> dict[str, tuple[str, str]]:
    """Return step and field by code; a line of costs gives way to a question of the same code."""
    positions: dict[str, tuple[str, str]] = {}
    for step in questions.SECTIONS:
        for row in questions.section_questions(dossier.application, step):
            place = (step, _anchor(row))
            if step == questions.COST:
                positions.setdefault(row["code"], place)
            else:
                positions[row["code"]] = place
    return positions


def _anchor(row: dict[str, Any]) -> str:
    name = f"id_q_{row['code']}"
    if row["kind"] in ("yes_no", "multi") or (row["kind"] == "choice" and len(row["choices"]) <= 6):
        return f"{name}_0"
    return f"{name}-0-{row['columns'][0]['code']}" if row["kind"] == "rows" else name


def _locate(dossier: Dossier, positions: dict[str, tuple[str, str]], code: str) -> tuple[str, str]:
    kind, _, rest = code.partition(":")
    if rest.startswith("document:"):
        return "documents", f"document-{rest.removeprefix('document:')}"
    if rest.startswith("consent:"):
        return "declarations", f"id_c_{rest.removeprefix('consent:')}_0"
    if kind.startswith("partner_"):
        return "partners", ""
    facts = {row.code: row.fact for row in dossier.conditions}
    name = facts.get(code, rest or code)
    if name == "track":
        return "plan", "id_track_0"
    if name in COST_CODES:
        return "cost", positions[name][1] if name in positions else ""
    return positions.get(name, ("plan", ""))


def overview(dossier: Dossier, step: str, at: datetime) -> dict[str, Any]:
    """Return what every step shows of the whole draft: indicator, missing answers, grant preview."""
    application = dossier.application
    findings = located(dossier, drafting.missing(dossier, now=at))
    return {
        "application": application,
        "step": step,
        "steps": progress(application, findings, step),
        "missing_here": [row for row in findings if row.step == step],
        "missing_elsewhere": [
            group for group in findings_by_step(application, findings) if group["step"] != step
        ],
        "blocking": sum(row.blocking for row in findings),
        "grant": drafting.preview(dossier) if step in ("plan", "cost") else None,
        "total_cost_won": dossier.total_cost_won,
    }


def render_step(
    request: HttpRequest,
    dossier: Dossier,
    step: str,
    at: datetime,
    *,
    status: int = 200,
    **extra: object,
) -> HttpResponse:
    """Render a step of a draft that was read."""
    application = dossier.application
    before, after = neighbours(application, step)
    context = {
        **overview(dossier, step, at),
        "draft": application.state == ApplicationState.DRAFT,
        "label": LABELS[step],
        "before": before,
        "after": after,
        "now": at,
        "closes_at": application.sub_program.window().closes_at,
        **extra,
    }
    template = f"applications/intake/steps/{step if step in OWN_TEMPLATES else 'section'}.html"
    return render(request, template, context, status=status)


def changed_parts(dossier: Dossier, before: Dossier, step: str, at: datetime) -> dict[str, Any]:
    """Return what a page of `step` has to show anew after a save in the background.

    `blocking` counts what keeps the whole draft from being filed, `missing` lists what this step
    lacks, `support_won` and `own_won` are the grant preview in whole won, and `parts` holds the HTML
    of those parts of the page that are not as they were `before`.
    """
    was, now = overview(before, step, at), overview(dossier, step, at)
    return {
        "blocking": now["blocking"],
        "missing": [
            {"code": row.code, "message": row.message, "blocking": row.blocking, "url": row.url}
            for row in now["missing_here"]
        ],
        "support_won": now["grant"].support_won if now["grant"] else None,
        "own_won": now["grant"].own_won if now["grant"] else None,
        "parts": {
            name: render_to_string(f"applications/intake/steps/_{name}.html", now)
            for name, shown in PARTS.items()
            if any(was[key] != now[key] for key in shown)
        },
    }
