"""A form that is sent twice, as by a double click, gets the answer to its first sending.

Every page has its own masked CSRF token, so the same token with the same content is the same press.
A refusal is not remembered: the second sending is judged anew.
"""

import hashlib
import json
import time
from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from portal.access.requests import person
from portal.core.errors import MoveNotAllowed
from portal.models import IdempotentCall
from portal.web.errors import error_response, wants_json
from portal.web.resending import TOKEN

MASKED = 64  # letters; a script that signed in again sends the bare token
WAIT_SECONDS, POLL_SECONDS = 10.0, 0.1
UNDER_WAY = 0
# One statement each, without a transaction around it: every form that is sent pays for them.
_CLAIM = """
INSERT INTO portal_idempotentcall (user_id, key, fingerprint, status, body, created_at)
VALUES (%s, %s, %s, %s, '{}', %s) ON CONFLICT (user_id, key) DO NOTHING RETURNING id
"""
_KEEP = "UPDATE portal_idempotentcall SET status = %s, body = %s WHERE id = %s"
_FORGET = "DELETE FROM portal_idempotentcall WHERE id = %s"

View = TypeVar("View", bound=Callable[..., HttpResponse])


def repeatable(view: View) -> View:
    """Let this view see every sending: it gives a repeated one the first answer by itself."""
    view.answers_repeats = True  # type: ignore[attr-defined]
    return view


def begin(request: HttpRequest) -> HttpResponse | None:
    """Claim the press, or return the answer to it; wait for one that is under way."""
    # Asked before the body is read: the API itself refuses a form where it expects JSON.
    if request.method != "POST" or wants_json(request) or not request.user.is_authenticated:
        return None
    if len(request.POST.get(TOKEN, "")) != MASKED:
        return None
    digest = _digest(request)
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        if (press := _claim(person(request).pk, digest)) is not None:
            request.press = press  # type: ignore[attr-defined] # for `finish`
            return None
        call = IdempotentCall.objects.filter(user=person(request), key=f"form:{digest}").first()
        if call is not None and call.status != UNDER_WAY:
            for level, text, tags in call.body["messages"]:
                messages.add_message(request, level, text, extra_tags=tags)
            return redirect(call.body["location"])
        time.sleep(POLL_SECONDS)
    busy = "같은 내용을 이미 처리하고 있습니다. 잠시 뒤 화면을 새로 열어 결과를 확인해 주세요."
    return error_response(request, MoveNotAllowed(busy, code="under_way"))


def finish(request: HttpRequest, response: HttpResponse) -> None:
    """Keep the answer to a claimed press if it succeeded: it leads on, without an error message."""
    press: int | None = getattr(request, "press", None)
    if press is None:
        return
    # Read before the messages' middleware stores them; iterating would count them as shown.
    said = getattr(getattr(request, "_messages", None), "_queued_messages", [])
    refused = any(row.level >= messages.ERROR for row in said)
    with connection.cursor() as cursor:
        if response.status_code not in (302, 303) or refused:
            cursor.execute(_FORGET, [press])
            return
        rows = [[row.level, str(row.message), row.extra_tags] for row in said]
        body = json.dumps({"location": response["Location"], "messages": rows})
        cursor.execute(_KEEP, [response.status_code, body, press])


def _claim(user: int, digest: str) -> int | None:
    """Write the press of a person; return its row, None if it was made before."""
    at = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [user, f"form:{digest}", digest, UNDER_WAY, at])
        row = cursor.fetchone()
    return row[0] if row else None


def _digest(request: HttpRequest) -> str:
    files = [(name, one.name, one.size) for name, many in request.FILES.lists() for one in many]
    sent = [request.get_full_path(), sorted(request.POST.lists()), sorted(files)]
    return hashlib.sha256(json.dumps(sent).encode()).hexdigest()
