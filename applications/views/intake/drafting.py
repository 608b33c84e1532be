"""Pages that edit a draft step by step. They work without scripts, which only save earlier."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from applications.forms.intake.drafting import ConsentForm, StartForm
from applications.forms.intake.questions import QuestionForm, answer_text
from applications.models import Application, Site
from applications.queries.intake import drafting as drafting_queries
from applications.queries.intake.drafting import Dossier
from applications.queries.intake.questions import (
    COMPANY,
    COST,
    DECLARATIONS,
    PLAN,
    section_questions,
)
from applications.rules.intake import merging
from applications.services.intake import carrying, copying, drafting
from applications.states import ApplicationState
from applications.views.application.overview import one_of
from applications.views.intake.attachments import documents_page
from applications.views.intake.carrying import answers_before, shown
from applications.views.intake.partners import partners_page
from applications.views.intake.steps import (
    changed_parts,
    neighbours,
    render_step,
    steps_of,
)
from applications.visibility import WRITERS, find_answerable, own_applications, role_in
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.api.errors import error_body
from portal.core.clock import now
from portal.core.errors import BadInput, Closed, PortalError, RuleBroken
from portal.core.html import html
from portal.core.money import eok
from portal.forms.errors import refuse
from portal.web.drafts import saved_answer
from portal.web.errors import wants_json
from programs.forms.industries import looks_for
from programs.models import Track
from programs.queries.catalogue import sub_program
from programs.queries.rounds import refusal
from programs.queries.writing import helps
from programs.rules.industries import FACT
from programs.views.eligibility import forget_answers

# Who it was is not known: the last save of a step may be one's own, of another field.
CHANGED = "다른 사람이나 다른 창에서 먼저 바꾼 항목입니다."
CARRIED = "<strong>자격 확인에서 답하신 내용입니다. 맞는지 확인하세요.</strong> {}"
COMPARE = "‘저장만 하기’를 누르면 두 내용을 견주어 고를 수 있습니다."


@signed_in
@require_http_methods(["GET", "POST"])
def application_new(request: SignedInRequest, round: str, code: str) -> HttpResponse:
    at = now()
    program = sub_program(code, now=at, round=round)
    sites = list(
        Site.objects.filter(company__members__user=request.user, company__members__role__in=WRITERS)
        .select_related("company")
        .order_by("company__name", "pk")
    )
    choices = [(str(site.pk), f"{site.company.name} · {site.name}") for site in sites]
    first = {"site": choices[0][0]} if len(choices) == 1 else {}
    answers = answers_before(request, program, at)
    words = shown(program, answers)
    form = StartForm(
        request.POST or None, sites=choices, initial=first, carried=bool(words["filled"])
    )
    closed = refusal(program, at)
    status, existing = 200 if request.method == "GET" else 400, None
    if form.is_valid():
        site = next(site for site in sites if str(site.pk) == form.cleaned_data["site"])
        try:
            draft = drafting.start(program, site=site, by=request.user, now=at)
            if form.cleaned_data.get("carry") == "yes":
                fill_in(request, draft, answers, at)
            forget_answers(request)
            return redirect("application_step", pk=draft.pk, step=steps_of(draft)[0])
        except (drafting.AlreadyApplied, Closed) as error:
            refuse(form, error, fields={"already_applied": "site"})
            existing, status = getattr(error, "application", None), error.status
    context = {
        "program": program,
        "form": form,
        "sites": sites,
        "closed": closed,
        "existing": existing,
        "now": at,
        **words,
    }
    return render(request, "applications/intake/new.html", context, status=status)


def fill_in(
    request: SignedInRequest, draft: Application, answers: Mapping[str, Any], at: datetime
) -> None:
    count = carrying.carry(draft, answers, by=request.user, now=at)
    if count:
        messages.success(
            request, f"앞서 답하신 내용 {count}개를 채웠습니다. 단계마다 확인하고 저장하세요."
        )


@signed_in
@require_POST
def application_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Start a draft with the content of an earlier application of one's firm."""
    earlier = one_of(own_applications(request.user), pk)
    if role_in(request.user, earlier.company) not in WRITERS:
        raise Http404
    made = copying.apply_again(earlier, by=request.user, now=now())
    files = f" 서류 {made.files}개를 함께 가져왔습니다." if made.files else ""
    asked = f" 참여기관 {made.partners}곳에 다시 요청했습니다." if made.partners else ""
    messages.success(request, f"내용을 복사해 새 신청서를 만들었습니다.{files}{asked}")
    return redirect("application_step", pk=made.draft.pk, step=steps_of(made.draft)[0])


