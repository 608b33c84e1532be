"""Page of the self-check."""

from dataclasses import asdict

from django.forms import BoundField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from portal.access.decorators import public
from portal.core.clock import KST, now
from portal.core.errors import PortalError
from programs.forms.eligibility import SelfCheckForm
from programs.forms.industries import as_typed, show_found
from programs.queries import catalogue as catalogue_queries
from programs.queries import eligibility as eligibility_queries
from programs.queries import writing
from programs.rules.eligibility import Verdict
from programs.rules.industries import FACT
from programs.views.catalogue import program_context


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
    context = {
        **program_context(program, at),
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
