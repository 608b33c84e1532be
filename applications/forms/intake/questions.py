"""Forms made from declared questions; the rules decide what an answer means."""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.safestring import SafeString

from portal.core.html import NOTHING, attributes, each, html
from portal.forms.fields import PlainForm, mark_needed
from portal.templatetags.dates import kdate
from programs.forms.industries import IndustryWidget
from programs.queries import industries
from programs.rules.facts import absent
from programs.rules.industries import FACT

Row = Mapping[str, Any]
YES_NO = (("true", "예"), ("false", "아니요"))
MAX_RADIOS = 6
SPARE_ROWS = 2
MAX_ROWS = 20


ROWS = """\
<div class="table-region table-region--stack" role="region" tabindex="0" aria-label="입력 표"><table class="rows">
  <thead><tr><th scope="col">번호</th>{heads}</tr></thead>
  <tbody>{rows}</tbody>
</table></div>
{spare}"""
ROW = '<tr><td data-label="번호">{}</td>{}</tr>\n'
CELL = '<td data-label="{}">{}</td>'
SPARE = SafeString('<p class="muted">저장하면 빈 줄이 더 생깁니다.</p>')


class RowsWidget(forms.Widget):
    """Table of plain inputs with two spare rows, so that it grows without scripts."""

    use_fieldset = True

    def __init__(self, question: Row) -> None:
        super().__init__()
        self.question = question

    @property
    def max_rows(self) -> int:
        return int(self.question.get("max") or MAX_ROWS)

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-{self.question['columns'][0]['code']}" if id_ else ""

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        filled = [row for row in value or [] if isinstance(row, Mapping)]
        count = max(len(filled) + SPARE_ROWS, int(self.question.get("min") or 1))
        count = max(min(count, self.max_rows), len(filled))
        columns = self.question["columns"]
        rows = []
        for index in range(count):
            row = filled[index] if index < len(filled) else {}
            cells = ((column["label"], _cell(name, index, column, row)) for column in columns)
            rows.append((index + 1, each(CELL, cells)))
        return html(
            ROWS,
            heads=each(
                '<th scope="col">{}{}</th>', ((row["label"], _unit(row)) for row in columns)
            ),
            rows=each(ROW, rows),
            spare=SPARE if len(filled) < self.max_rows else NOTHING,
        )

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        rows = []
        for index in range(self.max_rows + SPARE_ROWS):
            row = {
                column["code"]: data.get(f"{name}-{index}-{column['code']}", "")
                for column in self.question["columns"]
            }
            if any(str(value).strip() for value in row.values()):
                rows.append(row)
        return rows

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return False


def _unit(column: Row) -> str:
    unit = column.get("unit") or ("원" if column["kind"] == "won" else "")
    return f" ({unit})" if unit else ""


def _cell(name: str, index: int, column: Row, row: Row) -> SafeString:
    """Return the control of one cell: a choice, a date or a line of text."""
    kind, value = column["kind"], form_value(column, row.get(column["code"]))
    key = f"{name}-{index}-{column['code']}"
    place = {"name": key, "id": f"id_{key}", "aria-label": f"{index + 1}행 {column['label']}"}
    if choices := choices_of(column):
        options = (
            (attributes({"value": code, "selected": code == value}), label)
            for code, label in choices
        )
        return html(
            '<select{}><option value="">선택하세요</option>{}</select>',
            attributes(place),
            each("<option{}>{}</option>", options),
        )
    digits = "numeric" if kind in ("won", "integer") else False
    shown = {"type": "date" if kind == "date" else "text", "value": str(value), "inputmode": digits}
    return html("<input{}{}>", attributes(place), attributes(shown))


