"""The thread of an application as each side reads it; what a side may not know is not in its rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q, QuerySet

from applications.models import Application, AssessorProfile, Inquiry, InquiryAnswer, ScoreSheet
from applications.queries.assessment.reading import masked
from applications.queries.selection.decisions import award_of
from applications.states import (
    TO_OFFICERS,
    ApplicationState,
    InquiryKind,
    InquiryState,
    Outcome,
    WaitsFor,
)
from applications.visibility import inquiries_of_firm, inquiries_of_panel

PANEL_LABELS = {
    InquiryState.ASKED: "담당자 확인 대기",
    InquiryState.PASSED: "기업 답변 대기",
    InquiryState.GIVEN: "담당자 확인 대기",
}
REFUSALS = (Outcome.REJECTED, Outcome.CANCELLED)
TONES = {
    InquiryState.ANSWERED: "success",
    InquiryState.DECLINED: "neutral",
    InquiryState.UNANSWERED: "neutral",
    InquiryState.CLOSED: "neutral",
}
WAITS_FOR_FIRM = Q(kind=InquiryKind.OFFICER, state=InquiryState.ASKED) | Q(
    kind=InquiryKind.ASSESSOR, state=InquiryState.PASSED
)
WAITS_FOR_STAFF = Q(kind__in=TO_OFFICERS, state=InquiryState.ASKED) | Q(
    kind=InquiryKind.ASSESSOR, state__in=[InquiryState.ASKED, InquiryState.GIVEN]
)


@dataclass(frozen=True)
class Entry:
    """One inquiry as its reader sees it. `asked_at` is when the reader's side could first read it."""

    pk: int
    label: str
    text: str
    asked_at: datetime
    due_at: datetime | None
    status: str
    tone: str
    mine: bool  # this side has to answer, or this assessor asked
    to_panel: bool  # the answer is read by assessors
    answer: str = ""
    answered_at: datetime | None = None
    reason: str = ""


def thread_of_firm(application: Application) -> list[Entry]:
    """Return the thread for those who answer for the firm, the latest first."""
    rows = inquiries_of_firm(application).prefetch_related("answers").order_by("-pk")
    return [entry_for_firm(row) for row in rows]


def entry_for_firm(inquiry: Inquiry) -> Entry:
    given = inquiry.state == InquiryState.GIVEN
    waits = inquiry.waits_for == WaitsFor.FIRM
    own = next((row for row in inquiry.answers.all() if not row.for_panel), None)
    return Entry(
        pk=inquiry.pk,
        label=inquiry.get_kind_display(),
        text=inquiry.passed_text or inquiry.text,
        asked_at=inquiry.passed_at or inquiry.asked_at,
        due_at=inquiry.due_at,
        status=InquiryState.ANSWERED.label if given else inquiry.words,
        tone="success" if given else _tone(inquiry, waits),
        mine=waits,
        to_panel=inquiry.kind == InquiryKind.ASSESSOR,
        answer=own.text if own else "",
        answered_at=own.at if own else None,
    )


def thread_of_panel(sheet: ScoreSheet) -> list[Entry]:
    """Return the questions of the panel for one assessor, the latest first, without who asked.

    In a blind stage every text passes the mask of the filed content once more.
    """
    rows = list(inquiries_of_panel(sheet).prefetch_related("answers").order_by("-pk"))
    blind = sheet.application.sub_program.blind
    return [_entry_for_panel(row, sheet, blind) for row in rows]


def _entry_for_panel(inquiry: Inquiry, sheet: ScoreSheet, blind: bool) -> Entry:
    mine = inquiry.asked_by_id == sheet.assessor_id
    state = InquiryState(inquiry.state)
    answer = _answer_for_panel(inquiry, blind)
    words = inquiry.text if mine else inquiry.passed_text

    def shown(text: str) -> str:
        return masked(sheet.application, text) if blind and text else text

    return Entry(
        pk=inquiry.pk,
        label="내 질의" if mine else "평가위원 질의",
        text=words if mine else shown(words),
        asked_at=inquiry.asked_at if mine or not inquiry.passed_at else inquiry.passed_at,
        due_at=inquiry.due_at,
        status=PANEL_LABELS.get(state, state.label),
        tone=TONES.get(state, "info"),
        mine=mine,
        to_panel=True,
        answer=shown(answer.text) if answer else "",
        answered_at=answer.at if answer else None,
        reason=inquiry.reason if mine else "",
    )


def _answer_for_panel(inquiry: Inquiry, blind: bool) -> InquiryAnswer | None:
    found = {row.for_panel: row for row in inquiry.answers.all()}
    return found.get(True) if blind else found.get(True, found.get(False))


def was_refused(application: Application) -> bool:
    """Return whether the result that its applicant knows is a refusal."""
    if application.state == ApplicationState.INELIGIBLE:
        return True
    if application.state != ApplicationState.RELEASED:
        return False
    award = award_of(application)
    return award is not None and award.outcome in REFUSALS


def may_ask_about_result(application: Application) -> bool:
    """Return whether the question about a refusal has not been asked yet."""
    asked = application.inquiries.filter(kind=InquiryKind.RESULT)
    return was_refused(application) and not asked.exists()


def waiting_for_firm(application: Application) -> int:
    return inquiries_of_firm(application).filter(WAITS_FOR_FIRM).count()


def for_staff(application: Application) -> QuerySet[Inquiry]:
    rows = application.inquiries.select_related("asked_by").prefetch_related("answers")
    return rows.order_by("-pk")


def assessment_end(application: Application) -> datetime | None:
    """Return the last due instant of the sheets that count, None where none is stated."""
    found: datetime | None = application.sheets.active().aggregate(end=Max("due_at"))["end"]
    return found


def names_of_panel(application: Application) -> Iterable[str]:
    """Return what identifies the assessors of an application: names, addresses, employers."""
    people = application.sheets.values_list("assessor", flat=True)
    columns = ("assessor__name", "assessor__email", "assessor__phone")
    for row in application.sheets.values_list(*columns):
        yield from row
    employers = AssessorProfile.objects.filter(user__in=people).values_list("employer", flat=True)
    yield from employers


def _tone(inquiry: Inquiry, waits: bool) -> str:
    return TONES.get(InquiryState(inquiry.state), "warning" if waits else "info")
