"""The field of an industry: words or a code, a search without scripts, and “모르겠어요”."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.safestring import SafeString

from portal.core.html import NOTHING, attributes, each, html
from portal.core.text import line
from programs.queries import industries
from programs.rules.industries import Found

LABEL = "업종"
HELP = (
    "만드는 제품이나 하는 일의 이름으로 찾으세요. 예: 절삭가공, 전자부품. 한국표준산업분류 코드를 알면"
    " 숫자 2~5자리를 적어도 됩니다. 모르면 ‘모르겠어요’를 고르세요."
)
PICK = "찾은 업종 가운데 하나를 고르거나 ‘모르겠어요’를 고르세요."
NOTHING_FOUND = (
    "맞는 업종이 없습니다. 낱말을 줄이거나 다른 말로 찾아보세요. 사업자등록증의 여섯 자리 업종코드는 다른"
    " 분류라서 여기에서는 찾을 수 없습니다."
)
NO_WORDS = "찾을 낱말이나 코드를 적고 ‘업종 찾기’를 누르세요."

WIDGET = """\
<div class="industry" data-industry="{address}"><div class="industry__line"><input{entry}>\
<button class="button button--secondary button--small" type="submit" name="{name}-find" value="1"{target}>\
업종 찾기</button></div>{found}<div class="industry__unknown"><label><input{unknown}> 모르겠어요</label></div>\
{ticked}</div>"""
FOUND = """\
<fieldset class="industry__found" id="{place}" tabindex="-1"><legend>{title}</legend>{rows}</fieldset>"""
ROW = "<label><input{}> <span>{}{}</span></label>"
NOTE = '<small class="muted"> {}</small>'
TICKED = '<input type="hidden" name="{}-ticked" value="1">'


class IndustryWidget(forms.TextInput):
    """A line for words or a code, a button that searches, what it found, and a box for “모르겠어요”.

    The value is a kept code, "" for an industry that is not known, None for no answer, and else the words
    as they were typed. `asked` shows what the words find; a refused page shows it as well.
    """

    asked = False

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        attrs = attrs or {}
        place = str(attrs.get("id") or f"id_{name}")
        typed = str(value or "")
        settled = industries.settled(typed)
        entry: dict[str, Any] = {
            "type": "text",
            "name": name,
            "value": industries.described(settled) if settled and not self.asked else typed,
            "maxlength": 200,
            "autocomplete": "off",
            **attrs,
        }
        unknown = value is not None and not typed
        box = {
            "type": "checkbox",
            "name": f"{name}-unknown",
            "id": f"{place}-unknown",
            "value": "1",
            "checked": unknown,
        }
        shows = self.asked or (bool(typed) and not settled)
        return html(
            WIDGET,
            address=reverse("industry_search"),
            entry=attributes(entry),
            name=name,
            target=attributes({"formaction": f"#{place}-found"}),
            found=_found(name, place, typed) if shows else NOTHING,
            unknown=attributes(box),
            ticked=html(TICKED, name) if unknown else NOTHING,
        )

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str | None:
        typed = line(str(data.get(name) or "")).strip()
        self.asked = looks_for(data, name)
        picked = "" if self.asked else str(data.get(f"{name}-pick") or "")
        if picked:
            return industries.settled(picked) or typed
        # Of a box and words the newer counts: a box that the page had ticked is the older.
        if f"{name}-unknown" in data and (not typed or f"{name}-ticked" not in data):
            return ""
        return (typed if self.asked else industries.settled(typed) or typed) or None

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return name not in data


class IndustryField(forms.CharField):
    """A kept code, or "" for an industry that is not known."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            **{
                "label": LABEL,
                "required": False,
                "help_text": HELP,
                "widget": IndustryWidget,
                **options,
            }
        )

    def clean(self, value: Any) -> str:
        typed = str(super().clean(value) or "")
        settled = industries.settled(typed)
        if typed and not settled:
            raise forms.ValidationError(PICK, code="industry")
        return settled


def looks_for(data: Mapping[str, Any], name: str) -> bool:
    """Return whether the button that searches was pressed."""
    return f"{name}-find" in data


def as_typed(form: forms.BaseForm, name: str) -> dict[str, Any] | None:
    """Return what was typed in every field, to show the form again with what the search found.

    None unless the search was asked for.
    """
    if not form.is_bound or not looks_for(form.data, form.add_prefix(name)):
        return None
    return {field.name: field.value() for field in form}


def show_found(form: forms.BaseForm, name: str) -> None:
    """Let a form that is shown again show what the words in its field find."""
    widget = form.fields[name].widget
    if isinstance(widget, IndustryWidget):
        widget.asked = True


def _found(name: str, place: str, typed: str) -> SafeString:
    found = industries.find(typed) if typed.strip() else Found()
    rows = (
        (
            attributes(
                {
                    "type": "radio",
                    "name": f"{name}-pick",
                    "id": f"{place}-pick-{number}",
                    "value": row.written,
                }
            ),
            row.label,
            html(NOTE, row.note) if row.note else NOTHING,
        )
        for number, row in enumerate(found.rows)
    )
    return html(FOUND, place=f"{place}-found", title=_title(typed, found), rows=each(ROW, rows))


def _title(typed: str, found: Found) -> str:
    if not typed.strip():
        return NO_WORDS
    if not found.rows:
        return NOTHING_FOUND
    more = " 더 있으니 낱말을 더하면 좁힐 수 있습니다." if found.more else ""
    return f"찾은 업종 {len(found.rows)}개 가운데 하나를 고르세요.{more}"
