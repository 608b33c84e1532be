"""Questions and answers in writing."""

from django import forms

from applications.services.inquiries import TEXT_LENGTH
from portal.forms.fields import PlainForm


class InquiryForm(PlainForm):
    text = forms.CharField(
        label="질의 내용",
        max_length=TEXT_LENGTH,
        widget=forms.Textarea({"rows": 5, "class": "input--long"}),
        error_messages={"required": "질의 내용을 적어 주세요."},
    )


class InquiryAnswerForm(PlainForm):
    text = forms.CharField(
        label="답변",
        max_length=TEXT_LENGTH,
        widget=forms.Textarea({"rows": 8, "class": "input--long"}),
        help_text="보낸 답변은 고칠 수 없습니다. 더 알릴 것이 있으면 담당자에게 질의로 보내 주세요.",
        error_messages={"required": "답변을 적어 주세요."},
    )
