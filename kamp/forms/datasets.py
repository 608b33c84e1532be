"""Forms of a data set."""

from django import forms

from kamp.services.datasets import KEPT_DAYS
from kamp.states import DataKind, Process, Purpose
from portal.forms.fields import PlainForm
from portal.forms.ranges import within

SHORT = {"class": "input--short"}
LONG = {"class": "input--long"}


def _decimal(
    label: str, unit: str, places: int, name: str, *, required: bool = False
) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=required,
        max_digits=6,
        decimal_places=places,
        validators=[within(name)],
        widget=forms.TextInput({**SHORT, "inputmode": "decimal", "data-unit": unit}),
    )


class DatasetForm(PlainForm):
    name = forms.CharField(label="이름", max_length=100, widget=forms.TextInput(LONG))
    modality = forms.ChoiceField(
        label="자료 종류",
        choices=[(DataKind.VIDEO.value, "동영상"), (DataKind.IMAGE.value, "이미지")],
        initial=DataKind.VIDEO.value,
        widget=forms.RadioSelect,
    )
    process = forms.ChoiceField(label="공정", choices=Process.choices, initial=Process.INSPECTION)
    purpose = forms.ChoiceField(label="목적", choices=Purpose.choices, initial=Purpose.QUALITY)
    mm_per_px = forms.DecimalField(
        label="화소당 길이",
        max_digits=6,
        decimal_places=3,
        initial="0.8",
        widget=forms.TextInput({**SHORT, "inputmode": "decimal", "data-unit": "mm"}),
        help_text="한 화소가 제품에서 몇 mm인지 적어 주세요.",
        validators=[within("mm_per_px")],
    )
    kv = _decimal("관전압", "kV", 1, "tube_kv")
    ma = _decimal("관전류", "mA", 2, "tube_ma")
    fps = _decimal("초당 프레임", "장", 2, "fps")
    motion = forms.CharField(
        label="제품의 움직임", max_length=60, required=False, help_text="예: 일정한 속도의 이송"
    )
    licence = forms.CharField(label="이용 조건", max_length=100, required=False)
    provenance = forms.CharField(
        label="자료의 내력", max_length=200, required=False, widget=forms.TextInput(LONG)
    )
    retain_until = forms.DateField(
        label="보관 기한",
        required=False,
        widget=forms.DateInput({"type": "date", **SHORT}, format="%Y-%m-%d"),
        help_text=f"비워 두면 {KEPT_DAYS}일입니다. 다음 날 파일을 지웁니다.",
        validators=[within("retain_until")],
    )


class RetentionForm(PlainForm):
    retain_until = forms.DateField(
        label="보관 기한",
        widget=forms.DateInput({"type": "date", **SHORT}, format="%Y-%m-%d"),
        validators=[within("retain_until")],
    )
