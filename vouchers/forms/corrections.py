"""Form of a supplier's answer to a correction request."""

from typing import Any

from django import forms
from django.conf import settings

from portal.forms.fields import PlainForm
from vouchers.services import corrections


class MultipleFileInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class MultipleFileField(forms.FileField):
    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        single = super().clean
        return [single(file, initial) for file in data or []]


class ObjectionForm(PlainForm):
    text = forms.CharField(
        label="이의신청 사유",
        max_length=4_000,
        help_text="무엇이 사실과 다르거나 지나친지 적어 주세요. 한 번만 낼 수 있고 공개하지 않습니다.",
        widget=forms.Textarea({"rows": 6, "class": "input--long"}),
    )


class AnswerForm(PlainForm):
    text = forms.CharField(
        label="시정한 내용",
        max_length=4_000,
        help_text="무엇을 어떻게 고쳤는지, 언제부터 적용되는지 적어 주세요. 이 글은 공개됩니다.",
        widget=forms.Textarea({"rows": 6, "class": "input--long"}),
    )
    uploads = MultipleFileField(label="증빙 파일", required=False, allow_empty_file=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = ", ".join(item.upper() for item in corrections.FORMATS)
        limit = settings.UPLOAD_MAX_BYTES // 1024**2
        self.fields[
            "uploads"
        ].help_text = f"{kinds} · 파일마다 {limit} MB까지 · 최대 {corrections.MOST_FILES}개. 증빙은 공개하지 않습니다."
        self.fields["uploads"].widget = MultipleFileInput(
            {
                "accept": ",".join(f".{item}" for item in corrections.FORMATS),
                "data-max-bytes": settings.UPLOAD_MAX_BYTES,
            }
        )
