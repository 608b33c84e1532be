"""Selections: proposed within money and places, confirmed, decided with the ledger, released.

Long lists are proposed, decided and released by jobs.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from applications.models import (
    AidException,
    Application,
    Decision,
    ScoreResult,
    ScoreRun,
    Selection,
    SelectionMove,
)
from applications.queries.selection import aid as aid_queries
from applications.rules import selection as selection_rules
from applications.services.assessment import opinions, sheets
from applications.services.selection import aid, notices, reserve
from applications.services.selection.notices import announced
from applications.states import (
    ApplicationMoves,
    ApplicationState,
    Outcome,
    SelectionMoves,
    SelectionState,
)
from portal.access import impartiality
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, Finding, MoveNotAllowed, PortalError, RuleBroken
from portal.core.moves import Move
from portal.core.particles import with_particle
from portal.jobs import broker, queue
from portal.jobs.progress import Progress, no_progress
from portal.models import Job, User
from portal.records import bulk
from portal.records.workflow import allowed, move, move_many
from programs.models import Budget, SubProgram
from programs.roles import MANAGER, OFFICER
from programs.rules.grants import limits, quota
from programs.services import ledger

JOB = "applications.select"
DECIDE_JOB = "applications.decide"
RELEASE_JOB = "applications.release"
CHUNK = 2_000
UNFINISHED = [
    SelectionState.PREPARING,
    SelectionState.PROPOSED,
    SelectionState.CONFIRMED,
    SelectionState.DECIDED,
]
STAGES = 3
ASSESSED = "평가가 끝나고 결과가 발표되었습니다."
PROPOSED = (selection_rules.SELECTED, selection_rules.RESERVE, selection_rules.REJECTED)
NO_SIGNATURES: dict[str, Any] = {
    "confirmed_by": None,
    "confirmed_at": None,
    "decided_by": None,
    "decided_at": None,
}


def start(
    run: ScoreRun,
    *,
    by: User,
    now: datetime,
    places: int | None = None,
    reserve_places: int | None = None,
) -> Selection:
    """Request a selection proposal from a finished run.

    `places` None takes the quota of the notice (A05); `reserve_places` None puts everybody
    below the line and at or above the floor on the reserve list. Raises MoveNotAllowed
    (`run_not_finished`, `run_stale`, `selection_live`), BadInput (`places`).
    """
    impartiality.require(
        by,
        [OFFICER, MANAGER],
        about=run,
        message="선정안을 만들 권한이 없습니다.",
        code="move_not_allowed",
    )
    if run.finished_at is None:
        raise MoveNotAllowed(
            "점수 산정이 끝난 뒤에 선정안을 만들 수 있습니다.", code="run_not_finished"
        )
    if run.stale_at is not None:
        raise MoveNotAllowed(f"다시 산정해야 하는 점수입니다. {run.stale_reason}", code="run_stale")
    if any(count is not None and count < 0 for count in (places, reserve_places)):
        raise BadInput("선정 수와 예비 수는 0 이상이어야 합니다.", code="places")
    for count, label in ((places, "선정 수"), (reserve_places, "예비 수")):
        ranges.check("places", count, today=korean_day(now), label=label)
    program = run.sub_program
    if places is None:
        places = quota.places(program.quota_count, program.quota_kind)
    with transaction.atomic():
        SubProgram.objects.select_for_update(no_key=True).get(pk=program.pk)
        if live := _unfinished(program).first():
            raise MoveNotAllowed(
                f"아직 발표하지 않은 선정 #{with_particle(live.pk, '이/가')} 있습니다. 먼저 발표하거나 폐기하세요.",
                code="selection_live",
            )
        selection = Selection.objects.create(
            sub_program=program,
            run=run,
            places=places,
            tie_rule=selection_rules.TIE_RULE,
            cut={"reserve_places": reserve_places},
            requested_by=by,
            requested_at=now,
        )
        selection.job = queue.enqueue(
            JOB, key=f"select:{selection.pk}", by=by, selection=selection.pk
        )
        selection.save(update_fields=["job"])
    return selection


def propose(selection: Selection, *, now: datetime, progress: Progress = no_progress) -> None:
    """Rank the results of the run and draw the line, all or nothing.

    Applications of companies that have reached a limit are excluded with the reason. The available
    money of the pot is read now and stored with the proposal. Does nothing for a finished proposal.
    Raises RuleBroken when an application has no amount.
    """
    progress(0, STAGES)
    with transaction.atomic():
        locked = Selection.objects.select_for_update(of=("self",)).get(pk=selection.pk)
        if locked.state != SelectionState.PREPARING:
            return
        program = SubProgram.objects.select_related("pot", "round").get(pk=locked.sub_program_id)
        available = program.pot.available_won
        ranked = selection_rules.rank(_candidates(locked))
        reserve = locked.cut.get("reserve_places")
        progress(1, STAGES)
        limits_of_cut: dict[str, Any] = {"available_won": available, "places": locked.places}
        if beyond := _beyond_limits(program, ranked, limits_of_cut):
            ranked = selection_rules.rank((entry.candidate for entry in ranked), beyond)
        limits_of_cut["beyond"] = beyond
        proposed = selection_rules.propose(ranked, reserve_places=reserve, **limits_of_cut)
        line = selection_rules.cut(ranked, **limits_of_cut)
        _write(locked, ranked, proposed)
        move(
            locked,
            SelectionMoves.PROPOSE,
            by=None,
            now=now,
            changes={
                "available_won": available,
                "cut": _cut(program, locked.places, reserve, line, available, proposed),
            },
        )
    progress(STAGES, STAGES)
    selection.refresh_from_db()


def confirm(selection: Selection, *, by: User, now: datetime) -> None:
    """Confirm the proposal as an officer, for another person to approve as a manager.

    From now on opinions on its applications can be edited. Raises MoveNotAllowed.
    """
    with transaction.atomic():
        move(
            selection,
            SelectionMoves.CONFIRM,
            by=by,
            now=now,
            changes={"confirmed_by": by, "confirmed_at": now},
        )
        opinions.schedule(selection.run, by=by)


def unconfirm(selection: Selection, *, note: str, by: User, now: datetime) -> None:
    """Take back the confirmation before the approval. Raises MoveNotAllowed."""
    move(
        selection,
        SelectionMoves.UNCONFIRM,
        by=by,
        now=now,
        note=note,
        changes={"confirmed_by": None, "confirmed_at": None},
    )


def revise(
    selection: Selection,
    *,
    places: int | None,
    reserve_places: int | None,
    note: str,
    by: User,
    now: datetime,
) -> Selection:
    """Discard an unapproved proposal and request one with other places.

    Raises MoveNotAllowed, BadInput.
    """
    with transaction.atomic():
        discard(selection, note=note, by=by, now=now)
        return start(selection.run, by=by, now=now, places=places, reserve_places=reserve_places)


def decide(selection: Selection, *, by: User, now: datetime) -> None:
    """Approve as confirmed: reserve money and move all applications, all or nothing.

    Raises BudgetExceeded when the pot has shrunk since, RuleBroken when an application has left
    assessment or a company has reached a limit since (`aid_limit`), MoveNotAllowed (`same_person`
    when the approver confirmed it).
    """
    _refuse_confirmer(selection, by)
    with transaction.atomic():
        move(
            selection,
            SelectionMoves.DECIDE,
            by=by,
            now=now,
            where={"confirmed_by": selection.confirmed_by_id},
            changes={"decided_by": by, "decided_at": now},
        )
        note = f"{selection.sub_program} 선정 #{selection.pk}"
        chosen = announced(selection).filter(outcome=Outcome.SELECTED)
        aid.enforce(
            selection.sub_program,
            dict(chosen.order_by("rank").values_list("application_id", "grant_won")),
        )
        rows = _ledger_rows(selection, "reserve", note=note)
        if rows:
            ledger.reserve_many(_pot(selection), rows, by=by, now=now)
        _move_applications(selection, ApplicationMoves.DECIDE, by, now)


def undecide(selection: Selection, *, note: str, by: User, now: datetime) -> None:
    """Take back approval and confirmation before the release; the money returns to the pot.

    Raises MoveNotAllowed.
    """
    with transaction.atomic():
        move(selection, SelectionMoves.UNDECIDE, by=by, now=now, note=note, changes=NO_SIGNATURES)
        rows = _ledger_rows(selection, "release", note=note[:200])
        if rows:
            ledger.release_many(_pot(selection), rows, by=by, now=now)
        _move_applications(selection, ApplicationMoves.UNDECIDE, by, now, note)


def discard(selection: Selection, *, note: str, by: User, now: datetime) -> None:
    """Discard a proposal that is not approved. Raises MoveNotAllowed."""
    move(selection, SelectionMoves.DISCARD, by=by, now=now, note=note, changes=NO_SIGNATURES)


def return_reservation(application: Application, *, by: User, now: datetime, note: str) -> None:
    """Release the money of an application withdrawn between its decision and the release.

    Call it inside the transaction that withdraws, which fails when the selection was decided anew.
    Staff still see the decision; the applicant is never notified of it.
    """
    decided = Selection.objects.select_for_update(of=("self",)).filter(
        state=SelectionState.DECIDED, decisions__application=application
    )
    selection = decided.order_by("-pk").first()
    if selection is None:
        return
    if rows := _ledger_rows(selection, "release", note=note[:200], only=application):
        ledger.release_many(_pot(selection), rows, by=by, now=now)


def schedule(selection: Selection, act: str, *, by: User, now: datetime, note: str = "") -> Job:
    """Request `decide` or `undecide` as a job, for lists too long for one request.

    Repeated calls by one person return the same job until the selection moves. Raises
    MoveNotAllowed (`same_person` when the approver confirmed it).
    """
    step = selection.MOVES[act]
    if not allowed(step, state=selection.state, by=by):
        raise MoveNotAllowed(f"지금은 ‘{step.label}’ 처리를 할 수 없습니다.")
    if step == SelectionMoves.DECIDE:
        _refuse_confirmer(selection, by)
    last = last_move(selection)
    job = queue.enqueue(
        DECIDE_JOB,
        key=f"{act}:{selection.pk}:{last}:{by.pk}",
        by=by,
        selection=selection.pk,
        act=act,
        note=note,
        after=last,
    )
    return _follow(selection, job)


def schedule_release(selection: Selection, *, by: User, now: datetime) -> Job:
    """Request the release as a job; repeated calls by one person return the same job.

    Raises MoveNotAllowed, RuleBroken (`notices_short`) when decisions and notices differ.
    """
    if not allowed(SelectionMoves.RELEASE, state=selection.state, by=by):
        raise MoveNotAllowed("지금은 결과를 발표할 수 없습니다.")
    check_notices(selection)
    times = decision_count(selection)
    job = queue.enqueue(
        RELEASE_JOB,
        key=f"release:{selection.pk}:{times}:{by.pk}",
        by=by,
        selection=selection.pk,
        times=times,
    )
    return _follow(selection, job)


def release(
    selection: Selection, *, by: User, now: datetime, progress: Progress = no_progress
) -> dict[str, int]:
    """Publish every decision at one instant, then write one notice for each.

    The states of the selection and of all its applications change in one transaction. Notices
    follow in chunks; after a crash the next run writes the missing ones. Returns the counts of
    decisions and notices. Raises PortalError (`notices_missing`) when they differ.
    """
    if selection.state != SelectionState.RELEASED:
        check_notices(selection)
        with transaction.atomic():
            move(selection, SelectionMoves.RELEASE, by=by, now=now, changes={"released_at": now})
            _move_applications(selection, ApplicationMoves.RELEASE, by, now)
            assessed = selection.decisions.order_by().values("application")
            sheets.close(assessed, reason=ASSESSED, now=now)
            # A place that was given up between the decision and the release goes to the next.
            reserve.fill(selection.sub_program, by=None, now=now)
    decisions = announced(selection).count()
    written = _notify(selection, now, progress)
    if written != decisions:
        raise PortalError(
            f"결정 {decisions:,}건에 알림 {written:,}건입니다. 다시 시도합니다.",
            code="notices_missing",
        )
    return {"decisions": decisions, "notices": written}


def check_notices(selection: Selection) -> tuple[int, int]:
    """Return the numbers of decisions and of notices that can be sent.

    Raises RuleBroken (`notices_short`) when they differ.
    """
    decisions, reachable = announced(selection).count(), notices.reachable(selection)
    if decisions != reachable:
        raise RuleBroken(
            [
                Finding(
                    "notices_short",
                    f"결정은 {decisions:,}건인데 보낼 수 있는 알림은 {reachable:,}통입니다."
                    " 받을 사람이 없는 신청을 먼저 확인하세요.",
                )
            ]
        )
    return decisions, reachable


def decision_count(selection: Selection) -> int:
    """Return how often this selection was decided; more than once after an `undecide`."""
    return SelectionMove.objects.filter(thing=selection, move="decide").count()


def last_move(selection: Selection) -> int | None:
    """Return the key of the last move; a job asked for before a later one decides nothing."""
    rows = SelectionMove.objects.filter(thing=selection).order_by("-pk")
    return rows.values_list("pk", flat=True).first()


def _refuse_confirmer(selection: Selection, by: User) -> None:
    if selection.confirmed_by_id == by.pk:
        raise MoveNotAllowed(
            "선정안을 확인한 사람은 승인할 수 없습니다. 다른 결정권자가 승인해야 합니다.",
            code="same_person",
        )


def _follow(selection: Selection, job: Job) -> Job:
    queue.retry(job)  # the same job may have been parked
    Selection.objects.filter(pk=selection.pk).update(job=job)
    selection.job = job
    return job


def _unfinished(program: SubProgram) -> QuerySet[Selection]:
    # Also a proposal whose job was parked: it must be discarded first.
    return Selection.objects.filter(sub_program=program, state__in=UNFINISHED).order_by("pk")


def _pot(selection: Selection) -> Budget:
    return Budget.objects.get(sub_programs=selection.sub_program_id)


def _candidates(selection: Selection) -> Iterator[selection_rules.Candidate]:
    rows = (
        ScoreResult.objects.filter(
            run=selection.run_id, application__state=ApplicationState.ASSESSING
        )
        .order_by("application")
        .values_list(
            "application_id",
            "total",
            "raw",
            "core",
            "application__submitted_at",
            "application__submission__support_won",
            "passed_floor",
            "application__company_id",
        )
    )
    for row in rows.iterator(chunk_size=CHUNK):
        yield selection_rules.Candidate(*row)  # type: ignore[arg-type] # scored and filed: none is null


def _beyond_limits(
    program: SubProgram, ranked: Sequence[selection_rules.Ranked], limits_of_cut: dict[str, Any]
) -> dict[int, str]:
    if not (rows := program.round.limits_parsed()):
        return {}
    mine = AidException.objects.filter(application__sub_program=program).values("application")
    book = aid_queries.book(program.round.year, rows, mine)

    def requested(candidate: selection_rules.Candidate) -> limits.Aid:
        return limits.Aid(candidate.id, program.code, candidate.amount_won or 0)

    def refusal(candidate: selection_rules.Candidate) -> str:
        refusals = book.refusals(candidate.firm, requested(candidate))
        return " ".join(row.message for row in refusals)

    def taken(candidate: selection_rules.Candidate) -> None:
        book.add(candidate.firm, requested(candidate))

    return selection_rules.beyond_limits(ranked, refusal=refusal, taken=taken, **limits_of_cut)


def _write(
    selection: Selection,
    ranked: Sequence[selection_rules.Ranked],
    proposed: Sequence[selection_rules.Proposed],
) -> None:
    columns = ["selection_id", "application_id", "outcome", "rank", "grant_won"]
    columns += ["reason_code", "reason"]
    amounts = (
        entry.candidate.amount_won if row.outcome == selection_rules.SELECTED else 0
        for entry, row in zip(ranked, proposed, strict=True)
    )
    rows = (
        (selection.pk, row.id, row.outcome, row.rank, amount, row.reason_code, row.reason)
        for row, amount in zip(proposed, amounts, strict=True)
    )
    while part := list(islice(rows, CHUNK)):
        bulk.insert(Decision, columns, part)


def _cut(
    program: SubProgram,
    places: int | None,
    reserve_places: int | None,
    line: selection_rules.Cut,
    available_won: int,
    proposed: Sequence[selection_rules.Proposed],
) -> dict[str, Any]:
    counts = Counter(row.outcome for row in proposed)
    warnings = [quota.note(program.quota_count, program.quota_kind, line.selected_count)]
    if beyond := sum(row.reason_code == selection_rules.AID_LIMIT for row in proposed):
        warnings.append(
            Finding(
                selection_rules.AID_LIMIT,
                f"기업별 지원 한도를 넘어 선정에서 뺀 신청이 {beyond:,}건 있습니다. 순위표의 뒤쪽에"
                " 사유와 함께 있습니다. 예외를 인정하면 선정안을 다시 만들어 주세요.",
                False,
            )
        )
    usual = quota.places(program.quota_count, program.quota_kind)
    words = quota.label(program.quota_count, program.quota_kind)
    if places != usual:
        chosen = "제한 없음" if places is None else f"{places:,}개"
        warnings.append(
            Finding(
                "places_chosen", f"공고의 모집 규모({words})와 다르게 {chosen}로 정했습니다.", False
            )
        )
    return {
        "selected_count": line.selected_count,
        "cut_total": None if line.cut_total is None else f"{line.cut_total}",
        "stopped_by": line.stopped_by,
        "amount_won": line.amount_won,
        "left_won": available_won - line.amount_won,
        "quota": words,
        "reserve_places": reserve_places,
        "counted": len(proposed),
        "counts": {outcome: counts[outcome] for outcome in PROPOSED},
        "warnings": [{"code": w.code, "message": w.message} for w in warnings if w],
    }


def _ledger_rows(
    selection: Selection, act: str, *, note: str, only: Application | None = None
) -> list[ledger.Booking]:
    times = decision_count(selection)
    suffix = f":{times}" if times > 1 else ""  # a second decision needs its own references
    chosen = announced(selection).filter(outcome=Outcome.SELECTED, grant_won__gt=0)
    if only is not None:
        chosen = chosen.filter(application=only)
    return [
        ledger.Booking(
            amount=amount,
            reference=f"{act}:application:{pk}:{selection.pk}{suffix}",
            subject=f"application:{pk}",
            note=note,
        )
        for pk, amount in chosen.order_by("application").values_list("application_id", "grant_won")
    ]


def _move_applications(
    selection: Selection, step: Move, by: User, now: datetime, note: str = ""
) -> None:
    applications = Application.objects.filter(
        pk__in=selection.decisions.order_by().values("application")
    )
    moved = move_many(applications, step, by=by, now=now, note=note)
    # Applications may be withdrawn between the decision and the release.
    expected = selection.decisions if step.name == "decide" else announced(selection)
    missing = expected.count() - moved
    if missing:
        raise RuleBroken(
            [
                Finding(
                    "applications_gone",
                    f"선정안을 만든 뒤 상태가 바뀐 신청이 {missing:,}건 있습니다. 선정안을 다시 만드세요.",
                )
            ]
        )


def _notify(selection: Selection, now: datetime, progress: Progress) -> int:
    written, total = 0, selection.cut.get("counted", 0)
    # Ranks run from 1 without gaps: spans of them need neither a sort nor fresh statistics.
    decisions = announced(selection).order_by("rank").select_related("application")
    decisions = decisions.only(
        "selection_id", "outcome", "rank", "grant_won", "reason", "application__number"
    )
    for start_at in range(0, total, CHUNK):
        rows = list(decisions.filter(rank__gt=start_at, rank__lte=start_at + CHUNK))
        written += notices.write(selection, rows, now=now)
        progress(written, total)
    broker.notify("portal.notices.tasks.send_notices")
    return written
