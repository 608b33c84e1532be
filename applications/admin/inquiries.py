"""Inquiries for staff: the list of what waits, the page of each, and the act that asks a firm."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Case, Q, QuerySet, Value, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.search import FoundByApplication
from applications.models import Application, Inquiry
from applications.queries.assessment.reading import masked
from applications.queries.inquiries import WAITS_FOR_FIRM, WAITS_FOR_STAFF
from applications.rules.inquiries import USUAL_DAYS
from applications.services import inquiries
from applications.states import OPEN_INQUIRIES, TO_OFFICERS, InquiryKind, InquiryMoves, WaitsFor
from applications.visibility import inquiries_of
from portal.access.requests import person
from portal.forms.ranges import within
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form, text
from portal.templatetags.components import badge
from portal.templatetags.dates import due, kst
from programs.roles import MANAGER, OFFICER, STAFF_READERS

Data = dict[str, Any]
FIRST = Case(When(state__in=OPEN_INQUIRIES, then=Value(0)), default=Value(1))
ReasonForm = note_form(
    "reason", max_length=1_000, rows=4, help_text="질의한 평가위원에게 그대로 알립니다."
)
ReplyForm = type(
    "ReplyForm",
    (forms.Form,),
    {"text": text("답변", max_length=inquiries.TEXT_LENGTH, rows=8)},
)


def _days(*, required: bool, initial: int | None, help_text: str) -> forms.IntegerField:
    return forms.IntegerField(
        label="답변 기한(일)",
        required=required,
        initial=initial,
        help_text=help_text,
        validators=[within("inquiry_days")],
    )


class AskForm(forms.Form):
    text = text(
        "질의 내용",
        max_length=inquiries.TEXT_LENGTH,
        rows=6,
        help_text="신청기업에 메일로 알리고 신청 화면의 ‘질의와 답변’에 보여 줍니다.",
    )
    days = _days(
        required=False,
        initial=None,
        help_text="적지 않으면 기한이 없습니다. 마지막 날 18시까지이며, 쉬는 날이면 다음 근무일까지입니다.",
    )


def pass_on_form(request: HttpRequest, inquiry: Inquiry) -> type[forms.Form]:
    words = text(
        "기업에 전달할 질의",
        max_length=inquiries.TEXT_LENGTH,
        rows=6,
        help_text="평가위원을 알 수 있는 이름·소속·연락처는 지워 주세요. 처음 적은 글은 따로 남습니다.",
    )
    words.initial = inquiry.text
    days = _days(
        required=True,
        initial=USUAL_DAYS,
        help_text="마지막 날 18시까지이며, 쉬는 날이면 다음 근무일까지입니다. 평가 기한을 넘지 않습니다.",
    )
    return type("PassOnForm", (forms.Form,), {"text": words, "days": days})


def release_form(request: HttpRequest, inquiry: Inquiry) -> type[forms.Form]:
    words = text(
        "평가위원에게 전달할 답변",
        max_length=inquiries.TEXT_LENGTH,
        rows=8,
        help_text="기업의 이름·사람·주소·번호는 (가림)으로 바꾸어 두었습니다. 그 밖에 기업을 알 수 있는 내용을 지워 주세요.",
    )
    words.initial = masked(inquiry.application, _answer(inquiry))
    return type("ReleaseForm", (forms.Form,), {"text": words})


def ask(request: HttpRequest, application: Application, data: Data, at: datetime) -> Inquiry:
    return inquiries.ask_firm(application, by=person(request), now=at, **data)


def reply(request: HttpRequest, inquiry: Inquiry, data: Data, at: datetime) -> None:
    inquiries.reply(inquiry, by=person(request), now=at, **data)


def pass_on(request: HttpRequest, inquiry: Inquiry, data: Data, at: datetime) -> Inquiry:
    inquiries.pass_on(inquiry, by=person(request), now=at, **data)
    return inquiry


def decline(request: HttpRequest, inquiry: Inquiry, data: Data, at: datetime) -> None:
    inquiries.decline(inquiry, by=person(request), now=at, **data)


def release(request: HttpRequest, inquiry: Inquiry, data: Data, at: datetime) -> None:
    inquiries.release(inquiry, by=person(request), now=at, **data)


def of_assessor(request: HttpRequest, inquiry: Inquiry) -> bool:
    return inquiry.kind == InquiryKind.ASSESSOR


def of_firm(request: HttpRequest, inquiry: Inquiry) -> bool:
    return inquiry.kind in TO_OFFICERS


ASK = Act(
    "inquire",
    "기업에 질의",
    ask,
    done=lambda row: (
        f"기업에 질의하고 알렸습니다. 답변 기한은 {due(row.due_at)}입니다."
        if row.due_at
        else "기업에 질의하고 알렸습니다."
    ),
    roles=[OFFICER, MANAGER],
    form=AskForm,
    show=lambda request, application: application.state not in inquiries.WITHOUT_THREAD,
    aside=True,
)
"""The button on the page of an application."""


class WaitsFilter(admin.SimpleListFilter):
    title = "답변할 쪽"
    parameter_name = "waits"
    CHOSEN = {WaitsFor.OFFICER: WAITS_FOR_STAFF, WaitsFor.FIRM: WAITS_FOR_FIRM}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(WaitsFor.OFFICER, "담당자"), (WaitsFor.FIRM, "기업"), ("nobody", "끝난 질의")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Inquiry]) -> QuerySet[Inquiry]:
        value = self.value()
        if value is None:
            return queryset
        if value == "nobody":
            return queryset.filter(~Q(state__in=OPEN_INQUIRIES))
        chosen = self.CHOSEN.get(WaitsFor(value)) if value in self.CHOSEN else None
        return queryset.filter(chosen) if chosen else queryset.none()


@admin.register(Inquiry)
class InquiryAdmin(FoundByApplication, WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["application", "kind", "status", "beginning", "asked", "until"]
    list_filter = [WaitsFilter, "kind"]
    list_select_related = ["application"]
    ordering = [FIRST.asc(), "-pk"]
    fields = [
        "thread", "kind", "status", "text", "asker", "asked", "passed_text", "passed", "until",
        "answers", "reason",
    ]  # fmt: skip
    readonly_fields = ["thread", "status", "asker", "asked", "passed", "until", "answers"]
    acts = [
        Act(
            "reply",
            "답변",
            reply,
            done="기업에 답변하고 알렸습니다.",
            move=InquiryMoves.REPLY,
            form=ReplyForm,
            show=of_firm,
            intro=lambda inquiry: f"기업의 질의: {inquiry.text}",
        ),
        Act(
            "pass-on",
            "기업에 전달",
            pass_on,
            done=lambda row: f"기업에 전달했습니다. 답변 기한은 {due(row.due_at)}입니다.",
            move=InquiryMoves.PASS_ON,
            form=pass_on_form,
            show=of_assessor,
            intro=lambda inquiry: f"평가위원이 적은 질의: {inquiry.text}",
        ),
        Act(
            "decline",
            "전달하지 않음",
            decline,
            done="전달하지 않고 평가위원에게 사유를 알렸습니다.",
            move=InquiryMoves.DECLINE,
            form=ReasonForm,
            show=of_assessor,
            danger=True,
        ),
        Act(
            "release",
            "평가위원에게 전달",
            release,
            done="답변을 평가위원에게 전달했습니다.",
            move=InquiryMoves.RELEASE,
            form=release_form,
            intro=lambda inquiry: f"기업의 답변: {_answer(inquiry)}",
        ),
    ]

    def get_fields(self, request: HttpRequest, obj: Inquiry | None = None) -> Any:
        """Leave out what this inquiry does not have."""
        names = super().get_fields(request, obj)
        if obj is None:
            return names
        has: dict[Any, Any] = {
            "passed_text": obj.passed_at,
            "passed": obj.passed_at,
            "until": obj.due_at,
            "answers": obj.answers.exists(),
            "reason": obj.reason,
        }
        return [name for name in names if has.get(name, True)]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Inquiry]:
        rows = inquiries_of(person(request))
        return rows.select_related("application__company", "application__sub_program", "asked_by")

    @admin.display(description="신청")
    def thread(self, inquiry: Inquiry) -> SafeString:
        address = reverse("admin:applications_application_change", args=[inquiry.application_id])
        return format_html(
            '<a href="{}">{} {}</a>', address, inquiry.application, inquiry.application.company
        )

    @admin.display(description="상태")
    def status(self, inquiry: Inquiry) -> SafeString:
        waits = inquiry.waits_for
        tone = "warning" if waits == WaitsFor.OFFICER else "info" if waits else "neutral"
        return badge(inquiry.words, tone=tone)

    @admin.display(description="질의한 사람")
    def asker(self, inquiry: Inquiry) -> str:
        return str(inquiry.asked_by)

    @admin.display(description="질의")
    def beginning(self, inquiry: Inquiry) -> str:
        return inquiry.text if len(inquiry.text) <= 60 else f"{inquiry.text[:60]}…"

    @admin.display(description="질의 시각")
    def asked(self, inquiry: Inquiry) -> str:
        return kst(inquiry.asked_at)

    @admin.display(description="기업에 전달한 시각")
    def passed(self, inquiry: Inquiry) -> str:
        return kst(inquiry.passed_at)

    @admin.display(description="답변 기한")
    def until(self, inquiry: Inquiry) -> str:
        return due(inquiry.due_at) or "—"

    @admin.display(description="답변")
    def answers(self, inquiry: Inquiry) -> str:
        return "\n\n".join(
            f"{'평가위원에게 전달: ' if row.for_panel else ''}{row.text} ({kst(row.at)})"
            for row in inquiry.answers.all()
        )


def _answer(inquiry: Inquiry) -> str:
    found = inquiry.answers.filter(for_panel=False).first()
    return found.text if found else ""
