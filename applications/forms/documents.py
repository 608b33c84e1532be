"""Forms that check a receipt: by what is printed on it, or by its file."""

from django import forms

from portal.forms.fields import DocumentNumberField, HashField, PlainForm


class ReceiptForm(PlainForm):
    number = DocumentNumberField(label="접수번호", help_text="예: 2021-구축-1차-000123")
    sha256 = HashField(help_text="접수증에 적힌 64자리 값입니다.")


class ReceiptFileForm(PlainForm):
    file = forms.FileField(
        label="접수증 PDF",
        help_text="내려받은 그대로의 파일을 고르거나 끌어다 놓으세요. 파일은 보관하지 않습니다.",
        allow_empty_file=True,
        widget=forms.ClearableFileInput({"accept": ".pdf"}),
    )
