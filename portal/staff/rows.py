"""The rows of a staff list, as Django's admin draws them but in a third of the time."""

from collections.abc import Iterator
from datetime import date, time
from typing import Any

from django.contrib.admin.templatetags.admin_list import result_list
from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import (
    display_for_field,
    display_for_value,
    label_for_field,
    lookup_field,
)
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models import Model
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from portal.forms.people import told_apart
from portal.models import User
from portal.staff import sorting

NARROW = (models.DateField, models.TimeField, models.ForeignKey)
TEMPLATE = "admin/change_list_results.html"


class Row(list[SafeString]):
    """The cells of one row; `form` is what Django's template asks for."""

    form = None


def table(cl: ChangeList) -> SafeString:
    """Return the table of a list without forms in its rows, the same text as Django's own tag makes."""
    shown, cl.result_list = cl.result_list, []
    frame: Any = result_list(cl)  # the headings
    cl.result_list = shown
    sorting.mark(frame["result_headers"], cl)
    return render_to_string(TEMPLATE, {**frame, "results": [Row([row]) for row in _rows(cl)]})


def facts(screen: Any, thing: Model) -> list[tuple[str, Any]]:
    """Return what a screen shows of one object, for the page of an act on it: label and value.

    The columns of its list, and the fields of its page where that is Django's form.
    """
    names = [name for name in map(str, screen.list_display) if name != "action_checkbox"]
    if not getattr(screen, "page_template", ""):
        names += [str(name) for name in screen.fields or () if name not in names]
    blank = screen.get_empty_value_display()
    shown = []
    for name in names:
        value = _value_of(screen, name, thing, blank, linked=True)[0]
        if value not in {"", blank}:
            shown.append((str(label_for_field(name, screen.model, screen)), value))
    return list({label: (label, value) for label, value in reversed(shown)}.values())[::-1]


def _rows(cl: ChangeList) -> Iterator[SafeString]:
    blank, links = cl.model_admin.get_empty_value_display(), cl.list_display_links or ()
    names = [str(name) for name in cl.list_display]
    columns = [(name, _css(name), name in links) for name in names]
    heading = next((name for name, _, linked in columns if linked), None)
    address = _addresses(cl)
    for thing in cl.result_list:
        parts = []
        for name, css, linked in columns:
            value, narrow = _value_of(cl.model_admin, name, thing, blank, linked=linked)
            text = conditional_escape(value)
            if linked:
                text = mark_safe(f'<a href="{address[0]}{thing.pk}{address[1]}">{text}</a>')  # noqa: S308
            tag = "th" if name == heading else "td"
            parts.append(f'<{tag} class="{css}{" nowrap" if narrow else ""}">{text}</{tag}>')
        yield mark_safe("".join(parts))  # noqa: S308 - every value was escaped


def _css(name: str) -> str:
    return "action-checkbox" if name == "action_checkbox" else f"field-{name}"


def _addresses(cl: ChangeList) -> tuple[str, str]:
    """Return what stands before and after the key in the address of a row's page, for HTML."""
    first = next(iter(cl.result_list), None)
    if first is None:
        return "", ""
    plain = cl.url_for_result(first)
    kept: Any = {"preserved_filters": cl.preserved_filters, "opts": cl.opts}
    before, _, after = add_preserved_filters(kept, plain).rpartition(f"/{first.pk}/")
    return conditional_escape(f"{before}/"), conditional_escape(f"/{after}")


def _value_of(
    screen: Any, name: str, thing: Model, blank: str, *, linked: bool
) -> tuple[Any, bool]:
    """Return what a cell shows and whether it stays on one line."""
    try:
        field, attr, value = lookup_field(name, thing, screen)
    except ObjectDoesNotExist:
        return blank, False
    blank = getattr(attr, "empty_value_display", blank)
    if isinstance(value, str) and not value.strip():
        value = ""
    if field is None or field.auto_created:
        boolean = getattr(getattr(attr, "fget", attr), "boolean", False)
        return display_for_value(value, blank, boolean), isinstance(value, date | time)
    if isinstance(field.remote_field, models.ManyToOneRel):
        other = getattr(thing, field.name)
        shown = told_apart(other) if isinstance(other, User) else other
        return (blank if other is None else shown), isinstance(field, NARROW)
    shown = display_for_field(value, field, blank, avoid_link=linked)
    return shown, isinstance(field, NARROW)
