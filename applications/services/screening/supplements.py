"""Answering a request for more (보완) before its deadline, once."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import transaction

from applications.models import Application, Attachment, Supplement
from applications.services.deadlines import due_after
from applications.states import ApplicationMoves, SupplementState
from applications.visibility import WRITERS
from portal.core.errors import BadInput, Closed, Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from portal.notices import outbox
from portal.records import snapshot
from portal.records.workflow import move, set_state
from portal.uploads import files

FORMATS = ("pdf", "hwp", "hwpx", "docx", "xlsx", "jpg", "png", "zip")


FILES_PER_DOCUMENT = 5


@transaction.atomic
def attach(
    supplement: Supplement, *, requirement: str, upload: "File[bytes]", by: User, now: datetime
) -> Attachment:
    """Add a file to the answer, for one of the papers that were asked for.

    Raises BadInput (`file_…`, `document_unknown`, `file_repeated`, `file_count`), Closed after the
    deadline, MoveNotAllowed when answered.
    """
    if requirement not in supplement.requirements:
        raise BadInput("보완을 요청받은 서류가 아닙니다.", code="document_unknown")
    document = supplement.application.sub_program.documents.filter(code=requirement).first()
    found = files.inspect(upload, allowed=document.formats if document else FORMATS)
    _lock_open(supplement, now)
    there = supplement.attachments.filter(requirement=requirement, removed_at=None)
    if there.filter(sha256=found.sha256).exists():
        raise BadInput("같은 파일을 이미 올렸습니다.", code="file_repeated")
    if there.count() >= FILES_PER_DOCUMENT:
        raise BadInput(f"서류마다 {FILES_PER_DOCUMENT}개까지 올릴 수 있습니다.", code="file_count")
    return Attachment.objects.create(
        application=supplement.application,
        supplement=supplement,
        requirement=requirement,
        name=found.name,
        file=files.store(upload),
        size=found.size,
        sha256=found.sha256,
        content_type=found.content_type,
        uploaded_by=by,
        uploaded_at=now,
    )


@transaction.atomic
def detach(attachment: Attachment, *, by: User, now: datetime) -> None:
    """Take a file out of an answer that was not sent yet. Raises Closed, MoveNotAllowed."""
    if attachment.supplement is None:
        raise MoveNotAllowed("보완으로 낸 파일이 아닙니다.", code="already_submitted")
    _lock_open(attachment.supplement, now)
    Attachment.objects.filter(pk=attachment.pk, removed_at=None).update(removed_at=now)
    files.discard_on_commit(attachment.file)


@transaction.atomic
def answer(supplement: Supplement, *, answer: str, by: User, now: datetime) -> Supplement:
    """Send the answer with its files, frozen under one SHA-256.

    Raises RuleBroken (`supplement_answer`, `missing:document:<code>`), Closed after the deadline,
    MoveNotAllowed when it was answered before.
    """
    _lock_open(supplement, now)
    papers = list(supplement.attachments.filter(removed_at=None).order_by("pk"))
    given = {paper.requirement for paper in papers}
    labels = dict(supplement.application.sub_program.documents.values_list("code", "label"))
    findings = [
        Finding(f"missing:document:{code}", f"‘{labels.get(code, code)}’ 서류를 첨부하세요.")
        for code in supplement.requirements
        if code not in given
    ]
    if not answer.strip():
        findings.insert(0, Finding("supplement_answer", "답변 내용을 입력하세요."))
    if findings:
        raise RuleBroken(findings)
    content = {
        "supplement": supplement.pk,
        "answer": answer.strip(),
        "answered_at": now,
        "files": [[paper.requirement, paper.name, paper.sha256] for paper in papers],
    }
    done = SupplementState.ANSWERED
    move(
        supplement.application,
        ApplicationMoves.ANSWER,
        by=by,
        now=now,
        owner=True,
        changes={"supplement_state": done},
    )
    set_state(
        Supplement.objects.filter(pk=supplement.pk),
        done,
        answer=answer.strip(),
        answered_by=by,
        answered_at=now,
        sha256=snapshot.sha256(content),
    )
    supplement.refresh_from_db()
    return supplement


def _lock_open(supplement: Supplement, now: datetime) -> None:
    """Hold the request until the transaction ends. At the instant of the deadline it is over."""
    held = Supplement.objects.select_for_update().get(pk=supplement.pk)
    if held.state == SupplementState.ANSWERED:
        raise MoveNotAllowed("이미 답변을 제출했습니다.", code="supplement_answered")
    if held.state == SupplementState.EXPIRED or held.due_at <= now:
        raise Closed("보완 기한이 지났습니다.", code="supplement_expired")


EXPIRED_AT_ONCE = 500


def ask(
    application: Application,
    *,
    message: str,
    requirements: Collection[str] = (),
    by: User,
    now: datetime,
    due_at: datetime | None = None,
    days: int | None = None,
) -> Supplement:
    """Ask the applicant for more (보완), by `due_at` or after `days` (else the programme's own).

    `requirements` are codes of papers to hand in again. Raises BadInput, MoveNotAllowed.
    """
    labels = _document_labels(application)
    if not message.strip():
        raise BadInput("무엇을 보완해야 하는지 적어 주세요.", code="message")
    if strange := set(requirements) - set(labels):
        raise BadInput(f"없는 제출서류입니다: {', '.join(sorted(strange))}", code="requirement")
    due = due_at or due_after(now, days or application.sub_program.supplement_days)
    if due <= now:
        raise BadInput("보완 기한은 지금보다 뒤여야 합니다.", code="due_at")
    with transaction.atomic():
        waits = SupplementState.OPEN
        move(
            application,
            ApplicationMoves.ASK,
            by=by,
            now=now,
            note=message,
            changes={"supplement_state": waits},
        )
        if application.supplements.filter(state=SupplementState.OPEN).exists():
            raise MoveNotAllowed("아직 답을 기다리는 보완 요청이 있습니다.", code="supplement_open")
        supplement = Supplement.objects.create(
            application=application,
            message=message.strip(),
            requirements=list(requirements),
            asked_by=by,
            asked_at=now,
            due_at=due,
        )
        wanted = [labels[code] for code in requirements]
        _tell(
            application,
            "applications/supplement_request",
            f"supplement:{supplement.pk}",
            now,
            supplement=supplement,
            wanted=wanted,
        )
    return supplement


def expire(now: datetime) -> int:
    """Close the requests whose time is over; the application is then judged as filed.

    At the due instant itself it is over. Safe to repeat; returns how many were closed.
    """
    overdue = Supplement.objects.filter(state=SupplementState.OPEN, due_at__lte=now)
    rows = overdue.select_related("application__company", "application__sub_program")
    return sum(_expire(row, now) for row in rows.order_by("due_at", "pk")[:EXPIRED_AT_ONCE])


def _document_labels(application: Application) -> dict[str, str]:
    papers = application.submission.form.content.get("documents", [])
    return {row["code"]: row["label"] for row in papers}


@transaction.atomic
def _expire(supplement: Supplement, now: datetime) -> int:
    still_open = Supplement.objects.filter(pk=supplement.pk, state=SupplementState.OPEN)
    if not set_state(still_open, SupplementState.EXPIRED):
        return 0
    application = supplement.application
    if application.state in ApplicationMoves.OVERDUE.source:
        over = SupplementState.EXPIRED
        move(
            application,
            ApplicationMoves.OVERDUE,
            by=None,
            now=now,
            changes={"supplement_state": over},
        )
        _tell(
            application,
            "applications/supplement_expired",
            f"supplement-expired:{supplement.pk}",
            now,
            supplement=supplement,
        )
    return 1


def _tell(application: Application, template: str, key: str, now: datetime, **words: Any) -> None:
    """Write to everybody who may act for the company, once each."""
    members = application.company.members.filter(role__in=WRITERS).select_related("user")
    for member in members:
        outbox.write(
            template,
            to_email=member.user.email,
            user=member.user,
            key=f"{key}:{member.user_id}",
            now=now,
            application=application,
            **words,
        )
