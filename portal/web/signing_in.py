"""Forms with a password: few are worked on at once, and one that has to wait too long is shown again."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.urls import Resolver404, resolve

from portal.access.hashing import Busy
from portal.records import incidents
from portal.web.admission import Kind
from portal.web.resending import ACCOUNTS, TOKEN

HASHER = Kind("hasher", spare=0, line=8, seconds=settings.HASH_SECONDS)
"""Waits for its turn before it takes one of the places that pages need, too."""
RETRY_SECONDS = 10
HASHING = frozenset(
    {
        "account_login",
        "account_signup",
        "account_reauthenticate",
        "account_change_password",
        "account_set_password",
        "account_reset_password_from_key",
        "staff_invitation",
    }
)
# The fields of these forms. A value of any other name is not shown again.
TEXTS = {"login": "이메일", "email": "이메일", "name": "이름"}
PASSWORDS = {
    "oldpassword": "지금 비밀번호",
    "password": "비밀번호",
    "password1": "비밀번호",
    "password2": "비밀번호 확인",
}
HIDDEN = (TOKEN, "next")


def hashes(request: HttpRequest) -> bool:
    """Tell whether a request makes or checks a password."""
    if request.method != "POST" or not request.path.startswith(ACCOUNTS):
        return False
    try:
        return resolve(request.path_info).url_name in HASHING
    except Resolver404:
        return False


def form_again(request: HttpRequest, *, own: bool) -> HttpResponse:
    """Return 503 with the form as it was sent, its passwords empty; it asks no database.

    `own` tells that the form has a valid CSRF token: what another site sends is not shown.
    """
    given = request.POST if own else {}
    context = {
        "error": Busy(),
        "path": request.get_full_path(),
        "texts": [(name, TEXTS[name], given[name]) for name in TEXTS if name in given],
        "passwords": [(name, PASSWORDS[name]) for name in PASSWORDS if name in given],
        "hidden": [(name, given[name]) for name in HIDDEN if name in given],
    }
    page = loader.render_to_string("portal/form_again.html", context)
    response = HttpResponse(page, status=Busy.status)
    response["Retry-After"] = str(RETRY_SECONDS)
    response["Cache-Control"] = "no-store"
    response.incident = incidents.SHED  # type: ignore[attr-defined] # for `IncidentRecorder`
    return response
