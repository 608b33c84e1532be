"""Progress and released result of an application."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from applications.models import (
    Agreement,
    Application,
    ApplicationMove,
    Check,
    Decision,
    Exclusion,
    Objection,
    ScoreResult,
    ScoreRun,
    Submission,
    Supplement,
)
from applications.queries.intake.drafting import COMMON, read_with
from applications.queries.selection.decisions import award_of, history
from applications.rules.agreement import STEPS
from applications.states import ANNOUNCED, ChangeKind, Outcome, Remedy, SupplementState
from applications.states import ApplicationState as S
from portal.records import together
from portal.records.together import Rows
from programs.models import SubProgram
from programs.queries.calendar import holidays
from programs.queries.kept import Catalogue
from programs.rules import deadlines

# The step of the catalogue's process list that is under way. A decision that is not released shows
# as assessment.
CURRENT_STEP = {
    S.DRAFT: "submitted",
    S.SUBMITTED: "screening",
    S.SCREENING: "screening",
    S.ASSESSING: "assessing",
    S.DECIDED: "assessing",
    S.CONTRACTED: "closed",
}
STOPPED_BY = {S.WITHDRAWN: "취하", S.INELIGIBLE: "요건 미충족", S.ENDED: "중도 종료"}
GOES_ON = (Outcome.SELECTED, Outcome.RESERVE)
FINISHED_BY = {
    "submit": "submitted",
    "qualify": "screening",
    "exclude": "screening",
    "release": "released",
    "contract": "contracted",
    "close": "closed",
}
PROGRESS = COMMON | {
    "moves": Rows(ApplicationMove, "thing_id = %(application)s"),
    "supplements": Rows(Supplement, "application_id = %(application)s"),
    "agreement": Rows(Agreement, "application_id = %(application)s"),
    "exclusions": Rows(Exclusion, "application_id = %(application)s"),
    "decisions": Rows(Decision, "application_id = %(application)s"),
    "objections": Rows(Objection, "application_id = %(application)s"),
    "filed": Rows(Submission, "application_id = %(application)s", ("application_id", "evidence")),
    "checks": Rows(
        Check,
        "application_id = %(application)s AND evidence IS NOT NULL",
        ("id", "code", "message", "standing", "evidence"),
    ),
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


def read_progress(application: Application, catalogue: Catalogue) -> dict[str, list[Any]]:
    """Read what the page of a filed application shows, in one query, or two with partners.

    The application is related to its catalogue, company and site, its moves and supplements count as
    prefetched. The result holds all parts by their names.
    """
    found = read_with(application, PROGRESS)
    catalogue.put_on([application])
    together.relate(application, moves=found["moves"], supplements=found["supplements"])
    for agreement in found["agreement"]:
        agreement.application = application
    return found


def timeline(application: Application) -> list[Step]:
    """Return the steps of the process with dates, who is next and by when (planned days).

    The way ends where the application has ended: no step after it is announced. The planned days are
    an assumption of the catalogue.
    """
    finished = {
        FINISHED_BY[row.move]: row.at for row in application.moves.all() if row.move in FINISHED_BY
    }
    if "released" in finished:
        finished["assessing"] = finished["released"]
    if (why := _stopped_by(application)) is not None:
        return _ended_way(application, finished, why)
    current = CURRENT_STEP.get(S(application.state), "")
    agreement = _agreement(application)
    if agreement is not None and application.state == S.RELEASED:
        current = "contracted"
    state, since = "done", application.submitted_at
    steps: list[Step] = []
    for row in application.sub_program.steps:
        if state == "done" and row["code"] == current:
            state = "current"
        at = finished.get(row["code"]) if state == "done" else None
        if state == "done" and application.state == S.RELEASED and at is None:
            state = "todo"
        step = _step(application, row, state, at, since)
        steps.append(_with_pending_step(step, agreement) if agreement is not None else step)
        since = at or since
        state = "todo" if state == "current" else state
    return steps


def _stopped_by(application: Application) -> str | None:
    """Return in words why the way ends before its last step; None while it goes on or is done."""
    if application.state == S.RELEASED:
        award = award_of(application)
        if award is None or award.outcome in GOES_ON:
            return None
        return Outcome(award.outcome).label
    return STOPPED_BY.get(S(application.state))


def _ended_way(application: Application, finished: dict[str, datetime], why: str) -> list[Step]:
    """Return the steps that were finished, and the one in which it ended."""
    steps: list[Step] = []
    for row in application.sub_program.steps:
        at = finished.get(row["code"])
        # A decision that was never released to the applicant shows nothing.
        if at is None or (row["code"] == "screening" and application.state == S.INELIGIBLE):
            steps.append(Step(row["label"], "stopped", row["actor"], at=at, note=why))
            break
        steps.append(Step(row["label"], "done", row["actor"], at=at))
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


def in_program(sub_program: SubProgram) -> QuerySet[Application]:
    """Return the applications that are filed and not withdrawn: those that a ranking is about."""
    rows = Application.objects.filter(sub_program=sub_program)
    return rows.exclude(state__in=[S.DRAFT, S.WITHDRAWN])


def open_supplement(application: Application) -> Supplement | None:
    """Return the unanswered supplement request; read from `supplements` where it is prefetched."""
    rows = (row for row in application.supplements.all() if row.state == SupplementState.OPEN)
    return next(rows, None)


def _agreement(application: Application) -> Agreement | None:
    if application.state not in ANNOUNCED:
        return None
    return getattr(application, "agreement", None)


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
    if state == "current" and supplement:
        return Step(
            row["label"], state, "신청기업", due=supplement.due_at, note="보완 요청 답변 대기"
        )
    due = deadlines.step_due(row, since, holidays()) if state == "current" and since else None
    return Step(row["label"], state, row["actor"], at=at, due=due)


def assessed_in(application: Application, decisions: list[Decision]) -> ScoreRun:
    """Return the run whose sheets the result rests on; a bonus granted later leaves them as they are."""
    case = application.objection
    if case is not None and case.remedy != Remedy.SHEETS:
        return decisions[0].selection.run
    return _run_behind(application, decisions)


def _run_behind(application: Application, decisions: list[Decision]) -> ScoreRun:
    if any(row.reason_code == ChangeKind.OBJECTION for row in decisions):
        case = application.objection
        if case is not None and case.run is not None:
            return case.run
    return decisions[0].selection.run
