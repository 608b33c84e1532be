"""Progress and released result of an application."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from applications.models import Agreement, Application, Decision, ScoreResult, ScoreRun, Supplement
from applications.queries.selection.decisions import history
from applications.rules.agreement import STEPS
from applications.states import ANNOUNCED, ChangeKind, Outcome, SupplementState
from applications.states import ApplicationState as S
from programs.queries.calendar import holidays
from programs.rules import deadlines

# The step of the catalogue's process list that is under way. A decision that is not released shows
# as assessment.
CURRENT_STEP = {
    S.DRAFT: "submitted",
    S.SUBMITTED: "screening",
    S.SCREENING: "screening",
    S.INELIGIBLE: "screening",
    S.ASSESSING: "assessing",
    S.DECIDED: "assessing",
    S.CONTRACTED: "closed",
}
FINISHED_BY = {
    "submit": "submitted",
    "qualify": "screening",
    "exclude": "screening",
    "release": "released",
    "contract": "contracted",
    "close": "closed",
}


@dataclass(frozen=True)
class Step:
    """One step of the process: `state` is done, current, todo or stopped; `at` when it was done."""

    label: str
    state: str
    who: str
    at: datetime | None = None
    due: datetime | None = None
    note: str = ""


def timeline(application: Application) -> list[Step]:
    """Return the steps of the process with dates, who is next and by when (planned days).

    The planned days are an assumption of the catalogue.
    """
    current = CURRENT_STEP.get(S(application.state), "")
    agreement = _agreement(application)
    if agreement is not None and application.state == S.RELEASED:
        current = "contracted"
    finished = {
        FINISHED_BY[row.move]: row.at for row in application.moves.all() if row.move in FINISHED_BY
    }
    if "released" in finished:
        finished["assessing"] = finished["released"]
    state = "stopped" if application.state == S.WITHDRAWN else "done"
    since = application.submitted_at
    steps: list[Step] = []
    for row in application.sub_program.steps:
        if state == "done" and row["code"] == current:
            state = "current"
        at = finished.get(row["code"]) if state == "done" else None
        if state == "done" and application.state == S.RELEASED and at is None:
            state = "todo"
        if state == "done" and application.state == S.ENDED and at is None and since:
            steps.append(Step(row["label"], "stopped", row["actor"], note="중도 종료"))
            state = "todo"
            continue
        step = _step(application, row, state, at, since)
        steps.append(_with_pending_step(step, agreement) if agreement is not None else step)
        since = at or since
        state = "todo" if state == "current" else state
    return steps


def result(application: Application) -> dict[str, Any] | None:
    """Return the released result with its score broken down; None before the release.

    Holds: outcome, label, reason, grant_won, rank, counted (number of ranked applications), cut
    (total of the last selected and why the line is there), gap (points to that line), tie_rule,
    bonuses with reasons, breakdown, and the hashes of rubric and inputs.
    """
    decisions = history(application)
    if not decisions:
        return None
    decision = decisions[-1]
    selection = decision.selection
    run = _run_behind(application, decisions)
    score = ScoreResult.objects.get(run=run, application=application)
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
        "released_at": decision.at or selection.released_at,
        "history": decisions,
        "rubric_sha256": run.rubric_sha256,
        "inputs_sha256": score.inputs_sha256,
    }


def open_supplement(application: Application) -> Supplement | None:
    """Return the unanswered supplement request; read from `supplements` where it is prefetched."""
    rows = (row for row in application.supplements.all() if row.state == SupplementState.OPEN)
    return next(rows, None)


def _agreement(application: Application) -> Agreement | None:
    if application.state not in ANNOUNCED:
        return None
    return Agreement.objects.filter(application=application).first()


def _with_pending_step(step: Step, agreement: Agreement) -> Step:
    if step.state != "current":
        return step
    pending = agreement.pending_steps.filter(done_at=None).order_by("due_at", "pk").first()
    if pending is None:
        return step
    who = pending.get_waits_for_display()
    return replace(step, who=who, due=pending.due_at, note=STEPS[pending.step][0])


def _step(
    application: Application,
    row: dict[str, Any],
    state: str,
    at: datetime | None,
    since: datetime | None,
) -> Step:
    supplement = open_supplement(application)
    if state == "current" and application.state == S.INELIGIBLE:
        return Step(row["label"], "stopped", row["actor"], note="요건 미충족")
    if state == "current" and supplement:
        return Step(
            row["label"], state, "신청기업", due=supplement.due_at, note="보완 요청 답변 대기"
        )
    due = deadlines.step_due(row, since, holidays()) if state == "current" and since else None
    return Step(row["label"], state, row["actor"], at=at, due=due)


def _run_behind(application: Application, decisions: list[Decision]) -> ScoreRun:
    if any(row.reason_code == ChangeKind.OBJECTION for row in decisions):
        run = application.objection.run
        if run is not None:
            return run
    return decisions[0].selection.run
