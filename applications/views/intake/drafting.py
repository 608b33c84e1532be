"""Writing a draft, step by step; every page works without scripts, scripts only save earlier."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.files.base import File
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from applications.forms.intake.drafting import ConsentForm, StartForm, UploadForm
from applications.forms.intake.questions import QuestionForm, read_aloud
from applications.models import Application, Attachment, Section, Site
from applications.queries import Dossier
from applications.queries.intake import drafting as drafting_queries
from applications.services.intake import drafting
from applications.states import ApplicationState
from applications.views.intake.partners import partners_page
from applications.views.intake.steps import (
    neighbours,
    page,
    steps_of,
)
from applications.visibility import (
    WRITERS,
    answerable_by,
)
from portal.access.decorators import signed_in
from portal.api.errors import error_body
from portal.core.clock import KST, now
from portal.core.errors import BadInput, Closed, PortalError
from portal.core.money import eok
from portal.core.validators import row_number
from portal.forms.errors import refuse
from portal.web.errors import wants_json
from programs.models import Track
from programs.queries import refusal, sub_program
from programs.rules.facts import applies, parse_when


@signed_in
@require_http_methods(["GET", "POST"])
def application_new(request: HttpRequest, round: str, code: str) -> HttpResponse:
    """Choose the workplace and begin a draft, or go on with the one that is there."""
    at = now()
    program = sub_program(code, now=at, round=round)
    sites = list(
        Site.objects.filter(company__members__user=request.user, company__members__role__in=WRITERS)
        .select_related("company")
        .order_by("company__name", "pk")
    )
    choices = [(str(site.pk), f"{site.company.name} · {site.name}") for site in sites]
    first = {"site": choices[0][0]} if len(choices) == 1 else {}
    form = StartForm(request.POST or None, sites=choices, initial=first)
    closed = refusal(program, at)
    status, taken = 200 if request.method == "GET" else 400, None
    if form.is_valid():
        site = next(one for one in sites if str(one.pk) == form.cleaned_data["site"])
        try:
            draft = drafting.start(program, site=site, by=request.user, now=at)
            return redirect("application_step", pk=draft.pk, step=steps_of(draft)[0])
        except (drafting.AlreadyApplied, Closed) as refused:
            refuse(form, refused, fields={"already_applied": "site"})
            taken, status = getattr(refused, "application", None), refused.status
    context = {
        "program": program,
        "form": form,
        "sites": sites,
        "closed": closed,
        "taken": taken,
        "now": at,
    }
    return render(request, "applications/intake/new.html", context, status=status)


Row = dict[str, Any]


@signed_in
@require_http_methods(["GET", "POST"])
def application_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """Show or save one step of a draft; a filed application leads to its own page instead."""
    drafts = answerable_by(request.user).select_related(
        "sub_program__round", "sub_program__pot", "track", "company", "site"
    )
    application = get_object_or_404(drafts.prefetch_related("sub_program__tracks"), pk=pk)
    if step not in steps_of(application) or step == "review":
        raise Http404
    if request.method == "GET" and application.state != ApplicationState.DRAFT:
        messages.info(request, "이미 제출했거나 취하한 신청이라 고칠 수 없습니다.")
        return redirect("application_detail", pk=pk)
    return PAGES.get(step, section_page)(request, application, step, now())


def section_page(
    request: HttpRequest, application: Application, step: str, at: datetime
) -> HttpResponse:
    """A step whose questions come from the data file."""
    read = drafting_queries.read(application)
    section = application.sections.filter(name=step).first()
    if request.method == "GET":
        return page(request, application, step, at, read=read, **forms_of(read, step, section))
    if request.POST.get("act") == "reload" and step == drafting.COMPANY:
        return reload_company(request, application, section, at)
    made = forms_of(read, step, section, request.POST)
    try:
        saved = save(request, application, step, made, at)
    except drafting.Conflict as conflict:
        return conflict_answer(request, application, step, conflict, at)
    except PortalError as refused:
        if wants_json(request):
            return JsonResponse(error_body(refused), status=refused.status)
        refuse(made["form"], refused)
        return page(request, application, step, at, status=refused.status, read=read, **made)
    if wants_json(request):
        stamp = saved.saved_at.astimezone(KST).isoformat()
        return JsonResponse({"version": saved.version, "saved_at": stamp})
    return go_on(request, application, step, made["form"])


def forms_of(
    read: Dossier, step: str, section: Section | None, data: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The forms of a step for what is known now; a page that was sent is read as it had asked."""
    program = read.application.sub_program
    answers = section.data if section else {}
    if step == drafting.COMPANY:
        answers = {**read.profile, **answers}
    questions = asked(read, step)
    if data is not None:
        sent = set(str(data.get("shown", "")).split())
        questions = [row for row in questions if row["code"] in sent]
    tracks = list(program.tracks.all()) if step == drafting.PLAN else []
    form = QuestionForm(
        questions,
        answers=answers,
        version=section.version if section else 0,
        data=data,
        tracks=[(row.code, describe_track(row)) for row in tracks] if len(tracks) > 1 else (),
        track=read.track_code or "",
    )
    made: dict[str, Any] = {"form": form, "saved_at": section.saved_at if section else None}
    if step == drafting.DECLARATIONS:
        given = {row.code: row.given for row in read.consents}
        made["consents"] = ConsentForm(data, consents=program.consents, given=given)
    return made


