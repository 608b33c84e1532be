"""Forms of a claim to a business number: the claim, and what the registered side says to it."""

from django import forms

from applications.services.claims import TEXT_LENGTH
from portal.forms.fields import BusinessNumberField, NameField, PlainForm


class ClaimForm(PlainForm):
    number = BusinessNumberField()
    firm_name = NameField(
        label="기업명", max_length=100, help_text="사업자등록증에 적힌 대로 입력하세요."
    )
    text = forms.CharField(
        label="내용",
        max_length=TEXT_LENGTH,
        widget=forms.Textarea({"rows": 5, "class": "input--long"}),
        help_text="이 기업에서 맡은 일과, 다른 곳에서 등록한 것으로 보는 까닭을 적어 주세요.",
    )
    upload = forms.FileField(
        label="사업자등록증",
        help_text="PDF, JPG, PNG 파일. 담당자만 봅니다.",
        allow_empty_file=True,
    )


class ClaimAnswerForm(PlainForm):
    text = forms.CharField(
        label="소명",
        max_length=TEXT_LENGTH,
        widget=forms.Textarea({"rows": 5, "class": "input--long"}),
        help_text="이 기업에서 등록한 것임을 알 수 있는 내용을 적어 주세요. 한 번만 낼 수 있습니다.",
    )
