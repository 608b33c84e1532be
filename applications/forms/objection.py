"""Filing an objection."""

from typing import Any

from django import forms

from portal.forms.fields import PlainForm
from portal.forms.uploads import ManyFilesField


class OptionalFiles(ManyFilesField):
    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return super().clean(data, initial) if data else []


class ObjectionForm(PlainForm):
    text = forms.CharField(
        label="이의 내용과 이유",
        max_length=4_000,
        widget=forms.Textarea({"rows": 10, "class": "input--long"}),
        help_text="어느 항목의 판단이 왜 잘못되었는지, 무엇을 바라는지 적어 주세요.",
        error_messages={"required": "이의 내용을 적어 주세요."},
    )
    files = OptionalFiles(  # type: ignore[assignment]  # the field hides `Form.files`
        label="증빙 파일(선택, 5개까지)", allow_empty_file=True, required=False
    )
    confirmed = forms.BooleanField(
        label="이의신청은 한 번만 할 수 있고 낸 뒤에는 고칠 수 없음을 확인했습니다.",
        error_messages={"required": "확인란을 선택해야 낼 수 있습니다."},
    )
