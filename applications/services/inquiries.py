"""Inquiries: asked and answered in writing, assessors' ones through an officer, closed when due."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from applications.models import Application, Inquiry, InquiryAnswer, ScoreSheet
from applications.queries import inquiries as queries
from applications.queries.assessment.reading import label_of, masked
from applications.rules import inquiries as rules
from applications.services.application import notify_applicant, notify_officers
from applications.states import (
    OPEN_INQUIRIES,
    TO_OFFICERS,
    ApplicationState,
    InquiryKind,
    InquiryMoves,
    InquiryState,
)
from portal.access import impartiality
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, Closed, MoveNotAllowed, NotFound
from portal.core.moves import Move
from portal.models import User
from portal.notices import staff as staff_notices
from portal.records.workflow import move
from programs.queries.calendar import holidays
from programs.roles import MANAGER, OFFICER

TEXT_LENGTH = 2_000
MOST_OPEN = 5  # unanswered questions of one firm, or of one assessor on one application
BATCH = 500
S = ApplicationState
WITHOUT_THREAD = (S.DRAFT, S.WITHDRAWN)
# A decision is not hinted at before it is released: until then a question stays open for the firm.
ASSESSED = (S.ASSESSING, S.DECIDED)


def ask_staff(application: Application, *, text: str, by: User, now: datetime) -> Inquiry:
    """Ask the officers as the firm; the caller has checked that `by` may act for it.

    Raises BadInput (`inquiry_text`), MoveNotAllowed (`no_thread`, `inquiries_many`).
    """
    words = _checked(text)
    _require_thread(application)
    with transaction.atomic():
        Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        _refuse_many(application.inquiries.filter(kind=InquiryKind.FIRM))
        made = _create(application, InquiryKind.FIRM, words, by, now)
        _tell_staff(made, "asked", now)
    return made


def ask_about_result(application: Application, *, text: str, by: User, now: datetime) -> Inquiry:
    """Ask once why the application was not selected; the caller has checked that `by` may act for it.

    Raises BadInput (`inquiry_text`), MoveNotAllowed (`no_refusal`, `result_asked`).
    """
    words = _checked(text)
    with transaction.atomic():
        fresh = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        if not queries.was_refused(fresh):
            raise MoveNotAllowed(
                "선정되지 않았거나 요건 미충족인 신청에서만 결과를 물을 수 있습니다.",
                code="no_refusal",
            )
        if fresh.inquiries.filter(kind=InquiryKind.RESULT).exists():
            raise MoveNotAllowed("결과에 대한 질의는 한 번만 할 수 있습니다.", code="result_asked")
        made = _create(application, InquiryKind.RESULT, words, by, now)
        _tell_staff(made, "asked", now)
    return made


def ask_firm(
    application: Application, *, text: str, days: int | None = None, by: User, now: datetime
) -> Inquiry:
    """Ask the firm as staff, due after `days` if given: late answers are taken, too.

    Raises BadInput (`inquiry_text`, `days`), MoveNotAllowed (`role`, `no_thread`), Tied.
    """
    impartiality.require(
        by, [OFFICER, MANAGER], about=application, message="담당자만 기업에 질의할 수 있습니다."
    )
    words = _checked(text)
    _require_thread(application)
    due = rules.due_at(now, _checked_days(days, now), holidays()) if days else None
    with transaction.atomic():
        made = _create(application, InquiryKind.OFFICER, words, by, now, due_at=due)
        _tell_firm(made, "asked", words, now)
    return made


def ask_as_assessor(sheet: ScoreSheet, *, text: str, by: User, now: datetime) -> Inquiry:
    """Ask through the officers while the own sheet is open.

    Raises BadInput (`inquiry_text`), MoveNotAllowed (`sheet_closed`, `inquiries_many`), Closed
    (`assessment_late`), NotFound for somebody else's sheet.
    """
    if sheet.assessor_id != by.pk:
        raise NotFound()
    words = _checked(text)
    with transaction.atomic():
        fresh = ScoreSheet.objects.select_for_update(no_key=True).get(pk=sheet.pk)
        if not _asks(fresh):
            raise MoveNotAllowed("작성 중인 평가표에서만 질의할 수 있습니다.", code="sheet_closed")
        _refuse_late(fresh.application, now)
        own = fresh.application.inquiries.filter(kind=InquiryKind.ASSESSOR, asked_by=by)
        _refuse_many(own)
        made = _create(fresh.application, InquiryKind.ASSESSOR, words, by, now)
        _tell_staff(made, "assessor", now)
    return made


def reply(inquiry: Inquiry, *, text: str, by: User, now: datetime) -> None:
    """Answer the firm as staff. Raises BadInput (`inquiry_text`), MoveNotAllowed, Tied."""
    words = _checked(text)
    _require_kind(inquiry, *TO_OFFICERS)
    with transaction.atomic():
        move(inquiry, InquiryMoves.REPLY, by=by, now=now)
        InquiryAnswer.objects.create(inquiry=inquiry, text=words, by=by, at=now)
        _tell_firm(inquiry, "answered", words, now)


def answer(inquiry: Inquiry, *, text: str, by: User, now: datetime) -> None:
    """Answer as the firm; the caller has checked that `by` may act for it.

    An assessor's question is answered before it is due; in a blind stage an officer passes the answer
    on. Raises BadInput (`inquiry_text`), Closed (`inquiry_late`), MoveNotAllowed.
    """
    words = _checked(text)
    _require_thread(inquiry.application)
    step = InquiryMoves.ANSWER
    if inquiry.kind == InquiryKind.ASSESSOR:
        if inquiry.due_at and now >= inquiry.due_at:
            raise Closed("답변 기한이 지났습니다.", code="inquiry_late")
        blind = inquiry.application.sub_program.blind
        step = InquiryMoves.ANSWER_BLIND if blind else InquiryMoves.ANSWER_PANEL
    else:
        _require_kind(inquiry, InquiryKind.OFFICER)
    with transaction.atomic():
        move(inquiry, step, by=by, now=now, owner=True)
        InquiryAnswer.objects.create(inquiry=inquiry, text=words, by=by, at=now)
        if step == InquiryMoves.ANSWER_PANEL:
            _tell_panel(inquiry, now)
        else:
            _tell_staff(inquiry, "answered", now)


def pass_on(inquiry: Inquiry, *, text: str, days: int, by: User, now: datetime) -> None:
    """Pass an assessor's question to the firm in this wording, due before the assessment ends.

    What the assessor wrote is kept. Raises BadInput (`inquiry_text`, `days`, `names_assessor`),
    Closed (`assessment_late`), MoveNotAllowed (`assessment_over`), Tied.
    """
    words = _checked(text)
    _require_kind(inquiry, InquiryKind.ASSESSOR)
    application = inquiry.application
    if application.state != S.ASSESSING:
        raise MoveNotAllowed("평가 중인 신청이 아닙니다.", code="assessment_over")
    end = _refuse_late(application, now)
    if rules.names_one_of(words, queries.names_of_panel(application)):
        raise BadInput(
            "평가위원을 알 수 있는 이름이나 연락처가 들어 있습니다. 지우고 전달해 주세요.",
            code="names_assessor",
        )
    due = rules.due_at(now, _checked_days(days, now), holidays(), no_later_than=end)
    changes = {"passed_text": words, "passed_at": now, "due_at": due}
    with transaction.atomic():
        move(inquiry, InquiryMoves.PASS_ON, by=by, now=now, changes=changes)
        _tell_firm(inquiry, "assessor", words, now)


def decline(inquiry: Inquiry, *, reason: str, by: User, now: datetime) -> None:
    """Keep an assessor's question back and tell the assessor why. Raises MoveNotAllowed, Tied."""
    words = reason.strip()
    _require_kind(inquiry, InquiryKind.ASSESSOR)
    with transaction.atomic():
        step = InquiryMoves.DECLINE
        move(inquiry, step, by=by, now=now, note=words, changes={"reason": words})
        _tell_panel(inquiry, now, to=inquiry.asked_by_id)


