"""Supplements (보완): request, answer before the deadline, and expiry."""

from collections.abc import Collection
from datetime import datetime

from django.core.files.base import File
from django.db import transaction

from applications.models import Application, Attachment, Supplement, SupplementTemplate
from applications.rules import screening as rules
from applications.services.application import notify_applicant
from applications.states import ApplicationMoves, SupplementState
from portal.core import ranges
from portal.core.dates import due_text, korean_day
from portal.core.errors import BadInput, Closed, Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from portal.records import snapshot
from portal.records.workflow import move, set_state
from portal.uploads import files
from programs.queries.calendar import holidays

FORMATS = ("pdf", "hwp", "hwpx", "docx", "xlsx", "jpg", "png", "zip")
FILES_PER_DOCUMENT = 5
EXPIRY_BATCH = 500


def request(
    application: Application,
    *,
    message: str,
    requirements: Collection[str] = (),
    by: User,
    now: datetime,
    due_at: datetime | None = None,
    days: int | None = None,
    template: SupplementTemplate | None = None,
) -> Supplement:
    """Request more from the applicant, due at `due_at` or after `days` (default: the programme's).

    `template` is the one whose text was used, `requirements` are codes of documents to submit again. Raises BadInput (`message`, `requirement`,
    `due_at`), MoveNotAllowed (`supplement_open`).
    """
    labels = rules.document_labels(application.submission.form.content)
    check(message, days, now=now)
    if found := rules.unknown_documents(labels, requirements):
        raise BadInput(found.message, code=found.code)
    program = application.sub_program
    due = due_at or program.due_after("supplement_days", now, holidays(), days=days)
    if due <= now:
        raise BadInput("보완 기한은 지금보다 뒤여야 합니다.", code="due_at")
    with transaction.atomic():
        move(
            application,
            ApplicationMoves.ASK,
            by=by,
            now=now,
            note=message,
            changes={"supplement_state": SupplementState.OPEN},
        )
        waiting = application.supplements.filter(state=SupplementState.OPEN).exists()
        if found := rules.second_request(waiting):
            raise MoveNotAllowed(found.message, code=found.code)
        supplement = Supplement.objects.create(
            application=application,
            message=message.strip(),
            requirements=list(requirements),
            requested_by=by,
            requested_at=now,
            due_at=due,
            template=template,
        )
        notify_applicant(
            application,
            "applications/supplement_request",
            key=f"supplement:{supplement.pk}",
            now=now,
            supplement=supplement,
            document_labels=[labels[code] for code in requirements],
        )
    return supplement


def check(message: str, days: int | None, *, now: datetime) -> None:
    """Refuse a request without words or with a strange period. Raises BadInput (`message`, `days`)."""
    if not message.strip():
        raise BadInput("무엇을 보완해야 하는지 적어 주세요.", code="message")
    ranges.check("supplement_days", days, today=korean_day(now), code="days")


def withdraw(supplement: Supplement, *, reason: str, by: User, now: datetime) -> Supplement:
    """Take an open request back and tell the applicant that nothing is to be done.

    Raises MoveNotAllowed (`note_required`, `supplement_answered`, `supplement_closed`), Closed.
    """
    with transaction.atomic():
        _lock_open(supplement, now)
        move(
            supplement.application,
            ApplicationMoves.WITHDRAW_ASK,
            by=by,
            now=now,
            note=reason,
            changes={"supplement_state": SupplementState.WITHDRAWN},
        )
        set_state(
            Supplement.objects.filter(pk=supplement.pk),
            SupplementState.WITHDRAWN,
            changed_reason=reason.strip(),
            changed_at=now,
        )
        supplement.refresh_from_db()
        notify_applicant(
            supplement.application,
            "applications/supplement_withdrawn",
            key=f"supplement-withdrawn:{supplement.pk}",
            now=now,
            supplement=supplement,
        )
    return supplement


def move_due(
    supplement: Supplement, *, days: int, reason: str, by: User, now: datetime
) -> Supplement:
    """Let an open request end `days` after it was made, and tell the applicant.

    An earlier end leaves the programme's own days and the next working day. Raises BadInput (`days`),
    MoveNotAllowed (`note_required`, `supplement_answered`, `supplement_closed`), Closed.
    """
    program, free = supplement.application.sub_program, holidays()
    ranges.check("supplement_days", days, today=korean_day(now), code="days")
    due = program.due_after("supplement_days", supplement.requested_at, free, days=days)
    with transaction.atomic():
        _lock_open(supplement, now)
        supplement.refresh_from_db()
        least = max(
            program.due_after("supplement_days", supplement.requested_at, free),
            program.due_after("supplement_days", now, free, days=1),
        )
        if due == supplement.due_at:
            raise BadInput("지금 기한과 같습니다. 다른 날수를 적어 주세요.", code="days")
        if due < min(least, supplement.due_at):
            raise BadInput(
                f"기한을 앞당길 때에는 {due_text(least)}보다 이르게 할 수 없습니다.", code="days"
            )
        before, after = due_text(supplement.due_at), due_text(due)
        note = f"{before} → {after}. {reason.strip()}" if reason.strip() else ""
        move(supplement.application, ApplicationMoves.MOVE_ASK, by=by, now=now, note=note)
        Supplement.objects.filter(pk=supplement.pk).update(
            due_at=due, changed_reason=reason.strip(), changed_at=now
        )
        supplement.refresh_from_db()
        notify_applicant(
            supplement.application,
            "applications/supplement_moved",
            key=f"supplement-moved:{supplement.pk}:{due.isoformat()}:{now.isoformat()}",
            now=now,
            supplement=supplement,
        )
    return supplement


