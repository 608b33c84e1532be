"""Questions and answers: the thread of a firm with its officers, and an assessor's question."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.inquiries import InquiryAnswerForm, InquiryForm
from applications.models import Application
from applications.queries import inquiries as queries
from applications.queries.assessment import reading
from applications.roles import ASSESSOR
from applications.services import inquiries
from applications.views.application.overview import one_of
from applications.visibility import answerable_by, inquiries_of_firm, opened_sheets
from portal.access.decorators import signed_in, with_second_factor
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.forms.errors import refuse
from portal.forms.fields import PlainForm

FIELDS = {"inquiry_text": "text"}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def inquiry_thread(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show the thread of an application and take a question to its officers."""
    application = _with_thread(one_of(answerable_by(request.user), pk))
    about_result = request.POST.get("about") == "result"
    form = InquiryForm(request.POST if request.method == "POST" else None)

    def ask(text: str, at: datetime) -> None:
        act = inquiries.ask_about_result if about_result else inquiries.ask_staff
        act(application, text=text, by=request.user, now=at)

    status = _send(form, ask)
    if status == 200:
        messages.success(request, "담당자에게 질의를 보냈습니다. 답변이 오면 메일로 알려 드립니다.")
        return redirect("inquiry_thread", pk=pk)
    entries = queries.thread_of_firm(application)
    context = {
        "application": application,
        "form": form,
        "about_result": queries.may_ask_about_result(application),
        "waiting": [entry for entry in entries if entry.mine],
        "others": [entry for entry in entries if not entry.mine],
    }
    return render(request, "applications/inquiries/thread.html", context, status=status or 200)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def inquiry_answer(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show one question to the firm and take its answer."""
    mine = answerable_by(request.user).filter(inquiries=pk)
    application = _with_thread(get_object_or_404(mine.select_related("sub_program", "company")))
    inquiry = inquiries_of_firm(application).filter(pk=pk).first()
    if inquiry is None:
        raise Http404
    inquiry.application = application
    entry = queries.entry_for_firm(inquiry)
    if not entry.mine and request.method != "POST":
        return redirect("inquiry_thread", pk=application.pk)
    form = InquiryAnswerForm(request.POST if request.method == "POST" else None)

    def answer(text: str, at: datetime) -> None:
        inquiries.answer(inquiry, text=text, by=request.user, now=at)

    status = _send(form, answer)
    if status == 200:
        messages.success(request, "답변을 보냈습니다.")
        return redirect("inquiry_thread", pk=application.pk)
    context = {"application": application, "entry": entry, "form": form, "now": now()}
    return render(request, "applications/inquiries/answer.html", context, status=status or 200)


@with_second_factor(ASSESSOR)
@require_http_methods(["GET", "HEAD", "POST"])
def assessor_inquiry(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take an assessor's question; without one, lead to the sheet, which has the form."""
    sheets = opened_sheets(request.user).select_related("application__sub_program")
    sheet = get_object_or_404(sheets.select_related("application__company"), pk=pk)
    if request.method != "POST":
        return redirect("assessor_sheet", pk=pk)
    form = InquiryForm(request.POST)

    def ask(text: str, at: datetime) -> None:
        inquiries.ask_as_assessor(sheet, text=text, by=request.user, now=at)

    status = _send(form, ask)
    if status == 200:
        messages.success(
            request, "질의를 담당자에게 보냈습니다. 담당자가 이름 없이 기업에 전달합니다."
        )
        return redirect("assessor_sheet", pk=pk)
    context: dict[str, Any] = {"sheet": sheet, "label": reading.label_of(sheet), "form": form}
    return render(request, "applications/inquiries/ask.html", context, status=status)


def _with_thread(application: Application) -> Application:
    if application.state in inquiries.WITHOUT_THREAD:
        raise Http404
    return application


def _send(form: PlainForm, do: Callable[[str, datetime], None]) -> int:
    """Return 200 when the text was taken, the status of a refusal, 0 for a form not sent."""
    if not form.is_bound:
        return 0
    if not form.is_valid():
        return 400
    try:
        do(form.cleaned_data["text"], now())
    except PortalError as error:
        refuse(form, error, fields=FIELDS)
        return error.status
    return 200
