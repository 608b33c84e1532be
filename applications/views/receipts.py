"""Anyone may check that a receipt is genuine; nothing else is said about it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from applications.forms.filing import ReceiptForm
from applications.queries import receipt_is_genuine
from portal.access.decorators import public


@public
@require_safe
def receipt_check(request: HttpRequest) -> HttpResponse:
    """Compare number and hash with what was filed."""
    asked = "number" in request.GET or "sha256" in request.GET
    form = ReceiptForm(request.GET if asked else None)
    genuine = None
    if asked and form.is_valid():
        genuine = receipt_is_genuine(form.cleaned_data["number"], form.cleaned_data["sha256"])
    return render(request, "applications/receipt.html", {"form": form, "genuine": genuine})
