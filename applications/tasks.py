"""Job handlers of applications, and the sweep of due dates."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from celery import shared_task

from applications.models import (
    Application,
    CommitteeProposal,
    IssuedDocument,
    RegistryCheck,
    RoundReport,
    ScoreRun,
    Selection,
    SetAct,
)
from applications.services import (
    box,
    documents,
    evidence,
    inquiries,
    objection,
    presence,
    registries,
    statistics,
)
from applications.services.agreement import contracts, pending_steps
from applications.services.assessment import committee, conflicts, opinions, scoring
from applications.services.intake import partners, preparing
from applications.services.officers import distribution
from applications.services.screening import supplements
from applications.services.selection import proposals
from applications.services.set_acts import running
from portal.core.clock import now
from portal.jobs.queue import handler
from portal.models import Job


@handler(scoring.JOB)
def score(job: Job) -> dict[str, Any]:
    run = ScoreRun.objects.select_related("sub_program").get(pk=job.args["run"])
    scoring.compute(run, now=now(), progress=job.progress)
    objection.conclude(run, now=now())
    return {"scored": run.scored, "results_sha256": run.results_sha256}


@handler(proposals.JOB)
def select(job: Job) -> dict[str, Any]:
    chosen = Selection.objects.get(pk=job.args["selection"])
    proposals.propose(chosen, now=now(), progress=job.progress)
    return dict(chosen.cut.get("counts", {}))


@handler(proposals.DECIDE_JOB)
def decide(job: Job) -> dict[str, Any]:
    # Does nothing when the selection has moved in the meantime. Jobs of the release before this
    # one do not say after which move they were requested.
    chosen = Selection.objects.select_related("sub_program").get(pk=job.args["selection"])
    step = chosen.MOVES[job.args["act"]]
    moved = "after" in job.args and proposals.last_move(chosen) != job.args["after"]
    if job.requested_by is None or moved or chosen.state not in step.source:
        return {"skipped": True}
    if step.name == "decide":
        proposals.decide(chosen, by=job.requested_by, now=now())
    else:
        proposals.undecide(chosen, note=job.args["note"], by=job.requested_by, now=now())
    return {"state": chosen.state}


@handler(proposals.RELEASE_JOB)
def release(job: Job) -> dict[str, Any]:
    # Does nothing when the decision that was to be released has been undone.
    chosen = Selection.objects.select_related("sub_program").get(pk=job.args["selection"])
    if job.requested_by is None or proposals.decision_count(chosen) != job.args["times"]:
        return {"skipped": True}
    done: dict[str, Any] = dict(
        proposals.release(chosen, by=job.requested_by, now=now(), progress=job.progress)
    )
    return done


@handler(opinions.JOB)
def gather_opinions(job: Job) -> dict[str, Any]:
    run = ScoreRun.objects.get(pk=job.args["run"])
    return {"begun": opinions.gather(run, now=now(), progress=job.progress)}


@handler(opinions.TELL_JOB)
def tell_of_opinions(job: Job) -> dict[str, Any]:
    chosen = Selection.objects.get(pk=job.args["selection"])
    return {"firms": opinions.tell(chosen, now=now(), progress=job.progress)}


@handler(registries.ASK_JOB)
def ask_registries(job: Job) -> dict[str, Any]:
    begun = now()
    done = dict(registries.ask_due(job.args["registry"], now=begun, progress=job.progress))
    evidence.answered_since(begun, now=now())
    return done


@handler(registries.CHECK_JOB)
def check_registries(job: Job) -> dict[str, Any]:
    begun = now()
    check = RegistryCheck.objects.select_related("sub_program").get(pk=job.args["check"])
    registries.run_check(check, now=begun, progress=job.progress)
    evidence.answered_since(begun, now=now())
    return {"unasked": check.unasked}


@shared_task
def sweep_registries() -> int:
    return registries.sweep(now=now())


@handler(documents.JOB)
def render_document(job: Job) -> dict[str, Any]:
    document = IssuedDocument.objects.get(pk=job.args["document"])
    return {"sha256": documents.render(document, now=now()).sha256}


@handler(partners.FILED_JOB)
def tell_partners(job: Job) -> dict[str, Any]:
    application = Application.objects.get(pk=job.args["application"])
    return {"told": partners.tell_of_filing(application, now=now())}


@handler(statistics.JOB)
def report_round(job: Job) -> dict[str, Any]:
    made = RoundReport.objects.select_related("round").get(pk=job.args["report"])
    statistics.build(made, now=now(), progress=job.progress)
    return {"rows": made.rows, "sha256": made.sha256}


@handler(conflicts.JOB)
def check_conflicts(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = dict(
        conflicts.refresh(
            conflicts.applications_to_check(job.args), now=now(), progress=job.progress
        )
    )
    return found


@handler(committee.JOB)
def solve_committee(job: Job) -> dict[str, Any]:
    proposal = CommitteeProposal.objects.select_related("sub_program").get(pk=job.args["proposal"])
    committee.solve(proposal, now=now(), progress=job.progress)
    return {"wanted": proposal.wanted, "placed": proposal.placed}


@handler(running.JOB)
def act_on_many(job: Job) -> dict[str, Any]:
    act = running.run(SetAct.objects.get(pk=job.args["set_act"]), progress=job.progress)
    return {"done": act.done, "skipped": act.skipped}


# Each finds what has become due and is safe to repeat; `tests/applications/tasks/test_handlers.py`
# holds that a sweep of every service is in the list.
SWEEPS: tuple[Callable[[datetime], object], ...] = (
    supplements.expire,
    preparing.sweep,
    conflicts.sweep,
    contracts.drop_orphans,
    contracts.draft_pending,
    pending_steps.remind,
    inquiries.sweep,
    distribution.sweep,
    presence.forget,
    box.sweep,
)


@shared_task
def sweep_due_dates() -> None:
    """Run every sweep at one instant; runs every few minutes."""
    at = now()
    for sweep in SWEEPS:
        sweep(at)
