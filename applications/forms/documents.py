"""Form that checks a receipt."""

from django import forms

from portal.forms.fields import PlainForm


class ReceiptForm(PlainForm):
    number = forms.CharField(label="접수번호", max_length=40, help_text="예: 2021-구축-1차-000123")
    sha256 = forms.RegexField(
        label="확인 값(SHA-256)",
        regex=r"^\s*[0-9a-fA-F]{64}\s*$",
        widget=forms.TextInput({"class": "input--long", "autocomplete": "off"}),
        help_text="접수증에 적힌 64자리 값입니다.",
        error_messages={"invalid": "0–9와 a–f로 된 64자리 값을 입력하세요."},
    )
