"""Forms of a workspace and its members."""

from django import forms

from kamp.states import MemberRole
from portal.forms.fields import BusinessNumberField, NameField, PlainForm


class OpenForm(PlainForm):
    name = NameField(label="기업명", max_length=100)
    business_number = BusinessNumberField(help_text="숫자 10자리입니다. 예: 124-81-00998")


class InviteForm(PlainForm):
    email = forms.EmailField(label="이메일", help_text="초대받는 사람이 로그인하는 주소입니다.")
    role = forms.ChoiceField(
        label="권한",
        choices=MemberRole.choices,
        initial=MemberRole.EDITOR,
        widget=forms.RadioSelect,
    )
