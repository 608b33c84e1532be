"""Run acts on many applications: freeze what was confirmed, act chunk by chunk, cancel, take back.

A chunk is one transaction: moves, results and the position of the next chunk together. A job that was
killed goes on with the chunk that it had not finished.
"""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from applications.models import Application, SetAct, SetChunk, SetResult
from applications.services.set_acts.acts import ACTS
from applications.services.set_acts.batches import (
    Batch,
    Chosen,
    Confirmed,
    Refusals,
    SetActSpec,
)
from applications.states import SetActKind, SetActState, SetOutcome
from applications.visibility import staff_applications
from portal.access import impartiality
from portal.access.roles import roles_of
from portal.core.clock import now as clock_now
from portal.core.errors import BadInput, Finding, JobCancelled, MoveNotAllowed, StaleVersion
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import Job, User
from portal.records import bulk
from portal.records.workflow import allowed, set_state

JOB = "applications.set_act"
MOST = 100_000
"""Applications of one act: a job of some minutes that can still be looked through and taken back."""
RUN_SECONDS = 240
"""After it a job hands over to a next one, well before Celery would end it."""
FREEZE = 1_000
"""Applications whose facts are read by one statement."""
RESULT_COLUMNS = ["set_act_id", "application_id", "outcome", "code", "message", "at"]
NOT_SEEN = Finding("not_visible", "담당하는 내역사업의 신청이 아니거나 신청이 없습니다.")
NOT_HELD = Finding("role", "이 처리를 할 역할이 더는 없습니다.")
TIED = Finding("tied", impartiality.TIED)


