"""Reports."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from kamp.views.training import frame_of
from kamp.visibility import reports_of
from portal.access.decorators import signed_in
from portal.uploads import files


@signed_in
@require_safe
def report(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a report (`?download=1`) or show how far its job is."""
    rows = reports_of(request.user).select_related("model__dataset__workspace", "job")
    made = get_object_or_404(rows, pk=pk)
    if made.issued_at and request.GET.get("download"):
        mark = "합성_" if made.model.is_synthetic else ""
        name = f"{mark}검사보고서_{made.model.dataset.name}_{made.model.version}판.pdf"
        return files.serve(made.file, filename=name, content_type="application/pdf")
    context = {**frame_of(request, made.model), "report": made, "job": made.job}
    return render(request, "kamp/reports/detail.html", context)
