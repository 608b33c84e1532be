"""Page of the self-check."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from portal.access.decorators import public
from portal.core.clock import KST, now
from portal.core.errors import PortalError
from portal.records import snapshot
from programs.forms.eligibility import SelfCheckForm
from programs.forms.industries import as_typed, show_found
from programs.models import SubProgram
from programs.queries import catalogue as catalogue_queries
from programs.queries import eligibility as eligibility_queries
from programs.queries import writing
from programs.rules.eligibility import Verdict
from programs.rules.facts import absent
from programs.rules.industries import FACT
from programs.views.catalogue import program_context

KEPT = "self_check"
KEPT_SECONDS = 2 * 60 * 60
"""How long answers wait for the application to be begun."""
OWN = ("csrfmiddlewaretoken", "carry")


def keep_answers(
    request: HttpRequest, program: SubProgram, answers: Mapping[str, Any], at: datetime
) -> None:
    """Keep the answers in this session, for the person who is or next signs in."""
    request.session[KEPT] = {
        "program": program.pk,
        "at": int(at.timestamp()),
        "person": request.user.pk,
        "answers": snapshot.to_plain(
            {name: value for name, value in answers.items() if not absent(value)}
        ),
    }


def kept_answers(request: HttpRequest, program: SubProgram, at: datetime) -> dict[str, Any]:
    """Return the answers kept for this programme; those of somebody else or old ones are dropped."""
    found = request.session.get(KEPT)
    if found is None:
        return {}
    fresh = 0 <= at.timestamp() - found["at"] <= KEPT_SECONDS
    if not fresh or found["person"] not in (None, request.user.pk):
        del request.session[KEPT]
        return {}
    if found["program"] != program.pk:
        return {}
    if found["person"] is None:  # kept before signing in: from now on this person's
        request.session[KEPT] = {**found, "person": request.user.pk}
    return dict(found["answers"])


def forget_answers(request: HttpRequest) -> None:
    request.session.pop(KEPT, None)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def self_check(request: HttpRequest, round: str, code: str) -> HttpResponse:
    at = now()
    program = catalogue_queries.sub_program_of(round, code)
    tracks = list(program.tracks.all())
    selected = request.POST.get("track") or request.GET.get("track")
    track = next((row for row in tracks if row.code == selected), tracks[0])
    questions = eligibility_queries.questions(program, track=track.code)
    form = SelfCheckForm(request.POST or None, questions=questions)
    verdict: Verdict | None = None
    if typed := as_typed(form, FACT):
        form = SelfCheckForm(initial=typed, questions=questions)
        show_found(form, FACT)
    elif request.method == "POST" and form.is_valid():
        try:
            raw = {**form.cleaned_data, "track": track.code}
            verdict = eligibility_queries.check_self(program, raw, on=at.astimezone(KST).date())
        except PortalError as error:
            form.add_error(None, error.message)
    shared = program_context(program, at)
    if verdict and "carry" in request.POST and shared["apply_url"]:
        keep_answers(request, program, {**form.cleaned_data, "track": track.code}, at)
        return redirect(shared["apply_url"])
    context = {
        **shared,
        "sent": [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if verdict and name not in OWN
        ],
        "tracks": tracks,
        "track": track,
        "form": form,
        "verdict": verdict,
        "findings": [
            {"message": row.message, "blocking": row.blocking}
            for row in (verdict.failed if verdict else ())
        ],
        "helps": writing.helps(program, [asdict(row) | {"code": row.fact} for row in questions]),
        "unanswered": [
            {
                "label": row.label,
                "target": first_input(form[row.fact]),
                "industry": row.fact == FACT,
            }
            for row in (eligibility_queries.unanswered(program, verdict) if verdict else ())
        ],
    }
    return render(request, "programs/eligibility/self_check.html", context)


def first_input(field: BoundField) -> str:
    """Return the id to which a link to a field leads; of a group its first box."""
    return field.id_for_label or f"{field.auto_id}_0"
