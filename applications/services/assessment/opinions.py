"""Opinions: gathered from the sheets of a run, edited by an officer, released by a manager.

All of a selection are released by one act, later ones and corrections each by itself.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from applications.models import Opinion, ScoreResult, ScoreRun, Selection
from applications.queries.assessment import opinions as queries
from applications.rules.assessment import opinions as rules
from applications.services.application import notify_applicant, notify_applicants
from applications.states import (
    ANNOUNCED,
    OPEN_OPINIONS,
    ApplicationState,
    OpinionMoves,
    OpinionState,
    SelectionState,
)
from portal.access import impartiality
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import Job, User
from portal.records.workflow import move, move_many
from programs.roles import OFFICER

JOB = "applications.opinions"
TELL_JOB = "applications.opinion_notices"
CHUNK = 500
TEXT_LENGTH = 20_000  # of one part: the reasons of a panel together
REASON_LENGTH = 300
RENEWED = "평가표가 바뀌어 의견을 다시 모았습니다."
LEFT = "사람이나 기업을 알 수 있는 말이 남아 있습니다. 지우거나, 그대로 두어도 되면 확인했다고 표시해 주세요."
UNSIGNED: dict[str, Any] = {"ready_by": None, "ready_at": None, "withheld": ""}


def schedule(run: ScoreRun, *, by: User | None = None) -> Job:
    """Request that the opinions of a finished run are gathered; repeated calls return one job."""
    job = queue.enqueue(JOB, key=f"opinions:{run.pk}", by=by, run=run.pk)
    queue.retry(job)  # the same job may have been parked
    return job


def gather(run: ScoreRun, *, now: datetime, progress: Progress = no_progress) -> int:
    """Begin an opinion on each application of a run that has none; return how many were begun.

    One that was begun for an earlier run is kept, with all edits, while the words of its sheets are
    the same; else it is discarded and begun anew. Safe to repeat.
    """
    begun = done = 0
    total = _scope(run).count()
    for ids in _chunks(run):
        with transaction.atomic():
            begun += _gather(run, ids, now)
        done += len(ids)
        progress(done, max(total, done))
    return begun


def save(
    opinion: Opinion,
    *,
    texts: Mapping[str, str],
    by: User,
    now: datetime,
    done: bool = False,
    checked: bool = False,
) -> None:
    """Save the texts by criterion code; `done` says that the firm may read them.

    Names and contacts that are still in a finished text must have been `checked`; they are kept in the
    log. Raises BadInput (`opinion_long`, `opinion_empty`), RuleBroken (`mention`), MoveNotAllowed
    (`sheets_changed`), Tied.
    """
    parts = _checked(opinion, texts)
    if not done:
        move(opinion, OpinionMoves.EDIT, by=by, now=now, changes={"text": parts})
        return
    if not any(row["text"] for row in parts):
        raise BadInput(
            "기업이 읽을 의견이 없습니다. 공개할 의견이 없으면 ‘공개하지 않음’으로 처리해 주세요.",
            code="opinion_empty",
        )
    _refuse_changed(opinion)
    left = queries.mentions(opinion, parts)
    if left and not checked:
        raise RuleBroken([Finding("mention", text) for text in (LEFT, *(r.message for r in left))])
    note = "확인하고 둔 말: " + "; ".join(row.message for row in left) if left else ""
    signed = {"text": parts, "ready_by": by, "ready_at": now}
    move(opinion, OpinionMoves.FINISH, by=by, now=now, note=note, changes=signed)


def withhold(opinion: Opinion, *, reason: str, by: User, now: datetime) -> None:
    """Say why the firm reads no opinion; a manager releases that like a text.

    Raises BadInput (`reason`), MoveNotAllowed, Tied.
    """
    words = _reason(reason)
    signed = {"withheld": words, "ready_by": by, "ready_at": now}
    move(opinion, OpinionMoves.WITHHOLD, by=by, now=now, note=words, changes=signed)


def reopen(opinion: Opinion, *, note: str, by: User, now: datetime) -> None:
    """Take a ready opinion back to be edited. Raises MoveNotAllowed, Tied."""
    move(opinion, OpinionMoves.REOPEN, by=by, now=now, note=note, changes=UNSIGNED)


def begin_again(opinion: Opinion, *, note: str, by: User, now: datetime) -> None:
    """Gather the words of the sheets once more, in place of the draft. Raises MoveNotAllowed, Tied."""
    original = queries.collected(opinion.run, [opinion.application_id])[opinion.application_id]
    changes = {"original": original, "text": rules.begin(original), "begun_at": now}
    move(opinion, OpinionMoves.AGAIN, by=by, now=now, note=note, changes=changes)


def release_all(selection: Selection, *, by: User, now: datetime) -> int:
    """Release the opinions on all results of a selection; return how many.

    Raises MoveNotAllowed (`not_released`, `nothing_ready`), Tied, and RuleBroken with every reason
    against it (`drafts`, `same_person`, `sheets_changed`).
    """
    with transaction.atomic():
        locked = Selection.objects.select_for_update(of=("self",), no_key=True).get(pk=selection.pk)
        if locked.state != SelectionState.RELEASED:
            raise MoveNotAllowed(
                "결과를 발표한 뒤에 평가의견을 공개할 수 있습니다.", code="not_released"
            )
        if findings := queries.unready(selection, by):
            raise RuleBroken(findings, message="평가의견을 공개할 수 없습니다.")
        rows = queries.released_with(selection)
        released = move_many(
            Opinion.objects.filter(pk__in=rows.order_by().values("pk")),
            OpinionMoves.RELEASE,
            by=by,
            now=now,
            changes={"released_by": by, "released_at": now},
        )
        _refuse_left(rows)
        if not released:
            raise MoveNotAllowed("공개할 평가의견이 없습니다.", code="nothing_ready")
        key = f"opinion-notices:{selection.pk}:{now.isoformat()}"
        queue.enqueue(TELL_JOB, key=key, by=by, selection=selection.pk)
    return released


def tell(selection: Selection, *, now: datetime, progress: Progress = no_progress) -> int:
    """Write to the firms whose opinions were released together, each once; return how many firms."""
    rows = queries.released_with(selection).filter(state=OpinionState.RELEASED)
    keys = dict(rows.order_by("pk").values_list("application_id", "pk"))
    applications = list(keys)
    for start in range(0, len(applications), CHUNK):
        part = applications[start : start + CHUNK]
        news = {pk: (_news_key(keys[pk]), {"corrected": False}) for pk in part}
        notify_applicants("applications/opinion_released", news, now=now)
        progress(start + len(part), len(applications))
    return len(applications)


def release(opinion: Opinion, *, by: User, now: datetime) -> None:
    """Release a correction, or an opinion that came after those of its selection; tell the firm.

    Raises MoveNotAllowed (`not_released`, `together`, `same_person`, `sheets_changed`), Tied.
    """
    if opinion.application.state not in ANNOUNCED:
        raise MoveNotAllowed(
            "결과를 발표한 뒤에 평가의견을 공개할 수 있습니다.", code="not_released"
        )
    if not queries.alone(opinion):
        raise MoveNotAllowed("선정 화면에서 모두 함께 공개합니다.", code="together")
    if opinion.ready_by_id == by.pk:
        raise MoveNotAllowed(
            "직접 다듬은 평가의견은 다른 결정권자가 공개해야 합니다.", code="same_person"
        )
    _refuse_changed(opinion)
    with transaction.atomic():
        move(
            opinion,
            OpinionMoves.RELEASE,
            by=by,
            now=now,
            where={"ready_by": opinion.ready_by_id},
            changes={"released_by": by, "released_at": now},
        )
        notify_applicant(
            opinion.application,
            "applications/opinion_released",
            key=_news_key(opinion.pk),
            now=now,
            corrected=opinion.corrects_id is not None,
        )


def correct(opinion: Opinion, *, reason: str, by: User, now: datetime) -> Opinion:
    """Begin the correction of a released opinion, which stays as it is until the new one is released.

    Raises BadInput (`reason`), MoveNotAllowed (`role`, `not_current`, `opinion_open`), Tied.
    """
    impartiality.require(
        by, [OFFICER], about=opinion, message="평가의견을 바로잡을 권한이 없습니다."
    )
    words = _reason(reason)
    application = opinion.application
    last = application.opinions.order_by("-version")[0]
    if opinion.state != OpinionState.RELEASED or last.state in OPEN_OPINIONS:
        raise MoveNotAllowed("이미 다듬고 있는 평가의견이 있습니다.", code="opinion_open")
    current = application.opinions.filter(state=OpinionState.RELEASED).order_by("-version")[0]
    if current.pk != opinion.pk:
        raise MoveNotAllowed("나중에 바로잡은 평가의견이 있습니다.", code="not_current")
    try:
        with transaction.atomic():
            return Opinion.objects.create(
                application=application,
                run=opinion.run,
                version=last.version + 1,
                original=opinion.original,
                text=opinion.text,
                begun_at=opinion.begun_at,
                corrects=opinion,
                reason=words,
            )
    except IntegrityError as there:
        raise MoveNotAllowed(
            "이미 다듬고 있는 평가의견이 있습니다.", code="opinion_open"
        ) from there


def discard(opinion: Opinion, *, note: str, by: User, now: datetime) -> None:
    """Give a correction up; what was released stays. Raises MoveNotAllowed (`no_correction`), Tied."""
    if opinion.corrects_id is None:
        raise MoveNotAllowed("바로잡는 의견만 거둘 수 있습니다.", code="no_correction")
    move(opinion, OpinionMoves.DISCARD, by=by, now=now, note=note)


def _scope(run: ScoreRun) -> QuerySet[ScoreResult]:
    rows = ScoreResult.objects.filter(run=run)
    return rows.exclude(application__state=ApplicationState.WITHDRAWN)


def _chunks(run: ScoreRun) -> Iterator[list[int]]:
    last = 0
    scope = _scope(run).order_by("application").values_list("application_id", flat=True)
    while ids := list(scope.filter(application__gt=last)[:CHUNK]):
        last = ids[-1]
        yield ids


def _gather(run: ScoreRun, ids: list[int], now: datetime) -> int:
    rows = Opinion.objects.filter(application__in=ids).order_by("version")
    latest = {row.application_id: row for row in rows}
    # What was begun for this run, or for a later one, stays.
    due = [pk for pk in ids if pk not in latest or latest[pk].run_id < run.pk]
    written = queries.collected(run, due)
    begun = {pk: latest[pk] for pk in due if pk in latest and latest[pk].state in OPEN_OPINIONS}
    kept = {pk for pk, row in begun.items() if row.original == written[pk]}
    open_rows = Opinion.objects.filter(state__in=OPEN_OPINIONS)
    open_rows.filter(application__in=kept).update(run=run)
    move_many(
        open_rows.filter(application__in=begun.keys() - kept),
        OpinionMoves.DISCARD,
        by=None,
        now=now,
        note=RENEWED,
    )
    made = Opinion.objects.bulk_create(
        Opinion(
            application_id=pk,
            run=run,
            version=latest[pk].version + 1 if pk in latest else 1,
            original=written[pk],
            text=rules.begin(written[pk]),
            begun_at=now,
        )
        for pk in due
        if pk not in kept
    )
    return len(made)


def _checked(opinion: Opinion, texts: Mapping[str, str]) -> list[dict[str, str]]:
    parts = [{**row, "text": texts.get(row["code"], row["text"]).strip()} for row in opinion.text]
    for row in parts:
        if len(row["text"]) > TEXT_LENGTH:
            raise BadInput(
                f"‘{row['label']}’의 의견은 {TEXT_LENGTH:,}자까지 적을 수 있습니다.",
                code="opinion_long",
            )
    return parts


def _reason(words: str) -> str:
    reason = words.strip()
    if not reason or len(reason) > REASON_LENGTH:
        raise BadInput(f"사유를 {REASON_LENGTH}자까지 적어 주세요.", code="reason")
    return reason


def _refuse_changed(opinion: Opinion) -> None:
    if queries.sheets_changed(Opinion.objects.filter(pk=opinion.pk)).exists():
        raise MoveNotAllowed(
            "의견을 모은 뒤 평가표가 제외되거나 복원되었습니다. 의견을 다시 모아 주세요.",
            code="sheets_changed",
        )


def _refuse_left(opinions: QuerySet[Opinion]) -> None:
    # One may have been taken back between the check and the release.
    if opinions.filter(state__in=OPEN_OPINIONS).exists():
        raise MoveNotAllowed(
            "그사이 다시 다듬는 평가의견이 생겼습니다. 화면을 새로 열어 확인해 주세요.",
            code="drafts",
        )


def _news_key(opinion: int) -> str:
    return f"opinion:{opinion}"