def release(inquiry: Inquiry, *, text: str, by: User, now: datetime) -> None:
    """Pass the firm's answer to the panel of a blind stage; what names the firm is masked.

    Raises BadInput (`inquiry_text`), MoveNotAllowed, Tied.
    """
    words = masked(inquiry.application, _checked(text))
    with transaction.atomic():
        move(inquiry, InquiryMoves.RELEASE, by=by, now=now)
        InquiryAnswer.objects.create(inquiry=inquiry, for_panel=True, text=words, by=by, at=now)
        _tell_panel(inquiry, now)


def sweep(now: datetime) -> int:
    """Close questions of assessors that are due, and what nobody waits for any more.

    Safe to repeat; returns how many were closed.
    """
    passed = Inquiry.objects.filter(state=InquiryState.PASSED, due_at__lte=now)
    over = Inquiry.objects.filter(
        Q(application__state=S.WITHDRAWN)
        | Q(kind=InquiryKind.ASSESSOR, state=InquiryState.ASKED)
        & ~Q(application__state=S.ASSESSING)
        | Q(kind=InquiryKind.ASSESSOR) & ~Q(application__state__in=ASSESSED),
        state__in=OPEN_INQUIRIES,
    )
    related = ("application__company", "application__sub_program")
    expired = sum(_expire(row, now) for row in passed.select_related(*related)[:BATCH])
    return expired + sum(_close(row, now) for row in over[:BATCH])


