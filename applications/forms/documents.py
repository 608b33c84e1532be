"""Form that checks a receipt."""

from portal.forms.fields import DocumentNumberField, HashField, PlainForm


class ReceiptForm(PlainForm):
    number = DocumentNumberField(label="접수번호", help_text="예: 2021-구축-1차-000123")
    sha256 = HashField(help_text="접수증에 적힌 64자리 값입니다.")
