"""Page of an inspection report, and its download."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kamp.views.training import model_context
from kamp.visibility import reports_of
from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.uploads import files


@signed_in
@require_safe
def report(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Send a finished report (`?download=1`) or show the progress of its job."""
    rows = reports_of(request.user).select_related("model__dataset__workspace", "job")
    one = get_object_or_404(rows, pk=pk)
    if one.issued_at and request.GET.get("download"):
        prefix = "합성_" if one.model.is_synthetic else ""
        name = f"{prefix}검사보고서_{one.model.dataset.name}_{one.model.version}판.pdf"
        return files.serve(one.file, filename=name, content_type="application/pdf")
    context = {**model_context(request, one.model), "report": one, "job": one.job}
    return render(request, "kamp/reports/detail.html", context)