@transaction.atomic
def _expire(inquiry: Inquiry, now: datetime) -> bool:
    ended = _ended(inquiry, InquiryMoves.EXPIRE, now)
    if ended:
        _tell_firm(inquiry, "expired", inquiry.passed_text, now)
        _tell_panel(inquiry, now)
    return ended


def _close(inquiry: Inquiry, now: datetime) -> bool:
    return _ended(inquiry, InquiryMoves.CLOSE, now)


def _ended(inquiry: Inquiry, step: Move, now: datetime) -> bool:
    """Make a move of the portal; tell whether nobody was faster."""
    try:
        move(inquiry, step, by=None, now=now)
    except MoveNotAllowed:
        return False
    return True


def _create(
    application: Application,
    kind: InquiryKind,
    text: str,
    by: User,
    now: datetime,
    due_at: datetime | None = None,
) -> Inquiry:
    return Inquiry.objects.create(
        application=application, kind=kind, text=text, asked_by=by, asked_at=now, due_at=due_at
    )


def _checked(text: str) -> str:
    words = text.strip()
    if not words or len(words) > TEXT_LENGTH:
        raise BadInput(f"내용을 {TEXT_LENGTH:,}자 안에서 적어 주세요.", code="inquiry_text")
    return words


def _checked_days(days: int, now: datetime) -> int:
    ranges.check("inquiry_days", days, today=korean_day(now), code="days")
    return days


def _require_thread(application: Application) -> None:
    if application.state in WITHOUT_THREAD:
        raise MoveNotAllowed("제출한 신청에만 질의할 수 있습니다.", code="no_thread")


def _require_kind(inquiry: Inquiry, *kinds: InquiryKind) -> None:
    if inquiry.kind not in kinds:
        raise MoveNotAllowed(
            f"{kinds[0].label}가 아니어서 할 수 없는 처리입니다.", code="inquiry_kind"
        )


def _asks(sheet: ScoreSheet) -> bool:
    begun = sheet.declared_at is not None and sheet.locked_at is None and not sheet.ended
    return begun and sheet.application.state == S.ASSESSING


def _refuse_many(asked: QuerySet[Inquiry]) -> None:
    if asked.filter(state__in=OPEN_INQUIRIES).count() >= MOST_OPEN:
        raise MoveNotAllowed(
            f"답변을 기다리는 질의가 {MOST_OPEN}건 있습니다. 답변을 받은 뒤 다시 질의해 주세요.",
            code="inquiries_many",
        )


def _refuse_late(application: Application, now: datetime) -> datetime | None:
    """Return when the assessment ends. Raises Closed when that has passed."""
    end = queries.assessment_end(application)
    if end is not None and now >= end:
        raise Closed(
            "평가 기한이 지나 기업에 질의할 수 없습니다. 담당자에게 문의해 주세요.",
            code="assessment_late",
        )
    return end


def _tell_staff(inquiry: Inquiry, event: str, now: datetime) -> None:
    notify_officers(
        inquiry.application,
        "applications/inquiry_for_staff",
        key=f"inquiry:{inquiry.pk}:{event}",
        now=now,
        inquiry=inquiry,
        event=event,
    )


def _tell_firm(inquiry: Inquiry, event: str, text: str, now: datetime) -> None:
    # The facts alone, without the row: the mail cannot name an assessor.
    notify_applicant(
        inquiry.application,
        "applications/inquiry_for_firm",
        key=f"inquiry-firm:{inquiry.pk}:{event}",
        now=now,
        event=event,
        kind=inquiry.get_kind_display(),
        due_at=inquiry.due_at,
        text=text,
    )


def _tell_panel(inquiry: Inquiry, now: datetime, *, to: int | None = None) -> None:
    """Tell the assessors who may read the thread, or one of them.

    The mail holds nothing that the firm wrote: the stage may be blind.
    """
    opened = ScoreSheet.objects.active().filter(
        application=inquiry.application_id, declared_at__isnull=False
    )
    if to is not None:
        opened = opened.filter(assessor=to)
    for sheet in opened.select_related("assessor", "application__sub_program").order_by("pk"):
        staff_notices.tell(
            "applications/inquiry_for_panel",
            user=sheet.assessor,
            about=sheet.pk,
            key=f"inquiry-panel:{inquiry.pk}:{inquiry.state}:{sheet.pk}",
            now=now,
            label=label_of(sheet),
            sheet=sheet.pk,
            state=inquiry.state,
            reason=inquiry.reason,
        )
