"""Forms of an application to a panel and its evidence."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.conf import settings

from portal.core.money import MAX_WON
from portal.forms.fields import PlainForm, mark_needed
from vouchers.models import PanelApplication, PanelKind
from vouchers.services import recruitment
from vouchers.states import Category, MemberKind

LONGEST = MAX_WON  # the largest version number accepted
NEEDED = (
    "kind",
    "name",
    "phone",
    "address",
    "affiliation",
    "categories",
    "expertise",
    "interest",
    "independent",
    "consented",
)


class ApplicationForm(PlainForm):
    """An application to a panel; while it is a draft every field may stay empty."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=LONGEST)
    kind = forms.ChoiceField(label="지원 자격", widget=forms.RadioSelect, required=False)
    name = forms.CharField(label="이름", max_length=50, required=False)
    phone = forms.CharField(
        label="연락처", max_length=20, required=False, help_text="예: 010-1234-5678"
    )
    address = forms.CharField(label="주소", max_length=200, required=False)
    affiliation = forms.CharField(
        label="소속",
        max_length=100,
        required=False,
        help_text="회사나 학교 이름입니다. 없으면 ‘없음’이라고 적으세요.",
    )
    business_number = forms.CharField(
        label="소속 기업의 사업자등록번호",
        max_length=12,
        required=False,
        help_text="중소기업 임직원은 꼭 적어야 합니다. 예: 124-81-00998",
    )
    firms = forms.CharField(
        label="지분을 가진 기업",
        required=False,
        max_length=1_500,
        widget=forms.Textarea({"rows": 3}),
        help_text="있으면 한 줄에 하나씩 ‘기업명/사업자등록번호’로 적으세요.",
    )
    categories = forms.MultipleChoiceField(
        label="관심 분야",
        choices=Category.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    expertise = forms.CharField(
        label="전문성",
        required=False,
        max_length=3_000,
        widget=forms.Textarea({"rows": 6}),
        help_text="관심 분야의 지식과 경험, 자격을 적어 주세요. 20자부터 3,000자까지입니다.",
    )
    interest = forms.CharField(
        label="관심과 체험 계획",
        required=False,
        max_length=3_000,
        widget=forms.Textarea({"rows": 6}),
        help_text="써 보고 싶은 서비스와 어떻게 써 볼지 적어 주세요. 20자부터 3,000자까지입니다.",
    )
    independent = forms.BooleanField(
        label="나와 가족은 바우처 공급기업이나 그 협력사의 임직원, 주주, 자문이 아닙니다.",
        required=False,
    )
    consented = forms.BooleanField(label="개인정보 수집·이용에 동의합니다.", required=False)

    def __init__(
        self,
        *args: Any,
        application: PanelApplication,
        kinds: Iterable[PanelKind],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, initial=_initial(application), **kwargs)
        cast(forms.ChoiceField, self.fields["kind"]).choices = [
            (row.code, f"{MemberKind(row.code).label}: {row.guide}") for row in kinds
        ]
        for name in NEEDED:
            mark_needed(self.fields[name])

    def data_to_save(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.cleaned_data if name != "version"}


def _initial(application: PanelApplication) -> dict[str, Any]:
    names = [name for name in ApplicationForm.base_fields if name != "firms"]
    return {
        **{name: getattr(application, name) for name in names},
        "firms": recruitment.write_firms(application.firms),
    }


class AppealForm(PlainForm):
    appeal = forms.CharField(
        label="왜 사실과 다른지",
        max_length=2_000,
        widget=forms.Textarea({"rows": 4}),
        help_text="동명의 회사이거나 이미 그만둔 회사라면 그렇게 적어 주세요. 운영기관만 읽습니다.",
    )


class EvidenceForm(PlainForm):
    file = forms.FileField(label="증빙 파일", allow_empty_file=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = ", ".join(item.upper() for item in recruitment.FORMATS)
        limit = settings.UPLOAD_MAX_BYTES // 1024**2
        field = self.fields["file"]
        field.help_text = f"{kinds} · {limit} MB까지 · 모두 {recruitment.MOST_FILES}개까지"
        accept = ",".join(f".{item}" for item in recruitment.FORMATS)
        field.widget.attrs |= {"accept": accept, "data-max-bytes": settings.UPLOAD_MAX_BYTES}
        field.error_messages["required"] = "올릴 파일을 고르세요."