@signed_in
@require_http_methods(["GET", "POST"])
def application_step(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    """Show or save one step of a draft; a filed application redirects to its own page."""
    found = find_answerable(request.user, pk)
    if found is None:
        raise Http404
    dossier = drafting_queries.load(found[0], refetch=False)
    application = dossier.application
    if step not in steps_of(application) or step == "review":
        raise Http404
    if request.method == "GET" and application.state != ApplicationState.DRAFT:
        messages.info(request, "이미 제출했거나 취하한 신청이라 고칠 수 없습니다.")
        return redirect("application_detail", pk=pk)
    return PAGES.get(step, section_page)(request, dossier, step, now())


def section_page(
    request: SignedInRequest, dossier: Dossier, step: str, at: datetime
) -> HttpResponse:
    if request.method == "GET":
        return render_step(request, dossier, step, at, **forms_of(dossier, step))
    if request.POST.get("act") == "reload" and step == COMPANY:
        return reset_company(request, dossier, at)
    step_forms = forms_of(dossier, step, request.POST)
    searched = {FACT} if looks_for(request.POST, f"q_{FACT}") else set()
    try:
        outcome = save_what_holds(request, dossier, step, step_forms, at, left=searched)
    except drafting.Conflict as conflict:
        return conflict_page(request, dossier.application, step, conflict, at)
    except PortalError as error:
        if wants_json(request):
            return JsonResponse(error_body(error), status=error.status)
        refuse(step_forms["form"], error)
        return render_step(request, dossier, step, at, status=error.status, **step_forms)
    if wants_json(request):
        return background_answer(dossier, step, step_forms, outcome, at)
    if outcome.left:
        return asked_page(request, step, step_forms["form"], outcome, at)
    if (section := outcome.dossier.saved.get(step)) and section.carried:
        carrying.look(outcome.dossier.application, name=step, now=at)
    return next_page(request, outcome.dossier, step, step_forms["form"])


def forms_of(dossier: Dossier, step: str, data: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the forms of a step for the facts so far; a sent page keeps the questions it showed."""
    program, section = dossier.sub_program, dossier.saved.get(step)
    answers = section.data if section else {}
    if step == COMPANY:
        answers = {**dossier.profile, **answers}
    if step == COST:
        answers = {**dossier.computed_costs, **answers}
    questions = drafting_queries.applicable_questions(dossier, step)
    if data is not None:
        sent = set(str(data.get("shown", "")).split())
        questions = [row for row in questions if row["code"] in sent]
    tracks = list(program.tracks.all()) if step == PLAN else []
    form = QuestionForm(
        questions,
        answers=answers,
        version=section.version if section else 0,
        data=data,
        tracks=[(row.code, describe_track(row)) for row in tracks] if len(tracks) > 1 else (),
        track=dossier.track_code or "",
        based=digests_of(dossier, step, questions),
    )
    for code in (section.carried if section else None) or ():
        if (name := f"q_{code}") in form.fields:
            form.fields[name].help_text = html(CARRIED, form.fields[name].help_text)
    step_forms: dict[str, Any] = {
        "form": form,
        "saved_at": section.saved_at if section else None,
        "helps": {f"q_{code}": row for code, row in helps(program, questions).items()},
    }
    if step == DECLARATIONS:
        given = {row.code: row.given for row in dossier.consents}
        step_forms["consents"] = ConsentForm(data, consents=program.consents, given=given)
    return step_forms


def digests_of(
    dossier: Dossier, step: str, questions: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Return the digests of the stored answers to the questions of a page, and of the track."""
    section = dossier.saved.get(step)
    stored = section.data if section else {}
    digests = {row["code"]: merging.digest(stored.get(row["code"])) for row in questions}
    return digests | ({"track": merging.digest(dossier.track_code)} if step == PLAN else {})


def describe_track(track: Track) -> str:
    terms = [
        f"최대 {eok(track.cap_won)}" if track.cap_won else "",
        f"총사업비의 {track.share_percent}% 이내" if track.share_percent else "",
        f"정액 {eok(track.flat_won)}" if track.flat_won else "",
        f"{track.days}일" if track.days else "",
        f"{track.months}개월" if track.months else "",
    ]
    words = ", ".join(term for term in terms if term)
    return f"{track.name} ({words})" if words else track.name


@dataclass
class Outcome:
    """What was saved of a step, the codes of the answers that were left out, and why."""

    dossier: Dossier
    left: set[str] = field(default_factory=set)
    refusals: list[RuleBroken] = field(default_factory=list)
    conflict: drafting.Conflict | None = None


def save_what_holds(
    request: SignedInRequest,
    dossier: Dossier,
    step: str,
    step_forms: dict[str, Any],
    at: datetime,
    *,
    left: Collection[str] = (),
) -> Outcome:
    """Save the answers of a step that are valid and that nobody else changed meanwhile, but `left`.

    Each attempt leaves out what the one before was refused for, at the latest all. Raises Conflict of a page that does not say what it was based on, and what `save` raises else.
    """
    outcome = Outcome(dossier, set(left))
    while True:
        try:
            outcome.dossier = save(request, dossier, step, step_forms, at, but=outcome.left)
        except RuleBroken as broken:
            codes = {finding.code.partition(":")[2] for finding in broken.findings}
            if codes <= outcome.left:
                raise
            outcome.refusals.append(broken)
        except drafting.Conflict as conflict:
            codes = set(conflict.clashes)
            if codes <= outcome.left:
                raise
            outcome.conflict = conflict
        else:
            return outcome
        outcome.left |= codes


def background_answer(
    before: Dossier, step: str, step_forms: dict[str, Any], outcome: Outcome, at: datetime
) -> JsonResponse:
    form, consents = step_forms["form"], step_forms.get("consents")
    saved = outcome.dossier
    section = saved.saved.get(step)
    for broken in outcome.refusals:
        refuse(form, broken)
    if outcome.conflict:
        for code, theirs in clash_texts(saved, step, outcome.conflict).items():
            message = f"{CHANGED} 저장된 내용: {theirs or '(비어 있음)'}. {COMPARE}"
            name = code if code in form.fields else f"q_{code}"
            form.add_error(name, ValidationError(message, code=outcome.conflict.code))
    changed = changed_parts(saved, before, step, at)
    return saved_answer(
        *([form] if consents is None else [form, consents]),
        version=section.version if section else 0,
        at=section.saved_at if section else None,
        shown={**changed, "based": json.dumps(rebased(saved, step, form))},
    )


def clash_texts(dossier: Dossier, step: str, conflict: drafting.Conflict) -> dict[str, str]:
    """Return what is stored of the answers that two people changed, in words."""
    texts = {
        row["code"]: answer_text(row, conflict.section.data.get(row["code"]))
        for row in section_questions(dossier.application, step)
        if row["code"] in conflict.clashes
    }
    if "track" in conflict.clashes:
        names = {row.code: row.name for row in dossier.sub_program.tracks.all()}
        texts["track"] = names.get(dossier.track_code or "", "")
    return texts


def rebased(dossier: Dossier, step: str, form: QuestionForm) -> dict[str, str]:
    """Return the digests of a sent page after what holds of it was saved."""
    sent = drafting.readable(dossier.application, step, form.raw_answers())
    section = dossier.saved.get(step)
    stored = {**(section.data if section else {}), "track": dossier.track_code or ""}
    if "track" in form.fields:
        sent["track"] = str(form.data.get("track", ""))
    return merging.rebased(form.digests or {}, sent, stored)


def asked_page(
    request: SignedInRequest, step: str, form: QuestionForm, outcome: Outcome, at: datetime
) -> HttpResponse:
    """Show the step again with what was left out, marked; everything else is saved."""
    saved, conflict = outcome.dossier, outcome.conflict
    section = saved.saved.get(step)
    data = request.POST.copy()
    data["version"] = str(section.version if section else 0)
    digests = rebased(saved, step, form)
    if conflict:  # whoever saves again has seen what is stored
        now_stored = digests_of(saved, step, section_questions(saved.application, step))
        digests |= {code: now_stored[code] for code in conflict.clashes}
    data["based"] = json.dumps(digests)
    step_forms = forms_of(saved, step, data)
    for broken in outcome.refusals:
        refuse(step_forms["form"], broken)
    extra: dict[str, Any] = {}
    if conflict:
        rows = differences(request, saved, step, conflict)
        extra = {"conflict": conflict, "differences": rows}
    status = conflict.status if conflict else RuleBroken.status if outcome.refusals else 200
    refused = bool(conflict or outcome.refusals)  # else somebody only looked for an industry
    return render_step(
        request, saved, step, at, status=status, others_saved=refused, **extra, **step_forms
    )


def save(
    request: SignedInRequest,
    dossier: Dossier,
    step: str,
    step_forms: dict[str, Any],
    at: datetime,
    *,
    but: Collection[str] = (),
) -> Dossier:
    """Save a step with its consents, without the answers to the questions `but`.

    Returns the draft as it is then.
    """
    form, consents = step_forms["form"], step_forms.get("consents")
    if not form.is_valid() and not but:  # always asked: it reads what is saved below
        raise BadInput("화면을 새로 열고 다시 입력해 주세요.", code="form_damaged")
    return drafting.save_step(
        dossier,
        name=step,
        data={code: answer for code, answer in form.answers().items() if code not in but},
        version=form.cleaned_data["version"],
        based=form.digests,
        consents=consents.answers() if consents is not None and consents.is_valid() else {},
        by=request.user,
        now=at,
    )


def next_page(
    request: SignedInRequest, dossier: Dossier, step: str, form: QuestionForm
) -> HttpResponse:
    """Redirect to the next step; stay when the user only saved, or new questions apply."""
    revealed = {
        row["code"] for row in drafting_queries.applicable_questions(dossier, step)
    } - form.visible_codes
    _, after = neighbours(dossier.application, step)
    if revealed:
        messages.info(request, "저장했습니다. 고른 내용에 따라 질문이 더해졌습니다.")
    elif request.POST.get("act") != "next":
        messages.success(request, "저장했습니다. 아직 제출된 것은 아닙니다.")
    else:
        return redirect(after)
    return redirect("application_step", pk=dossier.application.pk, step=step)


def reset_company(request: SignedInRequest, dossier: Dossier, at: datetime) -> HttpResponse:
    section = dossier.saved.get(COMPANY)
    drafting.save_step(
        dossier,
        name=COMPANY,
        data=drafting_queries.initial_company_answers(dossier.application),
        version=section.version if section else 0,
        by=request.user,
        now=at,
    )
    messages.success(request, "기업 정보를 다시 불러왔습니다.")
    return redirect("application_step", pk=dossier.application.pk, step=COMPANY)


def conflict_page(
    request: SignedInRequest,
    application: Application,
    step: str,
    conflict: drafting.Conflict,
    at: datetime,
) -> HttpResponse:
    """Show both versions side by side; nothing was overwritten, saving again replaces theirs."""
    theirs = conflict.section
    if wants_json(request):
        body = {**error_body(conflict), "current": theirs.data, "version": theirs.version}
        return JsonResponse(body, status=conflict.status)
    dossier = drafting_queries.load(application)
    data = request.POST.copy()
    data["version"] = str(theirs.version)
    return render_step(
        request,
        dossier,
        step,
        at,
        status=conflict.status,
        conflict=conflict,
        differences=differences(request, dossier, step, conflict),
        **forms_of(dossier, step, data),
    )


def differences(
    request: SignedInRequest, dossier: Dossier, step: str, conflict: drafting.Conflict
) -> list[dict[str, str]]:
    """Return the answers in which the two sides differ, in words."""
    theirs = conflict.section.data
    asked = conflict.clashes or {*conflict.sent, "track"}
    rows = [
        {
            "label": row["label"],
            "mine": answer_text(row, conflict.sent.get(row["code"])),
            "theirs": answer_text(row, theirs.get(row["code"])),
        }
        for row in section_questions(dossier.application, step)
        if row["code"] in conflict.sent and row["code"] in asked
    ]
    names = {row.code: row.name for row in dossier.sub_program.tracks.all()}
    sent = names.get(request.POST.get("track", ""), "")
    stored = names.get(dossier.track_code or "", "")
    if sent and "track" in asked:
        rows.insert(0, {"label": "지원유형", "mine": sent, "theirs": stored})
    return [row for row in rows if row["mine"] != row["theirs"]]


PAGES: dict[str, Callable[[SignedInRequest, Dossier, str, datetime], HttpResponse]] = {
    "partners": partners_page,
    "documents": documents_page,
}
