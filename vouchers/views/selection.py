"""Declining a place on the panel."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from portal.access.decorators import signed_in
from portal.access.requests import SignedInRequest
from portal.core.clock import now
from vouchers.services import selection
from vouchers.views.recruitment import confirm_page, own_application


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def panel_decline(request: SignedInRequest, pk: int) -> HttpResponse:
    application = own_application(request, pk)
    if request.method == "POST":
        selection.decline(application, by=request.user, now=now())
        messages.success(request, "참여를 사양했습니다.")
        return redirect("panel_desk")
    return confirm_page(
        request,
        application,
        title="참여 사양",
        words="참여를 사양하면 예비 순위의 다음 사람이 선정되며 되돌릴 수 없습니다.",
        button="사양하기",
    )
