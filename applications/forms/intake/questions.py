"""Forms made from the questions of the data file; what an answer means is decided by the rules."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.html import escape

from portal.forms.fields import PlainForm
from portal.templatetags.dates import kdate
from programs.rules.facts import absent

Row = Mapping[str, Any]
YES_NO = (("true", "예"), ("false", "아니요"))
MOST_RADIOS = 6
SPARE_ROWS = 2
MOST_ROWS = 20


class RowsWidget(forms.Widget):
    """A table of plain inputs; two spare lines are always there, so it grows without scripts."""

    template_name = "applications/intake/widgets/rows.html"
    use_fieldset = True

    def __init__(self, question: Row) -> None:
        super().__init__()
        self.question = question

    @property
    def most(self) -> int:
        """How many rows may be filled."""
        return int(self.question.get("max") or MOST_ROWS)

    def id_for_label(self, id_: str) -> str:
        """Lead to the first input of the table."""
        return f"{id_}-0-{self.question['columns'][0]['code']}" if id_ else ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        """Lay out filled rows and spare ones."""
        context = super().get_context(name, None, attrs)
        rows = [row for row in value or [] if isinstance(row, Mapping)]
        count = min(max(len(rows) + SPARE_ROWS, int(self.question.get("min") or 1)), self.most)
        columns = self.question["columns"]
        context["widget"]["columns"] = columns
        context["widget"]["rows"] = [
            [
                _cell(name, place, column, rows[place] if place < len(rows) else {})
                for column in columns
            ]
            for place in range(max(count, len(rows)))
        ]
        context["widget"]["spare"] = len(rows) < self.most
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        """Collect the lines; a line left empty is none."""
        rows = []
        for place in range(self.most + SPARE_ROWS):
            row = {
                column["code"]: data.get(f"{name}-{place}-{column['code']}", "")
                for column in self.question["columns"]
            }
            if any(str(value).strip() for value in row.values()):
                rows.append(row)
        return rows

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        """An empty table is an answer."""
        return False


def _cell(name: str, place: int, column: Row, row: Row) -> dict[str, Any]:
    value = row.get(column["code"])
    return {
        "name": f"{name}-{place}-{column['code']}",
        "label": f"{place + 1}행 {column['label']}",
        "column": column["label"],
        "kind": column["kind"],
        "value": shown(column, value),
        "choices": choices_of(column),
    }


class QuestionForm(PlainForm):
    """The questions of one step, with the version that the answers are based on.

    Fields are called `q_<code>`. `shown` lists what the page asked, so that a question that only
    appears later is not taken for one that was emptied.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
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
    ) -> None:
        initial = {"version": version, "shown": " ".join(row["code"] for row in questions)}
        initial |= {f"q_{row['code']}": shown(row, answers.get(row["code"])) for row in questions}
        super().__init__(data, initial={**initial, "track": track})
        self.questions = list(questions)
        if tracks:
            self.fields["track"] = forms.ChoiceField(
                label="지원유형", choices=list(tracks), required=False, widget=forms.RadioSelect
            )
            self.fields["track"].needed = True
        for row in questions:
            self.fields[f"q_{row['code']}"] = field_of(row)

    @property
    def visible_codes(self) -> set[str]:
        """What the page that was sent had asked."""
        return set(str(self.data.get("shown", "")).split())

    def answers(self) -> dict[str, Any]:
        """The raw answers that were sent; a track only where there is a choice of tracks."""
        asked = self.visible_codes
        raw = {
            row["code"]: self.cleaned_data.get(f"q_{row['code']}")
            for row in self.questions
            if row["code"] in asked
        }
        if "track" in self.fields and "track" in self.data:
            raw["track"] = self.cleaned_data.get("track", "")
        return raw


def field_of(row: Row) -> forms.Field:
    """Make the field of a question. It refuses nothing: the rules read the answer."""
    field = forms.Field(
        label=row["label"],
        required=False,
        help_text=escape(row.get("help") or ""),
        widget=_widget(row),
    )
    field.needed = bool(row.get("required"))
    return field


def choices_of(row: Row) -> list[tuple[str, str]]:
    """The choices of a question as code and label."""
    return [(choice["code"], choice["label"]) for choice in row.get("choices") or ()]


def _widget(row: Row) -> forms.Widget:
    kind = row["kind"]
    if kind == "rows":
        return RowsWidget(row)
    if kind == "yes_no":
        return forms.RadioSelect(choices=YES_NO)
    choices = choices_of(row)
    if kind == "multi":
        return forms.CheckboxSelectMultiple(choices=choices)
    if kind == "choice":
        if len(choices) <= MOST_RADIOS:
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


def shown(row: Row, value: Any) -> Any:
    """Write a stored answer the way its control takes it."""
    kind = row["kind"]
    if absent(value):
        return [] if kind in ("multi", "rows") else ""
    if kind == "yes_no" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "won" and isinstance(value, int):
        return f"{value:,}"
    return value


def read_aloud(row: Row, value: Any) -> str:
    """Write a stored answer in words, for a summary."""
    kind = row["kind"]
    if absent(value):
        return ""
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
    words = ((c["label"], read_aloud(c, line.get(c["code"]))) for c in row["columns"])
    return " · ".join(f"{label}: {text}" for label, text in words if text)
