"""Every date and amount that people enter has a plausible range as data, with its origin."""

import ast
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django import forms
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.test import RequestFactory

from portal.core import ranges
from portal.core.errors import BadInput
from portal.forms.ranges import Within, within
from portal.staff.edits import EditAdmin
from tests.factories import staff

ROOT = Path(__file__).parents[2]
APPS = ("portal", "programs", "applications", "vouchers", "kamp")
FIELDS = (
    "DateField", "DateTimeField", "IntegerField", "DecimalField", "FloatField", "DurationField",
    "WonField",
)  # fmt: skip
TODAY = date(2024, 2, 29)


def entries() -> Iterator[tuple[str, str]]:
    """Yield the place and the source of each field for a date or number that a person enters."""
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            source = path.read_text()
            if {"migrations", "models"} & set(path.parts):
                continue
            for call in ast.walk(ast.parse(source)):
                if isinstance(call, ast.Call) and _is_entry(call):
                    text = ast.get_source_segment(source, call) or ""
                    if "HiddenInput" not in text:  # the page writes it, not a person
                        yield f"{path.relative_to(ROOT)}:{call.lineno}", text


def _is_entry(call: ast.Call) -> bool:
    made = call.func
    if isinstance(made, ast.Attribute):
        return made.attr in FIELDS and isinstance(made.value, ast.Name) and made.value.id == "forms"
    return isinstance(made, ast.Name) and made.id in FIELDS


def test_every_date_and_amount_field_of_every_form_names_its_range() -> None:
    found = dict(entries())
    assert len(found) > 50
    assert [place for place, text in found.items() if "validators=[within(" not in text] == []


@pytest.mark.django_db
def test_every_date_and_number_that_staff_edit_in_a_row_has_its_range(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = staff.manager()
    program, without = staff.program(), []
    for model, screen in site._registry.items():
        if not isinstance(screen, EditAdmin):
            continue
        thing = program if isinstance(program, model) else None
        sets = [screen.get_form(request, thing, change=thing is not None)]
        sets += [
            one.get_formset(request, thing).form for one in screen.get_inline_instances(request)
        ]
        for form in sets:
            without += [
                f"{model.__name__}.{name}"
                for name, field in form.base_fields.items()
                if isinstance(field, forms.DateField | forms.DateTimeField | forms.IntegerField)
                and not isinstance(field, forms.ModelChoiceField)
                and not any(isinstance(one, Within) for one in field.validators)
            ]
    assert without == []


@pytest.mark.parametrize("row", ranges.known().values(), ids=lambda row: row.name)
def test_a_range_has_an_origin_and_accepts_its_ends_and_no_more(row: ranges.Range) -> None:
    assert row.origin in {"assumption", "public"} or row.origin.startswith("source ")
    if row.own:
        assert (row.least, row.most) == (None, None)
        return
    low, high = row.limits(TODAY)
    assert low <= high
    step = 1 if row.kind != ranges.DAY else date.resolution
    for value in (low, high):
        assert ranges.refusal(row.name, value, today=TODAY) == ""
    for value in (low - step, high + step):
        text = ranges.refusal(row.name, value, today=TODAY)
        assert row.label in text
        assert row.text(value) in text
    assert ranges.refusal(row.name, None, today=TODAY) == ""


def test_what_a_subject_knows_narrows_its_range() -> None:
    day = date(2024, 2, 1)
    with pytest.raises(BadInput, match="2024년 2월 10일부터") as refused:
        ranges.check("received_on", day, today=TODAY, code="received", least=date(2024, 2, 10))
    assert refused.value.code == "received"
    ranges.check("received_on", day, today=TODAY, least=day, most=day)


def test_a_field_refuses_with_the_range() -> None:
    field = forms.DateField(validators=[within("founded_on")])
    assert field.clean("1999-01-02") == date(1999, 1, 2)
    with pytest.raises(ValidationError, match="설립일"):
        field.clean("2999-01-02")
    with pytest.raises(KeyError):
        within("nowhere")
