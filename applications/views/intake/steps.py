"""The steps of the form: which there are, where each finding belongs, how far the draft is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from applications.models import Application
from applications.queries import Dossier
from applications.queries.intake import drafting as drafting_queries
from applications.services.intake import drafting
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
COST_CODES = {"cost_items", "total_cost", drafting.REQUESTED["code"]}


@dataclass(frozen=True)
class Place:
    """A finding with the page where it is put right."""

    message: str
    blocking: bool
    code: str
    step: str
    url: str


def steps_of(application: Application) -> list[str]:
    """The steps this sub-programme needs, by its data alone."""
    program = application.sub_program
    asks_sum = any(track.grant_kind == "requested" for track in program.tracks.all())
    needed = {
        "cost": bool(program.cost_items) or asks_sum,
        "partners": bool(program.partner_roles),
    }
    return [name for name in LABELS if needed.get(name, True)]


def url_of(application: Application, step: str) -> str:
    """The page of a step."""
    if step == "review":
        return reverse("application_review", args=[application.pk])
    return reverse("application_step", args=[application.pk, step])


def places(read: Dossier, findings: Sequence[Finding]) -> list[Place]:
    """Give every finding the page and the field where it is put right."""
    where = _where(read)
    rows = []
    for finding in findings:
        step, anchor = _place(read, where, finding.code)
        url = url_of(read.application, step) + (f"#{anchor}" if anchor else "")
        rows.append(Place(finding.message, finding.blocking, finding.code, step, url))
    order = list(LABELS)
    return sorted(rows, key=lambda row: order.index(row.step))


def by_step(application: Application, found: Sequence[Place]) -> list[dict[str, Any]]:
    """The findings under the step they belong to; steps without any are left out."""
    rows = []
    for name in steps_of(application):
        here = [row for row in found if row.step == name]
        if here:
            title, url = LABELS[name], url_of(application, name)
            rows.append({"step": name, "title": title, "url": url, "findings": here})
    return rows


def progress(
    application: Application, found: Sequence[Place], current: str
) -> list[dict[str, str]]:
    """The steps with their state, for the step indicator."""
    open_steps = {row.step for row in found if row.blocking}
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
    """The pages before and after a step; "" at the ends."""
    names = steps_of(application)
    at = names.index(step)
    before = url_of(application, names[at - 1]) if at else ""
    after = url_of(application, names[at + 1]) if at + 1 < len(names) else ""
    return before, after


def _where(read: Dossier) -> dict[str, tuple[str, str]]:
    """Where each question stands: step and anchor."""
    found = {}
    for step in drafting.SECTIONS:
        for row in drafting.questions_of(read.application, step):
            found[row["code"]] = (step, _anchor(row))
    return found


def _anchor(row: dict[str, Any]) -> str:
    name = f"id_q_{row['code']}"
    if row["kind"] in ("yes_no", "multi") or (row["kind"] == "choice" and len(row["choices"]) <= 6):
        return f"{name}_0"
    return f"{name}-0-{row['columns'][0]['code']}" if row["kind"] == "rows" else name


def _place(read: Dossier, where: dict[str, tuple[str, str]], code: str) -> tuple[str, str]:
    kind, _, rest = code.partition(":")
    if rest.startswith("document:"):
        return "documents", f"document-{rest.removeprefix('document:')}"
    if rest.startswith("consent:"):
        return "declarations", f"id_c_{rest.removeprefix('consent:')}_0"
    if kind.startswith("partner_"):
        return "partners", ""
    facts = {row.code: row.fact for row in read.sub_program.conditions_parsed()}
    name = facts.get(code, rest or code)
    if name == "track":
        return "plan", "id_track_0"
    if name in COST_CODES:
        return "cost", where[name][1] if name in where else ""
    return where.get(name, ("plan", ""))


def page(
    request: HttpRequest,
    application: Application,
    step: str,
    at: datetime,
    *,
    status: int = 200,
    read: Dossier | None = None,
    **extra: object,
) -> HttpResponse:
    """Render a step with what every step shows: indicator, what is missing, the grant preview."""
    read = read or drafting_queries.read(application)
    found = places(read, drafting_queries.missing(read, now=at))
    before, after = neighbours(application, step)
    context = {
        "application": application,
        "draft": read.application.state == ApplicationState.DRAFT,
        "step": step,
        "label": LABELS[step],
        "steps": progress(application, found, step),
        "missing_here": [row for row in found if row.step == step],
        "missing_elsewhere": [
            group for group in by_step(application, found) if group["step"] != step
        ],
        "blocking": sum(row.blocking for row in found),
        "before": before,
        "after": after,
        "now": at,
        "closes_at": application.sub_program.window().closes_at,
        "grant": drafting_queries.preview(read) if step in ("plan", "cost") else None,
        "total_cost_won": read.total_cost_won,
        **extra,
    }
    template = f"applications/intake/steps/{step if step in OWN_TEMPLATES else 'section'}.html"
    return render(request, template, context, status=status)
