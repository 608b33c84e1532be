"""Forms of a showcase: its texts, its rows of figures, steps and quotes, and its pictures."""

from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory

from kamp.models import Showcase
from kamp.services.showcases.editing import PARTS, TEXTS
from kamp.states import DataKind, Direction, FigureOrigin, Process, Purpose
from portal.forms.fields import PlainForm
from portal.forms.ranges import within

EMPTY = ("", "선택하세요")
ALL = ("", "전체")
SHORT = {"class": "input--short"}
LONG = {"class": "input--long"}


def _text(
    label: str, max_length: int, *, required: bool = True, help_text: str = ""
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=max_length,
        required=required,
        help_text=help_text,
        widget=forms.TextInput(LONG),
    )


def _long_text(label: str, *, required: bool = True, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=4_000,
        required=required,
        help_text=help_text,
        widget=forms.Textarea({"rows": 4}),
    )


class ShowcaseForm(PlainForm):
    title = _text("제목", 100, help_text="무엇을 어떻게 바꾸었는지 한 줄로 적어 주세요.")
    company = _text("기업명", 100)
    company_profile = _long_text("기업 소개", required=False)
    industry = _text("업종", 100, required=False)
    process = forms.ChoiceField(label="공정", choices=[EMPTY, *Process.choices])
    equipment = _text("설비", 60, required=False, help_text="예: 엑스레이 장비, 사출성형기")
    purpose = forms.ChoiceField(label="목적", choices=[EMPTY, *Purpose.choices])
    data_kind = forms.ChoiceField(label="자료 종류", choices=[EMPTY, *DataKind.choices])
    data_note = _text("자료 설명", 200, required=False)
    label_note = _text("라벨 종류", 200, required=False, help_text="예: 이미지마다 정상 또는 불량")
    summary = _long_text("한눈에 보기")
    problem = _long_text("문제", help_text="한 줄에 하나씩 적어 주세요.")
    method_before = _text("도입 전 방법", 200, required=False)
    method_after = _text("도입 뒤 방법", 200, required=False)
    experts = _long_text(
        "도움을 준 전문가",
        required=False,
        help_text="한 줄에 한 분야씩, ‘분야: 한 일’로 적어 주세요.",
    )
    event = _text("시연·행사", 200, required=False)
    caveat = _long_text(
        "알려지지 않은 점",
        required=False,
        help_text="표본수나 계산 방법처럼 밝히지 못하는 것을 적어 주세요.",
    )
    source_name = _text("출처", 200, help_text="값을 어디에서 얻었는지 적어 주세요.")
    source_url = forms.URLField(
        label="출처 주소", required=False, assume_scheme="https", widget=forms.URLInput(LONG)
    )


class MetricForm(PlainForm):
    name = _text("지표", 60)
    definition = _text("정의", 300, help_text="무엇을 어떻게 잰 값인지 적어 주세요.")
    unit = forms.CharField(
        label="단위", max_length=20, required=False, widget=forms.TextInput(SHORT)
    )
    before = forms.DecimalField(
        label="도입 전",
        required=False,
        max_digits=14,
        decimal_places=3,
        widget=forms.TextInput({**SHORT, "inputmode": "decimal"}),
        validators=[within("figure")],
    )
    after = forms.DecimalField(
        label="도입 뒤",
        required=False,
        max_digits=14,
        decimal_places=3,
        widget=forms.TextInput({**SHORT, "inputmode": "decimal"}),
        validators=[within("figure")],
    )
    direction = forms.ChoiceField(label="방향", choices=[EMPTY, *Direction.choices])
    sample_size = forms.IntegerField(
        label="표본수",
        required=False,
        widget=forms.TextInput({**SHORT, "inputmode": "numeric"}),
        help_text="모르면 비워 두세요. ‘미공개’로 표시합니다.",
        validators=[within("sample_size")],
    )
    origin = forms.ChoiceField(label="값의 출처", choices=[EMPTY, *FigureOrigin.choices])
    note = _text("덧붙임", 300, required=False)

    def clean(self) -> dict[str, Any]:
        # Both numbers, or none and a note instead; the database requires it too.
        data: dict[str, Any] = super().clean() or {}
        if (data.get("before") is None) != (data.get("after") is None):
            self.add_error("after", "도입 전과 도입 뒤를 함께 적거나 함께 비워 주세요.")
        elif data.get("before") is None and not data.get("note"):
            self.add_error("note", "수치가 없으면 덧붙임에 까닭을 적어 주세요.")
        return data


class StepForm(PlainForm):
    title = _text("단계", 60)
    text = _text("설명", 300)


class TestimonialForm(PlainForm):
    speaker_title = _text("직함", 60, help_text="이름은 적지 않습니다.")
    speaker_company = _text("소속", 100)
    quote = _long_text("말")


class PictureForm(PlainForm):
    picture = forms.FileField(
        label="그림", help_text="JPG나 PNG. 위치 정보 같은 부가 정보는 지우고 다시 그려 보관합니다."
    )
    alt = _text("대체 글", 200, help_text="그림을 보지 못하는 사람에게 읽어 줄 설명입니다.")


class FilterForm(PlainForm):
    def __init__(self, *args: Any, facets: dict[str, list[tuple[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "process": "공정",
            "equipment": "설비",
            "purpose": "목적",
            "data_kind": "자료 종류",
        }
        for name, label in labels.items():
            self.fields[name] = forms.ChoiceField(
                label=label, choices=[ALL, *facets[name]], required=False
            )


FORM_SETS: dict[str, type[BaseFormSet]] = {
    "metrics": formset_factory(MetricForm, extra=1, max_num=12, can_delete=True),
    "steps": formset_factory(StepForm, extra=1, max_num=12, can_delete=True),
    "testimonials": formset_factory(TestimonialForm, extra=1, max_num=6, can_delete=True),
}
TITLES = {"metrics": "성과 지표", "steps": "진행 단계", "testimonials": "한마디"}


class Editor:
    """The texts of a case and its three sets of rows, on one page."""

    def __init__(self, data: Any = None, *, showcase: Showcase | None = None) -> None:
        initial = {name: getattr(showcase, name) for name in TEXTS} if showcase else {}
        self.form = ShowcaseForm(data, initial=initial)
        self.sets: dict[str, BaseFormSet] = {
            name: form_set(data, prefix=name, initial=_rows(showcase, name))
            for name, form_set in FORM_SETS.items()
        }

    @property
    def titled(self) -> list[tuple[str, BaseFormSet]]:
        return [(TITLES[name], rows) for name, rows in self.sets.items()]

    def is_valid(self) -> bool:
        # Validate every part, so that all errors are shown at once.
        checked = [self.form.is_valid(), *(rows.is_valid() for rows in self.sets.values())]
        return all(checked)

    def parts(self) -> dict[str, list[dict[str, Any]]]:
        return {
            name: [row for row in rows.cleaned_data if row and not row.get("DELETE")]
            for name, rows in self.sets.items()
        }


def _rows(showcase: Showcase | None, name: str) -> list[dict[str, Any]]:
    if showcase is None:
        return []
    model, columns = PARTS[name]
    return list(model.objects.filter(showcase=showcase).values(*columns))
