"""Saves beside another act or in the background: what is valid is saved, the rest named at its field."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from django import forms
from django.http import JsonResponse, QueryDict

from portal.core.clock import KST
from portal.core.errors import PortalError, RuleBroken
from portal.forms.errors import refuse, with_codes

Saved = TypeVar("Saved")
Typed = TypeVar("Typed", bound=forms.Form)


def save_valid(form: forms.Form, save: Callable[[Collection[str]], Saved]) -> Saved:
    """Call `save` with the codes to leave out: none, then those that it refused (`invalid:<code>`).

    The refusals become errors of the form. Raises what the second call raises.
    """
    try:
        return save(())
    except RuleBroken as refusal:
        refuse(form, refusal)
        return save({finding.code.partition(":")[2] for finding in refusal.findings})


def save_beside(
    post: QueryDict,
    form_of: Callable[[QueryDict | None], Typed],
    save: Callable[[Typed], Any],
) -> Typed:
    """Save what is valid of the text that a button beside it sent; return the form to show.

    `form_of` makes the form of what was sent, of None the one of what is stored; `save` returns the
    row with its new `version`.
    """
    if "version" not in post:
        return form_of(None)
    data = post.copy()
    form = form_of(data)
    if not form.is_valid() and "version" in form.errors:
        return form
    try:
        saved = save(form)
    except PortalError as refused:
        refuse(form, refused)
    else:
        data["version"] = str(saved.version)
    return form


def saved_answer(
    *sent: forms.Form,
    version: int,
    at: datetime | None,
    status: int = RuleBroken.status,
    shown: Mapping[str, Any] = MappingProxyType({}),
) -> JsonResponse:
    """Return the version on the server, and with `status` the errors by field if there are any.

    `shown` is what the page has to show anew, see `static/js/autosave.js`.
    """
    saved_at = at.astimezone(KST).isoformat() if at else ""
    body = {"version": version, "saved_at": saved_at, **shown}
    rows = [
        {"field": form.add_prefix(name), "code": code, "message": message, "blocking": True}
        for form in sent
        for name, errors in form.errors.items()
        for message, code in with_codes(errors)
    ]
    if not rows:
        return JsonResponse(body)
    message = f"{len({row['field'] for row in rows})}개 항목은 저장하지 못했습니다. 표시한 곳을 고치면 저장합니다."
    code = rows[0]["code"] or "bad_input"
    return JsonResponse({**body, "code": code, "message": message, "findings": rows}, status=status)
