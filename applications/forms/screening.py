"""Form of the answer to a supplement request."""

from django import forms

from portal.forms.fields import PlainForm


class AnswerForm(PlainForm):
    answer = forms.CharField(
        label="답변 내용",
        max_length=4_000,
        required=False,
        widget=forms.Textarea({"rows": 8, "class": "input--long"}),
        help_text="무엇을 어떻게 보완했는지 적어 주세요.",
    )