class QuestionForm(PlainForm):
    """Questions of one section, with the version that the answers are based on.

    Fields are called `q_<code>`. `based` are the digests of the stored answers that the page was
    made from, see `rules/intake/merging.py`. `shown` lists the questions on the page, so that one that only
    appears later is not taken for an emptied answer.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    based = forms.CharField(widget=forms.HiddenInput, required=False)
    shown = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        questions: Sequence[Row],
        *,
        answers: Mapping[str, Any],
        version: int,
        data: Mapping[str, Any] | None = None,
        tracks: Sequence[tuple[str, str]] = (),
        track: str = "",
        based: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        initial = {"version": version, "shown": " ".join(row["code"] for row in questions)}
        initial["based"] = json.dumps(dict(based))
        initial |= {
            f"q_{row['code']}": form_value(row, answers.get(row["code"])) for row in questions
        }
        super().__init__(data, initial={**initial, "track": track})
        self.questions = list(questions)
        if tracks:
            self.fields["track"] = forms.ChoiceField(
                label="지원유형", choices=list(tracks), required=False, widget=forms.RadioSelect
            )
            mark_needed(self.fields["track"])
        for row in questions:
            self.fields[f"q_{row['code']}"] = field_of(row)

    @property
    def visible_codes(self) -> set[str]:
        return set(str(self.data.get("shown", "")).split())

    @property
    def digests(self) -> dict[str, str] | None:
        """Return the digests that the page was based on; None of a page that has none."""
        try:
            sent = json.loads(str(self.data.get("based") or "null"))
        except ValueError:
            return None
        if not isinstance(sent, dict):
            return None
        return {code: digest for code, digest in sent.items() if isinstance(digest, str)}

    def raw_answers(self) -> dict[str, Any]:
        """Return what was sent for each question of the page, also where it was refused."""
        return {
            row["code"]: self[f"q_{row['code']}"].value()
            for row in self.questions
            if row["code"] in self.visible_codes
        }

    def answers(self) -> dict[str, Any]:
        """Return the raw answers that were sent; `track` only where there is a choice of tracks."""
        visible = self.visible_codes
        raw = {
            row["code"]: self.cleaned_data.get(f"q_{row['code']}")
            for row in self.questions
            if row["code"] in visible
        }
        if "track" in self.fields and "track" in self.data:
            raw["track"] = self.cleaned_data.get("track", "")
        return raw


def field_of(row: Row) -> forms.Field:
    """Return the field of a question. It accepts anything: the rules parse the answer."""
    field = forms.Field(
        label=row["label"],
        required=False,
        help_text=escape(row.get("help") or ""),
        widget=_widget(row),
    )
    if row.get("required"):
        mark_needed(field)
    return field


def choices_of(row: Row) -> list[tuple[str, str]]:
    return [(choice["code"], choice["label"]) for choice in row.get("choices") or ()]


def _widget(row: Row) -> forms.Widget:
    kind = row["kind"]
    if row["code"] == FACT:
        return IndustryWidget()
    if kind == "rows":
        return RowsWidget(row)
    if kind == "yes_no":
        return forms.RadioSelect(choices=YES_NO)
    choices = choices_of(row)
    if kind == "multi":
        return forms.CheckboxSelectMultiple(choices=choices)
    if kind == "choice":
        if len(choices) <= MAX_RADIOS:
            return forms.RadioSelect(choices=choices)
        return forms.Select(choices=[("", "선택하세요"), *choices])
    if kind == "long_text":
        return forms.Textarea({"rows": 6, "class": "input--long"})
    if kind == "date":
        return forms.DateInput({"type": "date", "class": "input--short"})
    if kind in ("integer", "won"):
        unit = "원" if kind == "won" else row.get("unit") or ""
        attrs = {"inputmode": "numeric", "class": "input--short"}
        return forms.TextInput(attrs | ({"data-unit": unit} if unit else {}))
    return forms.TextInput({"class": "input--long"})


def form_value(row: Row, value: Any) -> Any:
    """Return a stored answer as its control takes it."""
    kind = row["kind"]
    if absent(value):
        return [] if kind in ("multi", "rows") else ""
    if kind == "yes_no" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "won" and isinstance(value, int):
        return f"{value:,}"
    return value


def answer_text(row: Row, value: Any) -> str:
    """Return a stored answer as Korean text, for a summary."""
    kind = row["kind"]
    if absent(value):
        return ""
    if row["code"] == FACT:
        return industries.described(str(value))
    names = dict(choices_of(row))
    if kind == "yes_no":
        return dict(YES_NO).get(str(value).lower(), str(value))
    if kind == "won" and isinstance(value, int):
        return f"{value:,}원"
    if kind == "date":
        return kdate(date.fromisoformat(value)) if isinstance(value, str) else kdate(value)
    if kind == "integer" and isinstance(value, int):
        return f"{value:,}{row.get('unit') or ''}"
    if kind == "choice":
        return names.get(value, str(value))
    if kind == "multi":
        return ", ".join(names.get(code, code) for code in value)
    if kind == "rows":
        return "\n".join(_line(row, line) for line in value)
    return str(value)


def _line(row: Row, line: Row) -> str:
    words = ((c["label"], answer_text(c, line.get(c["code"]))) for c in row["columns"])
    return " · ".join(f"{label}: {text}" for label, text in words if text)
