"""Forms of a company: registration, profile, sites, members."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import TextChoices

from applications.states import MemberRole
from portal.forms.fields import BusinessNumberField, NameField, PhoneField, PlainForm
from portal.forms.ranges import within
from portal.registries.declared import connected, wording
from programs.forms.industries import IndustryField
from programs.states import CompanyKind, CompanySize, Region

EMPTY = ("", "선택하세요")
SHORT = {"class": "input--short"}
LONG = {"class": "input--long"}


def _choice(label: str, choices: type[TextChoices], *, help_text: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=[EMPTY, *choices.choices], required=False, help_text=help_text
    )


class ProfileForm(PlainForm):
    """Company profile; new applications start with it."""

    name = NameField(
        label="기업명", max_length=100, help_text="사업자등록증에 적힌 대로 입력하세요."
    )
    kind = forms.ChoiceField(label="구분", choices=CompanyKind.choices, widget=forms.RadioSelect)
    size = _choice(
        "기업 규모",
        CompanySize,
        help_text="중소기업확인서에 적힌 규모를 고르세요. 협회·단체는 ‘해당 없음’을 고르세요.",
    )
    industry_code = IndustryField()
    founded_on = forms.DateField(
        label="설립일",
        required=False,
        widget=forms.DateInput({"type": "date", **SHORT}, format="%Y-%m-%d"),
        validators=[within("founded_on")],
    )
    employees = forms.IntegerField(
        label="상시 근로자 수",
        required=False,
        widget=forms.TextInput({"inputmode": "numeric", "data-unit": "명", **SHORT}),
        validators=[within("employees")],
    )
    representative = NameField(label="대표자", max_length=50, required=False)
    region = _choice("지역", Region)
    address = forms.CharField(
        label="주소", max_length=200, required=False, widget=forms.TextInput(LONG)
    )
    phone = PhoneField(label="전화번호", required=False, help_text="예: 031-123-4567")


class ProfileChangeForm(ProfileForm):
    """Profile of an existing company, with the time of the version that was opened."""

    opened = forms.CharField(widget=forms.HiddenInput)

    def clean_opened(self) -> datetime:
        try:
            return datetime.fromisoformat(self.cleaned_data["opened"]).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError("화면을 새로 열어 다시 저장하세요.") from error


class RegisterForm(ProfileForm):
    """Profile of a new firm, with the consent to look it up where a registry is connected."""

    business_number = BusinessNumberField(
        help_text="숫자 10자리입니다. 예: 124-81-00998. 등록한 뒤에는 바꿀 수 없습니다."
    )
    registries = forms.BooleanField(label="기관 조회에 동의합니다.", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if connected():
            self.fields["registries"].help_text = wording().text
        else:
            del self.fields["registries"]

    field_order = ("business_number", "name", "kind", "size")


class SiteForm(PlainForm):
    name = NameField(label="사업장 이름", max_length=100, help_text="예: 제2공장")
    region = _choice("사업장 지역", Region)
    address = forms.CharField(
        label="사업장 주소", max_length=200, required=False, widget=forms.TextInput(LONG)
    )


class InviteForm(PlainForm):
    email = forms.EmailField(label="이메일", widget=forms.EmailInput(LONG))
    role = forms.ChoiceField(
        label="권한",
        choices=MemberRole.choices,
        initial=MemberRole.EDITOR,
        widget=forms.RadioSelect,
    )


class RoleForm(PlainForm):
    role = forms.ChoiceField(label="권한", choices=MemberRole.choices)
