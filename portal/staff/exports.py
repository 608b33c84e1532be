"""Every row of a staff list as a table: what its columns show, with the types of what they show."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from html import unescape
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model
from django.db.models.constants import LOOKUP_SEP
from django.utils.html import strip_tags
from django.utils.safestring import SafeString

CHUNK = 2_000
TYPED = (int, Decimal, date)  # a datetime is a date, a bool an int
Cell = Callable[[Model], object]


def table(cl: ChangeList) -> tuple[list[str], Iterator[list[object]]]:
    """Return the headings and the rows of a list, all that its filters and its search find."""
    names = [str(name) for name in cl.list_display if name != "action_checkbox"]
    header = [str(label_for_field(name, cl.model, cl.model_admin)) for name in names]
    return header, _lines(cl, [_cell(cl, name) for name in names])


def _lines(cl: ChangeList, cells: Sequence[Cell]) -> Iterator[list[object]]:
    for thing in cl.queryset.iterator(chunk_size=CHUNK):
        yield [cell(thing) for cell in cells]


def _cell(cl: ChangeList, name: str) -> Cell:
    method = getattr(cl.model_admin, name, None) or getattr(cl.model, name, None)
    fact = getattr(method, "admin_order_field", None)

    def value(thing: Model) -> object:
        if isinstance(fact, str):
            behind = _follow(thing, fact.removeprefix("-"))
            if isinstance(behind, TYPED):
                return behind
        return _shown(cl, name, thing)

    return value


def _follow(thing: Any, path: str) -> object:
    for part in path.split(LOOKUP_SEP):
        thing = getattr(thing, part, None)
    return thing


def _shown(cl: ChangeList, name: str, thing: Model) -> object:
    try:
        field, _, value = lookup_field(name, thing, cl.model_admin)
    except ObjectDoesNotExist:
        return None
    if field is not None and getattr(field, "choices", None):
        return str(dict(field.flatchoices).get(value, value))
    if field is not None and field.is_relation:
        other = getattr(thing, field.name)
        return None if other is None else str(other)
    if value is None or isinstance(value, TYPED):
        return value
    # What people typed is text as it stands; only what the portal wrote as HTML has tags.
    text = unescape(strip_tags(value)) if isinstance(value, SafeString) else str(value)
    return " ".join(text.split())
