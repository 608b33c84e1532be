"""Asking registries: in calls of their size and pace, with retries; every answer is kept.

Only jobs ask: a call may take seconds, and an agency that is away must not delay a page.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from portal.core.clock import now as clock_now
from portal.jobs.progress import Progress, no_progress
from portal.models import Failure, RegistryAnswer, RegistryRecord
from portal.registries.answers import Adapter, Answer, NotAnswered, Question
from portal.registries.declared import Registry, registries

TRIES = 3
PAUSE_SECONDS = 1.0  # before the second try, twice as long before the third
RUN_SECONDS = 200.0
"""After it a run asks no more: two registries in a row end well before Celery would end the job."""
PASSING = frozenset({Failure.DOWN, Failure.SLOW, Failure.UNREADABLE})
"""Failures after which a call is tried again; after others the rest is not asked at all.

When all tries failed, the rest of the run is left unasked, for a later run.
"""
Still = Callable[[Sequence[Question]], Sequence[Question]]
"""Which of these questions may be asked at this very moment."""


@dataclass
class Tally:
    """What became of the questions: how many calls, answers, answers that changed, failures by kind.

    `left` counts those that the run did not come to, because its time was over or the agency was away.
    """

    calls: int = 0
    answered: int = 0
    changed: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    left: int = 0

    @property
    def first_failure(self) -> Failure | None:
        """Return the most frequent failure, None when everything was answered."""
        return Failure(self.failed.most_common(1)[0][0]) if self.failed else None


def ask(
    registry: Registry,
    questions: Sequence[Question],
    *,
    still: Still = lambda batch: batch,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], datetime] = clock_now,
    progress: Progress = no_progress,
) -> Tally:
    """Ask about firms, one question each, and store every answer and every failure.

    A failure never replaces an answer. Each call is stored in a transaction of its own, so an
    interrupted run keeps what was answered. `still` is asked before each call, as the one before may
    be minutes ago.
    """
    tally, adapter = Tally(), _adapter(registry)
    pace, stopped = 60 / registry.calls_per_minute, None
    until = time.monotonic() + RUN_SECONDS
    for start in range(0, len(questions), registry.per_call):
        began = time.monotonic()
        if began > until or stopped in PASSING:
            tally.left = len(questions) - start
            break
        batch = still(questions[start : start + registry.per_call])
        answers: Mapping[str, Answer] = {}
        failure = stopped or (None if adapter else Failure.UNCONNECTED)
        if adapter and batch and failure is None:
            try:
                answers = _answers(adapter, batch, tally, sleep)
            except NotAnswered as refusal:
                failure = stopped = refusal.failure
        _store(registry, batch, answers, failure or Failure.PARTIAL, clock(), tally)
        done = min(start + registry.per_call, len(questions))
        progress(done, len(questions))
        if failure is None and done < len(questions):
            sleep(max(0.0, pace - (time.monotonic() - began)))
    return tally


def _adapter(registry: Registry) -> Adapter | None:
    """Return what speaks to the agency, None when the settings name nothing."""
    given = settings.REGISTRIES.get(registry.code)
    if given is None:
        return None
    options = {name: value for name, value in given.items() if name != "adapter"}
    made: Adapter = import_string(given["adapter"])(**options)
    return made


def _answers(
    adapter: Adapter, batch: Sequence[Question], tally: Tally, sleep: Callable[[float], None]
) -> Mapping[str, Answer]:
    """Call until there is an answer, at most TRIES times; what was not asked is left out.

    Raises NotAnswered.
    """
    asked = {question.subject for question in batch}
    for attempt in range(1, TRIES + 1):
        tally.calls += 1
        try:
            told = adapter.ask(batch)
            return {subject: answer for subject, answer in told.items() if subject in asked}
        except NotAnswered as refusal:
            if refusal.failure not in PASSING or attempt == TRIES:
                raise
            sleep(PAUSE_SECONDS * attempt)
    raise AssertionError("the last try returns or raises")


@transaction.atomic
def _store(
    registry: Registry,
    batch: Sequence[Question],
    answers: Mapping[str, Answer],
    failure: Failure,
    at: datetime,
    tally: Tally,
) -> None:
    """Write what one call brought; `failure` is that of the questions without an answer."""
    rows = _locked_records(registry, [question.subject for question in batch])
    answered = [question for question in batch if question.subject in answers]
    tally.answered += len(answered)
    if missing := len(batch) - len(answered):
        tally.failed[failure] += missing
    new = [
        _answer_row(registry, question, answers[question.subject], at, known)
        for question in answered
        for known in [rows[question.subject].answer]
        if _differs(known, question, answers[question.subject])
    ]
    tally.changed += sum(row.changed for row in new)
    RegistryAnswer.objects.bulk_create(new)
    for row in new:
        rows[row.subject].answer = row
    _mark(registry, batch, answers, failure, at, [rows[row.subject] for row in new])


def _mark(
    registry: Registry,
    batch: Sequence[Question],
    answers: Mapping[str, Answer],
    failure: Failure,
    at: datetime,
    changed: Sequence[RegistryRecord],
) -> None:
    """Write the instants of the records by one statement for each outcome."""
    until = at + timedelta(hours=registry.valid_hours)
    for row in changed:
        row.tried_at, row.confirmed_at, row.valid_until = at, at, until
    RegistryRecord.objects.bulk_update(
        changed, ["answer", "tried_at", "confirmed_at", "valid_until"]
    )
    records = RegistryRecord.objects.filter(registry=registry.code)
    records.filter(subject__in=answers).update(
        tried_at=at, confirmed_at=at, valid_until=until, failure=""
    )
    missing = {question.subject for question in batch} - set(answers)
    records.filter(subject__in=missing).update(tried_at=at, failure=failure)


def _locked_records(registry: Registry, subjects: Sequence[str]) -> dict[str, RegistryRecord]:
    """Return the records of these firms by number, locked in one order; missing ones are made."""
    RegistryRecord.objects.bulk_create(
        [RegistryRecord(registry=registry.code, subject=subject) for subject in subjects],
        ignore_conflicts=True,
    )
    rows = RegistryRecord.objects.filter(registry=registry.code, subject__in=subjects)
    # The answers are read by a statement of their own: a join would show those from before the wait.
    locked = rows.order_by("subject").select_for_update().prefetch_related("answer")
    return {row.subject: row for row in locked}


def _differs(known: RegistryAnswer | None, question: Question, answer: Answer) -> bool:
    return known is None or (known.details_sha256, known.sha256) != (question.sha256, answer.sha256)


def _answer_row(
    registry: Registry,
    question: Question,
    answer: Answer,
    at: datetime,
    previous: RegistryAnswer | None,
) -> RegistryAnswer:
    return RegistryAnswer(
        registry=registry.code,
        subject=question.subject,
        details_sha256=question.sha256,
        found=answer.found,
        facts=dict(answer.facts),
        sha256=answer.sha256,
        answered_at=at,
        previous=previous,
        changed=previous is not None and previous.sha256 != answer.sha256,
    )


def known(subjects: Sequence[str]) -> dict[str, dict[str, RegistryRecord]]:
    """Return the records of these firms, by number and code of the registry."""
    found: dict[str, dict[str, RegistryRecord]] = {subject: {} for subject in subjects}
    rows = RegistryRecord.objects.filter(subject__in=subjects, registry__in=registries())
    for row in rows.select_related("answer"):
        found[row.subject][row.registry] = row
    return found
