"""What people typed into a control, cleaned by the kind of its field."""

import re
from collections.abc import Callable
from typing import Any

from django import forms

from portal.core import dates, text, validators
from portal.core.errors import BadInput
from portal.forms.fields import ReadField, WonField

_AT_TIME = re.compile(r"(.+?)[ T]([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)")


def typed(field: forms.Field, sent: Any) -> Any:
    """Return what was sent to a field, cleaned; passwords and files stay as they are.

    Raises BadInput (`number`, `date`, `email`, `one_line`) with the reason for the person.
    """
    if isinstance(field, forms.MultiValueField) and isinstance(sent, list):
        pairs = zip(field.fields, sent, strict=False)
        return [typed(part, one) for part, one in pairs]
    if not isinstance(sent, str):
        return text.clean_all(sent)
    if isinstance(field.widget, forms.PasswordInput) or not sent:
        return sent
    if isinstance(field, WonField | ReadField):
        return text.clean(sent)
    read = next((how for kind, how in _READERS if isinstance(field, kind)), None)
    if read is not None:
        return read(field, sent) if text.clean(sent).strip() else ""
    if not isinstance(field.widget, forms.TextInput):
        return text.clean(sent)
    line = text.line(sent)
    if isinstance(field, forms.CharField) and not validators.is_one_line(
        line.strip() if field.strip else line
    ):
        raise BadInput("줄바꿈이나 글자 방향을 바꾸는 기호는 쓸 수 없습니다.", code="one_line")
    return line


def unread(field: forms.Field, sent: Any) -> Any:
    """Return what cannot be read, to be refused and shown again."""
    if isinstance(sent, str):
        is_text = isinstance(field, forms.CharField)
        return text.clean(sent) if is_text else text.fold(sent)
    return sent


def _whole(field: forms.Field, sent: str) -> str:
    return str(validators.percent(sent) if _is_percent(field) else validators.whole(sent))


def _decimal(field: forms.Field, sent: str) -> str:
    return str(validators.percent(sent) if _is_percent(field) else validators.decimal(sent))


def _is_percent(field: forms.Field) -> bool:
    return bool(field.widget.attrs.get("data-unit") == "%")


def _moment(field: forms.Field, sent: str) -> str:
    plain = text.fold(sent)
    found = _AT_TIME.fullmatch(plain)
    try:
        return f"{dates.read(found[1])} {found[2]}" if found else plain
    except BadInput:
        return plain


Reader = Callable[[forms.Field, str], str]
_READERS: tuple[tuple[type[forms.Field], Reader], ...] = (
    (forms.DecimalField, _decimal),
    (forms.FloatField, _decimal),
    (forms.IntegerField, _whole),
    (forms.DateTimeField, _moment),
    (forms.DateField, lambda field, sent: dates.read(sent).isoformat()),
    (forms.TimeField, lambda field, sent: text.fold(sent)),
    (forms.EmailField, lambda field, sent: validators.email(sent)),
    (forms.URLField, lambda field, sent: text.line(sent)),
    (forms.RegexField, lambda field, sent: text.compact(sent)),
)
