"""Acts that ask the firm for more: request from a template, taken back, or with another deadline."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from applications.models import Application, Supplement, SupplementTemplate
from applications.services.screening import supplements
from applications.states import ApplicationMoves, SupplementState
from portal.access.requests import person
from portal.core.errors import NotFound
from portal.core.html import each, html
from portal.core.validators import row_number
from portal.forms.ranges import within
from portal.staff import trail
from portal.staff.acts import Act
from portal.staff.forms import note_form
from portal.templatetags.dates import due

Data = dict[str, Any]
TEMPLATE = "template"
ReasonForm = note_form(
    "reason", max_length=1_000, rows=4, help_text="신청기업에 이메일과 신청 화면으로 알립니다."
)


class DueForm(ReasonForm):  # type: ignore[misc, valid-type] # made by a function
    days = forms.IntegerField(
        label="기한(요청한 날부터 일)",
        help_text="요청한 날은 세지 않으며, 내역사업이 정한 시각에 끝납니다. "
        "앞당길 때에는 내역사업의 보완 기한보다 짧게 할 수 없습니다.",
        validators=[within("supplement_days")],
    )
    field_order = ["days", "reason"]


def templates_for(application: Application) -> QuerySet[SupplementTemplate]:
    own = Q(sub_program=application.sub_program_id) | Q(sub_program=None)
    return SupplementTemplate.objects.filter(own, active=True)


def chosen(request: HttpRequest, application: Application) -> SupplementTemplate | None:
    """Return the template that the address names, if the application may be asked with it."""
    named = row_number(request.GET.get(TEMPLATE, ""))
    return templates_for(application).filter(pk=named).first() if named else None


def supplement_form(request: HttpRequest, application: Application) -> type[forms.Form]:
    declared = application.submission.form.content.get("documents", [])
    template = chosen(request, application)
    days = template.days if template else None
    fields: dict[str, forms.Field] = {
        "message": forms.CharField(
            label="요청 내용",
            max_length=2_000,
            initial=template.text if template else "",
            widget=forms.Textarea({"rows": 5}),
            help_text=_help(request, application),
        ),
        "requirements": forms.MultipleChoiceField(
            label="다시 받을 서류",
            required=False,
            choices=[(row["code"], row["label"]) for row in declared],
            widget=forms.CheckboxSelectMultiple,
        ),
        "days": forms.IntegerField(
            label="기한(일)",
            initial=days or application.sub_program.supplement_days,
            help_text="오늘은 세지 않으며, 마지막 날 18시(한국 시각)에 끝납니다. "
            "토요일·일요일이면 다음 월요일까지입니다.",
            validators=[within("supplement_days")],
        ),
    }
    if not declared:
        del fields["requirements"]
    return type("SupplementForm", (forms.Form,), fields)


def ask(request: HttpRequest, application: Application, data: Data, at: datetime) -> Supplement:
    template = chosen(request, application)
    return supplements.request(application, template=template, by=person(request), now=at, **data)


def withdraw(
    request: HttpRequest, application: Application, data: Data, at: datetime
) -> Supplement:
    return supplements.withdraw(_open(application), by=person(request), now=at, **data)


def move_due(
    request: HttpRequest, application: Application, data: Data, at: datetime
) -> Supplement:
    return supplements.move_due(_open(application), by=person(request), now=at, **data)


def waits(request: HttpRequest, application: Application) -> bool:
    return any(row.state == SupplementState.OPEN for row in application.supplements.all())


def _open(application: Application) -> Supplement:
    rows = application.supplements.select_related("application__company")
    found = rows.filter(state=SupplementState.OPEN).first()
    if found is None:
        raise NotFound("답을 기다리는 보완 요청이 없습니다.")
    return found


def _help(request: HttpRequest, application: Application) -> str:
    words = "무엇을 어떻게 고쳐야 하는지 신청기업이 알 수 있게 적어 주세요."
    links = [
        (trail.onto("", request, **{TEMPLATE: str(row.pk)}), row.label)
        for row in templates_for(application)
    ]
    return html("{} 문구 넣기:{}", words, each(' <a href="{}">{}</a>', links)) if links else words


ACTS = (
    Act(
        "ask",
        "보완 요청",
        ask,
        done=lambda row: f"보완을 요청하고 알렸습니다. 기한은 {due(row.due_at)}입니다.",
        move=ApplicationMoves.ASK,
        form=supplement_form,
        show=lambda request, application: not waits(request, application),
        aside=True,
    ),
    Act(
        "move-ask",
        "보완 기한 변경",
        move_due,
        done=lambda row: f"보완 기한을 바꾸고 알렸습니다. 새 기한은 {due(row.due_at)}입니다.",
        move=ApplicationMoves.MOVE_ASK,
        form=DueForm,
        show=waits,
        aside=True,
    ),
    Act(
        "withdraw-ask",
        "보완 요청 취소",
        withdraw,
        done="보완 요청을 취소하고 신청기업에 알렸습니다.",
        move=ApplicationMoves.WITHDRAW_ASK,
        form=ReasonForm,
        show=waits,
        danger=True,
    ),
)