@transaction.atomic
def attach(
    supplement: Supplement, *, requirement: str, upload: "File[bytes]", by: User, now: datetime
) -> Attachment:
    """Add a file to the answer, for one of the requested documents.

    Raises BadInput (`file_…`, `document_unknown`, `file_repeated`, `file_count`), Closed after the
    deadline, MoveNotAllowed when answered.
    """
    if requirement not in supplement.requirements:
        raise BadInput("보완을 요청받은 서류가 아닙니다.", code="document_unknown")
    document = supplement.application.sub_program.documents.filter(code=requirement).first()
    inspected = files.inspect(upload, allowed=document.formats if document else FORMATS)
    _lock_open(supplement, now)
    stored = supplement.attachments.filter(requirement=requirement, removed_at=None)
    if stored.filter(sha256=inspected.sha256).exists():
        raise BadInput("같은 파일을 이미 올렸습니다.", code="file_repeated")
    if stored.count() >= FILES_PER_DOCUMENT:
        raise BadInput(f"서류마다 {FILES_PER_DOCUMENT}개까지 올릴 수 있습니다.", code="file_count")
    return Attachment.objects.create(
        application=supplement.application,
        supplement=supplement,
        requirement=requirement,
        name=inspected.name,
        file=files.store(upload, by=by),
        size=inspected.size,
        sha256=inspected.sha256,
        content_type=inspected.content_type,
        uploaded_by=by,
        uploaded_at=now,
    )


@transaction.atomic
def detach(attachment: Attachment, *, by: User, now: datetime) -> None:
    """Remove a file from an answer that is not sent. Raises Closed, MoveNotAllowed."""
    if attachment.supplement is None:
        raise MoveNotAllowed("보완으로 낸 파일이 아닙니다.", code="already_submitted")
    _lock_open(attachment.supplement, now)
    Attachment.objects.filter(pk=attachment.pk, removed_at=None).update(removed_at=now)
    files.discard_on_commit(attachment.file)


@transaction.atomic
def answer(supplement: Supplement, *, answer: str, by: User, now: datetime) -> Supplement:
    """Submit the answer with its files, frozen under one SHA-256.

    Raises RuleBroken (`supplement_answer`, `missing:document:<code>`), Closed after the deadline,
    MoveNotAllowed when it was answered before.
    """
    _lock_open(supplement, now)
    attachments = list(supplement.attachments.filter(removed_at=None).order_by("pk"))
    given = {row.requirement for row in attachments}
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
        "files": [[row.requirement, row.name, row.sha256] for row in attachments],
    }
    move(
        supplement.application,
        ApplicationMoves.ANSWER,
        by=by,
        now=now,
        owner=True,
        changes={"supplement_state": SupplementState.ANSWERED},
    )
    set_state(
        Supplement.objects.filter(pk=supplement.pk),
        SupplementState.ANSWERED,
        answer=answer.strip(),
        answered_by=by,
        answered_at=now,
        sha256=snapshot.sha256(content),
    )
    supplement.refresh_from_db()
    return supplement


def expire(now: datetime) -> int:
    """Close overdue requests; the applications are then judged as filed.

    A request is overdue at its due instant. Safe to repeat; returns how many were closed.
    """
    overdue = Supplement.objects.filter(state=SupplementState.OPEN, due_at__lte=now)
    rows = overdue.select_related("application__company", "application__sub_program")
    return sum(_expire(row, now) for row in rows.order_by("due_at", "pk")[:EXPIRY_BATCH])


def close(application: Application) -> None:
    """Close the open request of an application that has ended; nobody waits for an answer."""
    if set_state(
        application.supplements.filter(state=SupplementState.OPEN), SupplementState.CLOSED
    ):
        Application.objects.filter(pk=application.pk).update(
            **{"supplement_state": SupplementState.CLOSED}
        )


def _lock_open(supplement: Supplement, now: datetime) -> None:
    locked = Supplement.objects.select_for_update().get(pk=supplement.pk)
    if locked.state == SupplementState.ANSWERED:
        raise MoveNotAllowed("이미 답변을 제출했습니다.", code="supplement_answered")
    if locked.state == SupplementState.CLOSED:
        raise MoveNotAllowed("신청이 끝나 보완할 것이 없습니다.", code="supplement_closed")
    if locked.state == SupplementState.WITHDRAWN:
        raise MoveNotAllowed("담당자가 거둔 요청입니다.", code="supplement_closed")
    if locked.state == SupplementState.EXPIRED or locked.due_at <= now:
        raise Closed("보완 기한이 지났습니다.", code="supplement_expired")


@transaction.atomic
def _expire(supplement: Supplement, now: datetime) -> int:
    still_open = Supplement.objects.filter(pk=supplement.pk, state=SupplementState.OPEN)
    if not set_state(still_open, SupplementState.EXPIRED):
        return 0
    application = supplement.application
    if application.state in ApplicationMoves.OVERDUE.source:
        move(
            application,
            ApplicationMoves.OVERDUE,
            by=None,
            now=now,
            changes={"supplement_state": SupplementState.EXPIRED},
        )
        notify_applicant(
            application,
            "applications/supplement_expired",
            key=f"supplement-expired:{supplement.pk}",
            now=now,
            supplement=supplement,
        )
    return 1