def asked(read: Dossier, step: str) -> list[Row]:
    """The questions of a step that apply to what has been answered so far."""
    return [
        row
        for row in drafting.questions_of(read.application, step)
        if applies(parse_when(row.get("when")), read.facts) is True
    ]


def describe_track(track: Track) -> str:
    """A track with its terms in a line; what is not known is left out."""
    terms = [
        f"최대 {eok(track.cap_won)}" if track.cap_won else "",
        f"총사업비의 {track.share_percent}% 이내" if track.share_percent else "",
        f"정액 {eok(track.flat_won)}" if track.flat_won else "",
        f"{track.days}일" if track.days else "",
        f"{track.months}개월" if track.months else "",
    ]
    words = ", ".join(term for term in terms if term)
    return f"{track.name} ({words})" if words else track.name


@transaction.atomic
def save(
    request: HttpRequest,
    application: Application,
    step: str,
    made: dict[str, Any],
    at: datetime,
) -> Section:
    """Save what was sent: the section, and on the last step the consents with it."""
    form = made["form"]
    if not form.is_valid():
        raise BadInput("화면을 새로 열고 다시 입력해 주세요.", code="form_damaged")
    saved = drafting.save_section(
        application,
        name=step,
        data=form.answers(),
        version=form.cleaned_data["version"],
        by=request.user,
        now=at,
    )
    consents = made.get("consents")
    if consents is not None and consents.is_valid() and consents.answers():
        drafting.consent(application, answers=consents.answers(), by=request.user, now=at)
    return saved


def go_on(
    request: HttpRequest, application: Application, step: str, form: QuestionForm
) -> HttpResponse:
    """Go to the next step, or stay when asked to or when an answer has opened new questions."""
    read = drafting_queries.read(application)
    opened = {row["code"] for row in asked(read, step)} - form.visible_codes
    _, after = neighbours(application, step)
    if opened:
        messages.info(request, "저장했습니다. 고른 내용에 따라 질문이 더해졌습니다.")
    elif request.POST.get("act") != "next":
        messages.success(request, "저장했습니다. 아직 제출된 것은 아닙니다.")
    else:
        return redirect(after)
    return redirect("application_step", pk=application.pk, step=step)


def reload_company(
    request: HttpRequest, application: Application, section: Section | None, at: datetime
) -> HttpResponse:
    """Take the company's facts over from its profile again."""
    drafting.save_section(
        application,
        name=drafting.COMPANY,
        data=drafting.carried_over(application),
        version=section.version if section else 0,
        by=request.user,
        now=at,
    )
    messages.success(request, "기업 정보를 다시 불러왔습니다.")
    return redirect("application_step", pk=application.pk, step=drafting.COMPANY)


