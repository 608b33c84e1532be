"""How an error reaches a page: the message as text, its stable code in a `data-code` attribute."""

from collections.abc import Mapping

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorList
from django.http import HttpRequest

from portal.core.errors import PortalError

ERRORS = "portal/errors"
"""The name under which `forms.markup` draws a list of errors."""


class CodedErrors(ErrorList):
    """Form errors rendered with the code of each in `data-code`."""

    template_name = ERRORS

    @property
    def coded(self) -> list[tuple[str, str]]:
        return with_codes(self)


def with_codes(errors: ErrorList) -> list[tuple[str, str]]:
    """Return (message, code) of a list of form errors; the code may be empty."""
    return [(str(text), error.code or "") for error in errors.as_data() for text in error]


def refuse(
    form: forms.Form, error: PortalError, *, fields: Mapping[str, str] | None = None
) -> None:
    """Put every reason of a refusal next to its field, or above the form when it has none.

    `fields` names the field of a code; a finding `invalid:<code>` finds the field `<code>` itself.
    """
    for finding in error.findings:
        name = (fields or {}).get(finding.code) or finding.code.partition(":")[2] or finding.code
        field = next((one for one in (f"q_{name}", name) if one in form.fields), None)
        message = finding.message
        if field:
            message = message.removeprefix(f"‘{form.fields[field].label}’ 항목: ")
        form.add_error(field, ValidationError(message, code=finding.code))


def show_error(request: HttpRequest, error: PortalError) -> None:
    for finding in error.findings:
        messages.error(request, finding.message, extra_tags=finding.code)
