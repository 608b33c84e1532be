"""Forms of the inspection workshop."""

from collections.abc import Mapping
from typing import Any

from django import forms

from kamp.forms.base import PlainForm
from kamp.services.datasets import KEPT_DAYS
from kamp.states import DataKind, DefectKind, Mark, Process, Purpose
from portal.core.errors import BadInput

SHORT = {"class": "input--short"}
LONG = {"class": "input--long"}
LOWEST, HIGHEST = -6, 12  # of the threshold that a reader may try


def _decimal(label: str, unit: str, places: int, *, needed: bool = False) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=needed,
        min_value=0,
        max_digits=6,
        decimal_places=places,
        widget=forms.TextInput({**SHORT, "inputmode": "decimal", "data-unit": unit}),
    )


class DatasetForm(PlainForm):
    """A new data set with the recipe it is taken by."""

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
        min_value=0.05,
        max_value=5,
        max_digits=6,
        decimal_places=3,
        initial="0.8",
        widget=forms.TextInput({**SHORT, "inputmode": "decimal", "data-unit": "mm"}),
        help_text="한 화소가 제품에서 몇 mm인지 적어 주세요.",
    )
    kv = _decimal("관전압", "kV", 1)
    ma = _decimal("관전류", "mA", 2)
    fps = _decimal("초당 프레임", "장", 2)
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
    )


class ManyFiles(forms.FileInput):
    """A field that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once."""

    widget = ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Look at each of them."""
        rows = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(row, initial) for row in rows]


class UploadForm(PlainForm):
    """Clips to take in."""

    files = FilesField(label="파일")
    serial = forms.CharField(label="제품 번호", max_length=60, required=False)

    def __init__(self, *args: Any, images: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if images:
            self.fields["files"].help_text = "제품 하나의 JPG, PNG 이미지를 모두 고르세요."
            self.fields["serial"].help_text = "비워 두면 첫 파일의 이름을 씁니다."
        else:
            self.fields[
                "files"
            ].help_text = (
                "MP4, MKV, AVI 동영상. 파일 하나가 제품 하나이며 200 MB, 5분까지 올릴 수 있습니다."
            )
            self.fields["serial"].help_text = "비워 두면 파일 이름을 씁니다."


class SyntheticForm(PlainForm):
    """How many synthetic products to make."""

    count = forms.IntegerField(
        label="제품 수",
        min_value=10,
        max_value=400,
        initial=70,
        widget=forms.TextInput({**SHORT, "inputmode": "numeric", "data-unit": "개"}),
    )
    seed = forms.IntegerField(
        label="씨앗값",
        min_value=0,
        max_value=2_000,
        initial=1,
        widget=forms.TextInput({**SHORT, "inputmode": "numeric"}),
        help_text="같은 씨앗값은 같은 자료를 만듭니다.",
    )


class LabelForm(PlainForm):
    """One word about one product."""

    mark = forms.ChoiceField(label="라벨", choices=Mark.choices, widget=forms.RadioSelect)
    defect = forms.ChoiceField(
        label="불량 종류", choices=[("", "고르세요"), *DefectKind.choices], required=False
    )
    frame = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    x = forms.IntegerField(label="왼쪽", required=False, min_value=0, max_value=4_000)
    y = forms.IntegerField(label="위", required=False, min_value=0, max_value=4_000)
    w = forms.IntegerField(label="너비", required=False, min_value=1, max_value=4_000)
    h = forms.IntegerField(label="높이", required=False, min_value=1, max_value=4_000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for side in "xywh":
            self.fields[side].widget = forms.TextInput(
                {**SHORT, "inputmode": "numeric", "data-unit": "화소"}
            )

    def box(self) -> dict[str, int] | None:
        """The box, when all four sides are given."""
        sides = {side: self.cleaned_data.get(side) for side in "xywh"}
        return None if any(value is None for value in sides.values()) else sides


class DecisionForm(PlainForm):
    """What the inspector decided."""

    mark = forms.ChoiceField(label="검사원 판정", choices=Mark.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label="덧붙임", max_length=300, required=False, widget=forms.TextInput(LONG)
    )


class CostForm(PlainForm):
    """What errors cost in the reader's factory, and how many products are defective."""

    miss = forms.IntegerField(
        label="불량 하나를 놓쳤을 때의 손실",
        min_value=0,
        max_value=1_000_000_000,
        widget=forms.TextInput({**SHORT, "inputmode": "numeric", "data-unit": "원"}),
    )
    check = forms.IntegerField(
        label="제품 하나를 다시 검사하는 비용",
        min_value=0,
        max_value=1_000_000_000,
        widget=forms.TextInput({**SHORT, "inputmode": "numeric", "data-unit": "원"}),
    )
    share = forms.DecimalField(
        label="전체 제품 가운데 불량의 비율",
        min_value=0,
        max_value=100,
        decimal_places=2,
        widget=forms.TextInput({**SHORT, "inputmode": "decimal", "data-unit": "%"}),
    )
    threshold = forms.DecimalField(
        label="기준값",
        min_value=LOWEST,
        max_value=HIGHEST,
        decimal_places=1,
        widget=forms.NumberInput(
            {"type": "range", "min": str(LOWEST), "max": str(HIGHEST), "step": "0.1"}
        ),
        help_text=(
            "정상품 점수의 표준편차(σ)로 잰 값이며 0이 모델의 기준입니다. 낮출수록 불량을 더 찾고 "
            "정상품을 더 걸러냅니다."
        ),
    )


class RetentionForm(PlainForm):
    """The last day of keeping."""

    retain_until = forms.DateField(
        label="보관 기한", widget=forms.DateInput({"type": "date", **SHORT}, format="%Y-%m-%d")
    )


class NoteForm(PlainForm):
    """Why."""

    note = forms.CharField(label="사유", max_length=300, required=False)


def note_sent(data: Mapping[str, Any]) -> str:
    """Read the reason of an act; whether it needs one is its move's affair. Raises BadInput (`note`)."""
    form = NoteForm(data)
    if not form.is_valid():
        raise BadInput("사유는 300자까지의 글자로 적어 주세요.", code="note")
    return str(form.cleaned_data["note"])
