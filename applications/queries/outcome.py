"""What became of an application: its way so far, its result, the genuineness of its receipt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.crypto import constant_time_compare

from applications.models import Application, ScoreResult, Submission
from applications.states import ApplicationState as S
from applications.states import Outcome, SelectionState, SupplementState

# Which step of the catalogue's process list an application stands in.
STEP_OF_STATE = {
    S.DRAFT: "apply",
    S.SUBMITTED: "screening",
    S.SCREENING: "screening",
    S.INELIGIBLE: "screening",
    S.ASSESSING: "assessment",
    S.DECIDED: "selection",
    S.RELEASED: "result",
}
ENTERED_BY = {
    "apply": ("submit",),
    "screening": ("qualify", "exclude"),
    "assessment": ("decide",),
    "selection": ("release",),
}


@dataclass(frozen=True)
class Step:
    """One step of the way: `state` is done, current, todo or stopped; `at` when it was done."""

    label: str
    state: str
    who: str
    at: datetime | None = None
    due: datetime | None = None
    note: str = ""


def timeline(application: Application) -> list[Step]:
    """The steps of the process with dates, who is next and by when (planned days, assumption)."""
    reached = STEP_OF_STATE.get(S(application.state), "")
    done_at = _done_at(application)
    steps: list[Step] = []
    state = "stopped" if application.state == S.WITHDRAWN else "done"
    since = application.submitted_at
    for row in application.sub_program.steps:
        code = row["code"]
        if state == "done" and code == reached:
            state = "current"
        at = done_at.get(code) if state == "done" else None
        steps.append(_step(application, row, state, at, since))
        since = at or since
        if state == "current":
            state = "todo"
    return steps


def _done_at(application: Application) -> dict[str, datetime]:
    """When each step was finished; a decision is not shown before it is released."""
    moves = {row.move: row.at for row in application.moves.all()}
    finished = {
        step: moves[name] for step, names in ENTERED_BY.items() for name in names if name in moves
    }
    if application.state == S.DECIDED:
        finished.pop("assessment", None)
    return finished


def _step(
    application: Application,
    row: dict[str, Any],
    state: str,
    at: datetime | None,
    since: datetime | None,
) -> Step:
    days = row.get("days")
    open_supplement = next(
        (s for s in application.supplements.all() if s.state == SupplementState.OPEN), None
    )
    if state == "current" and application.state == S.INELIGIBLE:
        return Step(row["label"], "stopped", row["actor"], note="요건 미충족")
    if state == "current" and open_supplement:
        return Step(
            row["label"], state, "신청기업", due=open_supplement.due_at, note="보완 요청 답변 대기"
        )
    due = since + timedelta(days=days) if state == "current" and since and days else None
    return Step(row["label"], state, row["actor"], at=at, due=due)


def result(application: Application) -> dict[str, Any] | None:
    """The released result with its score broken down; None before release.

    Holds: outcome, label, reason, grant_won, rank, counted (how many were ranked), cut
    (the line: total of the last selected and why it was drawn there), gap (points to the line),
    tie_rule, bonuses with reasons, breakdown, run, rubric and input hashes.
    """
    if application.state != S.RELEASED:
        return None
    decision = (
        application.decisions.filter(selection__state=SelectionState.RELEASED)
        .select_related("selection__run")
        .order_by("-pk")
        .first()
    )
    if decision is None:
        return None
    selection = decision.selection
    score = ScoreResult.objects.get(run=selection.run, application=application)
    cut_total = selection.cut.get("cut_total")
    return {
        "outcome": decision.outcome,
        "label": Outcome(decision.outcome).label,
        "reason": decision.reason,
        "grant_won": decision.grant_won,
        "rank": decision.rank,
        "counted": selection.run.scored,
        "cut": selection.cut,
        "gap": score.total - type(score.total)(cut_total) if score.total and cut_total else None,
        "tie_rule": selection.tie_rule,
        "raw": score.raw,
        "bonus": score.bonus,
        "total": score.total,
        "passed_floor": score.passed_floor,
        "breakdown": score.breakdown,
        "bonuses": list(application.bonuses.order_by("pk")),
        "decided_at": selection.decided_at,
        "released_at": selection.released_at,
        "rubric_sha256": selection.run.rubric_sha256,
        "inputs_sha256": score.inputs_sha256,
    }


def receipt_is_genuine(number: str, sha256: str) -> bool:
    """Tell whether a receipt with this number carries this hash; nothing else is given away."""
    known = Submission.objects.filter(number=number).values_list("sha256", flat=True).first()
    return bool(known) and constant_time_compare(known, sha256.strip().lower())
