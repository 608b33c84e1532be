"""Asking agencies about firms: consent, what is due, checks before decisions, changes that staff saw."""

import time
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet

from applications.models import (
    Application,
    Company,
    RegistryChange,
    RegistryCheck,
    RegistryConsent,
    RegistryReview,
)
from applications.queries import registries as queries
from applications.states import ApplicationState
from portal.access import impartiality
from portal.core.errors import MoveNotAllowed, Unavailable
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import Job, JobState, RegistryAnswer, RegistryRecord, User
from portal.registries import gateway
from portal.registries.declared import Registry, connected, recheck_hours, registries, wording
from programs.models import SubProgram
from programs.roles import MANAGER, OFFICER

ASK_JOB = "applications.ask_registries"
CHECK_JOB = "applications.check_registries"
STAFF = {OFFICER, MANAGER}

LOOK_BACK = timedelta(days=2)  # a sweep that was away for longer misses none of its two days
AGAIN = timedelta(
    minutes=30
)  # before a firm that was not answered is asked about again (assumption)
AT_ONCE = 5_000  # firms of one job
UNFILED = {ApplicationState.DRAFT, ApplicationState.WITHDRAWN}
STOPPED = {JobState.PARKED, JobState.CANCELLED}


def consent(company: Company, *, by: User, now: datetime) -> RegistryConsent:
    """Let the portal ask agencies about a firm, from now on, as the wording of today says.

    A consent that names every connected registry stays as it is, an older one is replaced.
    """
    given = queries.consent_of(company)
    if given is not None and queries.suffices(given):
        return given
    try:
        with transaction.atomic():
            withdraw_consent(company, by=by, now=now)
            return RegistryConsent.objects.create(
                company=company, wording=wording().version, given_by=by, given_at=now
            )
    except IntegrityError:  # given at the same moment
        return RegistryConsent.objects.get(company=company, withdrawn_at=None)


def withdraw_consent(company: Company, *, by: User, now: datetime) -> bool:
    """Stop asking about a firm; return whether it had consented. What was answered stays on record."""
    given = RegistryConsent.objects.filter(company=company, withdrawn_at=None)
    return bool(given.update(withdrawn_by=by, withdrawn_at=now))


def sweep(*, now: datetime) -> int:
    """Enqueue a job for every registry with firms to ask about and without such a job; return how many."""
    at_work = Job.objects.filter(kind=ASK_JOB, state__in=[JobState.QUEUED, JobState.RUNNING])
    asking = {job.args["registry"] for job in at_work.only("args")}
    waiting = [
        code for code, row in connected().items() if code not in asking and _due(row, now).exists()
    ]
    for code in waiting:
        queue.enqueue(ASK_JOB, key=f"registries:{code}:{now:%Y%m%d%H%M}", registry=code)
    return len(waiting)


def ask_due(code: str, *, now: datetime, progress: Progress = no_progress) -> dict[str, int]:
    """Ask one registry about the firms that are due, at most AT_ONCE; return the counts.

    What was not asked or not answered is asked by a later sweep.
    """
    registry = registries()[code]
    first = _due(registry, now).order_by("pk").values("pk")[:AT_ONCE]
    tally = _ask(registry, Company.objects.filter(pk__in=first).order_by("pk"), progress)
    return {"answered": tally.answered, "changed": tally.changed, **tally.failed}


def _ask(registry: Registry, firms: QuerySet[Company], progress: Progress) -> gateway.Tally:
    """Ask about firms in their order, each only while its consent is in force."""
    questions, still = queries.questions(registry, firms), partial(queries.still, registry)
    return gateway.ask(registry, questions, still=still, progress=progress)


def _due(registry: Registry, now: datetime) -> QuerySet[Company]:
    return queries.due(
        registry,
        since=now - LOOK_BACK,
        failed_before=now - AGAIN,
        older_than=now - timedelta(hours=recheck_hours()),
        now=now,
    )


def start_check(sub_program: SubProgram, *, by: User, now: datetime) -> RegistryCheck:
    """Start asking about all firms of a sub-programme anew.

    Raises MoveNotAllowed (`registries_unconnected`, `check_running`) or without the right to it.
    """
    impartiality.require(by, STAFF, about=None, message="기관 재조회를 시작할 권한이 없습니다.")
    if not connected():
        raise MoveNotAllowed("연결된 기관 조회가 없습니다.", code="registries_unconnected")
    try:
        with transaction.atomic():
            check = RegistryCheck.objects.create(
                sub_program=sub_program, requested_by=by, requested_at=now
            )
    except IntegrityError as error:
        raise MoveNotAllowed(
            "이 내역사업의 재조회가 진행 중입니다. 마친 뒤 다시 시작해 주세요.",
            code="check_running",
        ) from error
    with transaction.atomic():
        check.job = queue.enqueue(
            CHECK_JOB, key=f"registry-check:{check.pk}", by=by, check=check.pk
        )
        check.save(update_fields=["job"])
    return check


