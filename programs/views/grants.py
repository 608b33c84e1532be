"""Page of the grant preview."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access.decorators import public, same_for_strangers
from portal.core.clock import now
from portal.core.errors import PortalError
from programs.forms.grants import PreviewForm
from programs.models import Track
from programs.queries import catalogue as catalogue_queries
from programs.rules.grants import ceilings
from programs.views.catalogue import program_context


@public
@same_for_strangers()
@require_safe
def preview(request: HttpRequest, round: str, code: str) -> HttpResponse:
    program = catalogue_queries.sub_program_of(round, code)
    submitted = "track" in request.GET
    initial = {"track": next(iter(program.tracks.all())).code}
    form = PreviewForm(request.GET if submitted else None, initial=initial, program=program)
    grant: ceilings.Grant | None = None
    track: Track | None = None
    if submitted and form.is_valid():
        track = form.chosen()
        try:
            grant = ceilings.preview(
                track.terms(),
                total_cost_won=form.cleaned_data.get("total_cost_won"),
                requested_won=form.cleaned_data.get("requested_won"),
            )
        except PortalError as error:
            form.add_error(None, error.message)
    context = {**program_context(program, now()), "form": form, "grant": grant, "track": track}
    if grant and context["apply_url"]:
        sent = {name: value for name, value in form.cleaned_data.items() if value}
        context["carry_url"] = f"{context['apply_url']}?{urlencode(sent)}"
    return render(request, "programs/grants/preview.html", context)