def conflict_answer(
    request: HttpRequest,
    application: Application,
    step: str,
    conflict: drafting.Conflict,
    at: datetime,
) -> HttpResponse:
    """Show both texts side by side; nothing was overwritten, and saving again is a decision."""
    theirs = conflict.section
    if wants_json(request):
        body = {**error_body(conflict), "current": theirs.data, "version": theirs.version}
        return JsonResponse(body, status=conflict.status)
    rows = [
        {
            "label": row["label"],
            "mine": read_aloud(row, conflict.sent.get(row["code"])),
            "theirs": read_aloud(row, theirs.data.get(row["code"])),
        }
        for row in drafting.questions_of(application, step)
        if row["code"] in conflict.sent
    ]
    read = drafting_queries.read(application)
    names = dict(application.sub_program.tracks.values_list("code", "name"))
    sent = names.get(request.POST.get("track", ""), "")
    if sent and sent != names.get(read.track_code or "", ""):
        there = names.get(read.track_code or "", "")
        rows.insert(0, {"label": "지원유형", "mine": sent, "theirs": there})
    data = request.POST.copy()
    data["version"] = str(theirs.version)
    return page(
        request,
        application,
        step,
        at,
        status=conflict.status,
        read=read,
        conflict=conflict,
        differences=[row for row in rows if row["mine"] != row["theirs"]],
        **forms_of(read, step, theirs, data),
    )


def documents_page(
    request: HttpRequest, application: Application, step: str, at: datetime
) -> HttpResponse:
    """Upload files per required document, several at once, and take them out again."""
    code, act = request.POST.get("requirement", ""), request.POST.get("act")
    if act == "remove":
        found = application.attachments.filter(
            pk=row_number(request.POST.get("attachment")), removed_at=None
        )
        drafting.detach(
            get_object_or_404(found.select_related("application")), by=request.user, now=at
        )
        messages.success(request, "파일을 지웠습니다.")
        return redirect("application_step", pk=application.pk, step=step)
    read = drafting_queries.read(application)
    sent, status = None, 200
    if act == "upload":
        row = next((one for one in drafting.asked_documents(read) if one["code"] == code), None)
        if row is None:
            raise BadInput("이 신청에서 받지 않는 서류입니다.", code="document_unknown")
        sent = upload_form(row, request)
        status = 400
        if sent.is_valid():
            status = keep_files(
                request,
                sent,
                lambda file: drafting.attach(
                    application, requirement=code, upload=file, by=request.user, now=at
                ),
            )
        if status == 200:
            return redirect(f"{request.path}#document-{code}")
        read = drafting_queries.read(application)
    rows = [
        {
            "document": row,
            "files": [file for file in read.attachments if file.requirement == row["code"]],
            "form": sent if sent and row["code"] == code else upload_form(row),
        }
        for row in drafting.asked_documents(read)
    ]
    return page(request, application, step, at, status=status, read=read, rows=rows, refused=sent)


def upload_form(row: Row, request: HttpRequest | None = None) -> UploadForm:
    """The form that adds files to one required document."""
    data, sent = (request.POST, request.FILES) if request else (None, None)
    return UploadForm(
        data,
        sent,
        auto_id=f"id_{row['code']}_%s",
        formats=row["formats"],
        most=row["max_files"],
    )


def keep_files(
    request: HttpRequest, form: UploadForm, attach: Callable[["File[bytes]"], Attachment]
) -> int:
    """Attach each file and return the HTTP status; a refused one is named, the others stay."""
    status = 200
    for file in form.cleaned_data["files"]:
        try:
            kept = attach(file)
        except PortalError as refused:
            named = BadInput(f"{file.name}: {refused.message}", code=refused.code)
            refuse(form, named, fields={refused.code: "files"})
            status = refused.status
        else:
            messages.success(request, f"‘{kept.name}’ 파일을 올렸습니다.")
    return status


PAGES: dict[str, Callable[[HttpRequest, Application, str, datetime], HttpResponse]] = {
    "partners": partners_page,
    "documents": documents_page,
}