def run_check(check: RegistryCheck, *, now: datetime, progress: Progress = no_progress) -> None:
    """Ask every connected registry about the firms that were not asked since the check was requested.

    Does nothing when it is finished. Raises Unavailable while an agency answers nothing at all, and
    when the run could not come to all firms and registries: the job comes back later and goes on where it stopped.
    """
    if check.finished_at is not None:
        return
    until = time.monotonic() + gateway.RUN_SECONDS
    for registry in connected().values():
        if time.monotonic() > until:
            raise Unavailable("남은 기관에는 나중에 이어서 묻습니다.")
        asked = _asked_in(check, registry)
        known = queries.confirmed_since(asked, registry)
        open_ = known.filter(Q(confirmed=None) | Q(confirmed__lt=check.requested_at))
        # Those tried longest ago come first, so that a call which always fails stops nobody else.
        firms = open_.order_by(F("tried").asc(nulls_first=True), "pk")
        tally = _ask(registry, firms, progress)
        if tally.left or (tally.failed and not tally.answered):
            raise Unavailable(
                f"{registry.agency} ‘{registry.label}’ 조회의 답을 다 받지 못해 나중에 이어서 묻습니다."
            )
    _finish(check, now)


def stop_check(check: RegistryCheck, *, by: User, now: datetime) -> None:
    """Finish a check whose job gave up, with what was answered. Raises MoveNotAllowed."""
    impartiality.require(by, STAFF, about=None, message="기관 재조회를 끝낼 권한이 없습니다.")
    if check.finished_at is not None or check.job is None or check.job.state not in STOPPED:
        raise MoveNotAllowed("진행 중인 재조회는 끝낼 수 없습니다.", code="check_running")
    _finish(check, now)


def _finish(check: RegistryCheck, now: datetime) -> None:
    results = {
        code: _results(registry, _asked_in(check, registry), check.requested_at)
        for code, registry in connected().items()
    }
    unasked = _firms_of(check.sub_program).count() - _asked_in(check).count()
    RegistryCheck.objects.filter(pk=check.pk, finished_at=None).update(
        results=results, unasked=unasked, finished_at=now
    )
    check.refresh_from_db()


def _asked_in(check: RegistryCheck, registry: Registry | None = None) -> QuerySet[Company]:
    firms = _firms_of(check.sub_program)
    return queries.consenting(registry).filter(pk__in=firms.order_by().values("pk"))


def _firms_of(sub_program: SubProgram) -> QuerySet[Company]:
    filed = Application.objects.filter(sub_program=sub_program).exclude(state__in=UNFILED)
    return Company.objects.filter(pk__in=filed.order_by().values("company"))


def _results(registry: Registry, asked: QuerySet[Company], since: datetime) -> dict[str, Any]:
    """Count from the rows themselves, so that a check that was interrupted counts everything."""
    numbers = asked.order_by().values("business_number")
    records = RegistryRecord.objects.filter(registry=registry.code, subject__in=numbers)
    changed = RegistryAnswer.objects.filter(
        registry=registry.code, subject__in=numbers, changed=True, answered_at__gte=since
    )
    failed = records.exclude(failure="").filter(tried_at__gte=since).order_by()
    return {
        "answered": records.filter(confirmed_at__gte=since).count(),
        "changed": changed.count(),
        "failed": {
            row["failure"]: row["count"]
            for row in failed.values("failure").annotate(count=Count("pk"))
        },
    }


def review(answer: RegistryChange, *, note: str, by: User, now: datetime) -> RegistryReview:
    """Note what was found about a changed answer. Raises MoveNotAllowed (`change_reviewed`)."""
    impartiality.require(by, STAFF, about=answer, message="바뀐 사실을 확인할 권한이 없습니다.")
    try:
        with transaction.atomic():
            return RegistryReview.objects.create(answer=answer, note=note, by=by, at=now)
    except IntegrityError as error:
        raise MoveNotAllowed("이미 확인한 사실입니다.", code="change_reviewed") from error