def choose(kind: SetActKind, applications: QuerySet[Application]) -> Chosen:
    """Return which applications an act would concern, and what it would keep of each: as a page shows it."""
    ids = list(applications.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    freeze, facts = ACTS[kind].freeze, dict[str, Any]()
    if freeze is not None:
        for first in range(0, len(ids), FREEZE):
            facts |= freeze(ids[first : first + FREEZE])
    return Chosen(ids, facts)


def start(
    kind: SetActKind,
    applications: QuerySet[Application],
    *,
    confirmed: Confirmed,
    selection: Mapping[str, Any],
    options: Mapping[str, Any],
    reason: str,
    by: User,
    now: datetime,
) -> SetAct:
    """Freeze which applications are meant and request the job that acts on them.

    `confirmed` is what the person agreed to, from `choose`. Raises StaleVersion when the list holds
    another number by now (`count_changed`), or others, or what is kept of them is no longer the same
    (`set_changed`); BadInput (`reason`, `none`, `too_many`, and those of the act's own options),
    MoveNotAllowed (`role`).
    """
    spec = ACTS[kind]
    impartiality.require(
        by, spec.roles, about=None, message="이 처리를 할 권한이 없습니다.", code="role"
    )
    if spec.check is not None:
        spec.check(options, by, now)
    chosen = choose(kind, applications)
    _refuse_changed(chosen, confirmed)
    return _start(kind, spec, chosen, selection, options, reason, by=by, now=now)


def undo(act: SetAct, *, reason: str, by: User, now: datetime) -> SetAct:
    """Request that what an ended act did be taken back, row by row where nothing followed from it.

    Raises MoveNotAllowed (`not_undoable`, `undone`, `role`), BadInput (`reason`, `none`).
    """
    kind = SetActKind(act.kind)
    spec = ACTS[kind]
    if not undoable(act):
        raise MoveNotAllowed("되돌릴 수 없는 처리입니다.", code="not_undoable")
    impartiality.require(
        by, spec.roles, about=None, message="이 처리를 되돌릴 권한이 없습니다.", code="role"
    )
    done = act.results.filter(outcome=SetOutcome.DONE).order_by("application")
    ids = list(done.values_list("application", flat=True))
    try:
        with transaction.atomic():
            chosen, words = Chosen(ids, {}), act.selection
            return _start(kind, spec, chosen, words, {}, reason, undoes=act, by=by, now=now)
    except IntegrityError as there:
        raise MoveNotAllowed("이미 되돌렸거나 되돌리고 있습니다.", code="undone") from there


def undoable(act: SetAct) -> bool:
    """Tell whether acts of this kind can be taken back and this one has come to its end."""
    ended = act.state in {SetActState.DONE, SetActState.CANCELLED}
    return ended and act.undoes_id is None and ACTS[SetActKind(act.kind)].undo is not None


def cancel(act: SetAct, *, by: User, now: datetime) -> None:
    """Stop before the next chunk; what is done stays done. Raises MoveNotAllowed (`ended`, `role`)."""
    impartiality.require(
        by,
        ACTS[SetActKind(act.kind)].roles,
        about=None,
        message="이 처리를 취소할 권한이 없습니다.",
        code="role",
    )
    if not _end(act, SetActState.CANCELLED, by=by, now=now):
        raise MoveNotAllowed("이미 끝난 처리입니다.", code="ended")
    if act.job is not None:
        queue.cancel(act.job, now=now)
    act.refresh_from_db()


def run(act: SetAct, *, progress: Progress = no_progress) -> SetAct:
    """Act on the chunks that are left; safe to repeat and to run twice at once."""
    began = time.monotonic()
    try:
        while found := _act_on_next(act.pk, now=clock_now()):
            progress(found.done + found.skipped, found.count)
            if time.monotonic() - began > RUN_SECONDS:
                _follow(found)
                break
    except JobCancelled:
        _end(act, SetActState.CANCELLED, by=None, now=clock_now())
        raise
    act.refresh_from_db()
    return act


def _refuse_changed(chosen: Chosen, confirmed: Confirmed) -> None:
    found = chosen.confirmed
    if found.count > MOST:
        raise BadInput(
            f"한 번에 {MOST:,}건까지 처리할 수 있습니다. 조건을 좁혀 나누어 주세요.",
            code="too_many",
        )
    if found.count != confirmed.count:
        raise StaleVersion(
            f"확인하신 {confirmed.count:,}건이 지금은 {found.count:,}건입니다. "
            "건수를 다시 확인해 주세요.",
            code="count_changed",
        )
    if found != confirmed:
        raise StaleVersion(
            "확인 화면을 연 뒤에 고른 신청이나 그 내용(협약서, 지급 요청)이 바뀌었습니다. "
            "다시 확인해 주세요.",
            code="set_changed",
        )


def _start(
    kind: SetActKind,
    spec: SetActSpec,
    chosen: Chosen,
    selection: Mapping[str, Any],
    options: Mapping[str, Any],
    reason: str,
    *,
    undoes: SetAct | None = None,
    by: User,
    now: datetime,
) -> SetAct:
    ids = chosen.ids
    if not ids:
        raise BadInput("처리할 신청이 없습니다.", code="none")
    if not reason.strip():
        raise BadInput("처리하는 사유를 적어 주세요.", code="reason")
    with transaction.atomic():
        act = SetAct.objects.create(
            kind=kind,
            undoes=undoes,
            selection=dict(selection),
            options=dict(options),
            reason=reason.strip(),
            count=len(ids),
            requested_by=by,
            requested_at=now,
        )
        parts = [ids[first : first + spec.chunk] for first in range(0, len(ids), spec.chunk)]
        SetChunk.objects.bulk_create(
            SetChunk(set_act=act, number=number, ids=part, facts=_facts(chosen, part))
            for number, part in enumerate(parts)
        )
        _follow(act)
    return act


def _follow(act: SetAct) -> None:
    """Request the job that goes on from the next chunk."""
    with transaction.atomic():
        key = f"set-act:{act.pk}:{act.position}"
        act.job = queue.enqueue(JOB, key=key, by=act.requested_by, set_act=act.pk)
        Job.objects.filter(pk=act.job.pk).update(done=act.done + act.skipped, total=act.count)
        SetAct.objects.filter(pk=act.pk).update(job=act.job)


def _end(act: SetAct, state: SetActState, *, by: User | None, now: datetime) -> bool:
    running = SetAct.objects.filter(pk=act.pk, state=SetActState.RUNNING)
    return bool(set_state(running, state, ended_by=by, ended_at=now))


@transaction.atomic
def _act_on_next(pk: int, *, now: datetime) -> SetAct | None:
    """Act on one chunk; return the act, None when it has ended."""
    rows = SetAct.objects.select_for_update(of=("self",))
    act = rows.select_related("requested_by", "undoes").get(pk=pk)
    if act.state != SetActState.RUNNING:
        return None
    chunk = act.chunks.filter(number=act.position).first()
    if chunk is None:
        _finish(act, now)
        return None
    refusals = _act_on(act, chunk, now)
    bulk.insert(SetResult, RESULT_COLUMNS, _results(act, chunk.ids, refusals, now))
    act.position += 1
    act.skipped += len(refusals)
    act.done += len(chunk.ids) - len(refusals)
    act.save(update_fields=["position", "skipped", "done"])
    return act


def _facts(chosen: Chosen, ids: Sequence[int]) -> dict[str, Any]:
    return {key: chosen.facts[key] for pk in ids if (key := str(pk)) in chosen.facts}


def _finish(act: SetAct, now: datetime) -> None:
    _end(act, SetActState.DONE, by=None, now=now)
    if act.undoes is not None and act.done:
        ended = SetAct.objects.filter(pk=act.undoes.pk)
        set_state(ended, SetActState.UNDONE)


def _act_on(act: SetAct, chunk: SetChunk, now: datetime) -> Refusals:
    spec, by = ACTS[SetActKind(act.kind)], act.requested_by
    step, do = (spec.move, spec.do) if act.undoes is None else (spec.undo_move, spec.undo)
    seen = staff_applications(by).filter(pk__in=chunk.ids).order_by("pk")
    # Agreements are locked before their application, an officer before the files: as single acts do it.
    locked = seen if spec.own_locks else seen.select_for_update(of=("self",))
    rows = {row.pk: row for row in locked}
    tied = impartiality.tied_among(by, Application.objects.filter(pk__in=rows))
    held = bool(roles_of(by) & set(spec.roles))
    refusals: Refusals = {pk: NOT_SEEN for pk in chunk.ids if pk not in rows}
    for pk, row in rows.items():
        if not held:
            refusals[pk] = NOT_HELD
        elif pk in tied:
            refusals[pk] = TIED
        elif step is not None and not allowed(step, state=row.state, by=by):
            state = row.get_state_display()
            refusals[pk] = Finding(
                "move_not_allowed", f"‘{state}’ 상태여서 ‘{step.label}’ 처리를 할 수 없습니다."
            )
    open_rows = {pk: row for pk, row in rows.items() if pk not in refusals}
    if open_rows and do is not None:
        refusals |= do(Batch(act, open_rows, chunk.facts, by, now))
    return refusals


def _results(act: SetAct, ids: Sequence[int], refusals: Refusals, now: datetime) -> list[Any]:
    done = Finding("", "")
    return [
        (
            act.pk,
            pk,
            SetOutcome.SKIPPED if pk in refusals else SetOutcome.DONE,
            refusals.get(pk, done).code,
            refusals.get(pk, done).message,
            now,
        )
        for pk in ids
    ]
