"""The form that puts a paper into the document box of a firm."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings

from applications.models import BoxPaper
from portal.forms.fields import PlainForm
from portal.forms.ranges import within
from portal.templatetags.dates import kdate
from programs.queries.papers import PaperKind

ADD = "0"
DAY = {"type": "date", "class": "input--short"}
NEEDED = {**DAY, "data-upload-needs": ""}  # before the chosen file goes up


class PaperForm(PlainForm):
    """One paper of a kind, beside those in the box or in the place of one of them."""

    issued_on = forms.DateField(
        label="발급일",
        widget=forms.DateInput(NEEDED, format="%Y-%m-%d"),
        validators=[within("paper_issued_on")],
        help_text="서류에 적힌 날입니다.",
    )
    valid_until = forms.DateField(
        label="유효기간의 마지막 날",
        widget=forms.DateInput(DAY, format="%Y-%m-%d"),
        validators=[within("paper_valid_until")],
    )
    upload = forms.FileField(label="파일", allow_empty_file=True)

    def __init__(
        self, *args: Any, kind: PaperKind, papers: Iterable[BoxPaper], **kwargs: Any
    ) -> None:
        super().__init__(*args, auto_id=f"id_{kind.code}_%s", **kwargs)
        limit = settings.UPLOAD_MAX_BYTES // 1024**2
        upload = self.fields["upload"]
        upload.help_text = f"{', '.join(kind.formats).upper()} · {limit} MB까지"
        upload.widget.attrs.update(
            {
                "accept": ",".join(f".{item}" for item in kind.formats),
                "data-max-bytes": settings.UPLOAD_MAX_BYTES,
            }
        )
        if not kind.written and not kind.shorter:
            del self.fields["valid_until"]
        elif kind.written:
            self.fields["valid_until"].widget.attrs.update(NEEDED)
        else:
            self.fields["valid_until"].required = False
            self.fields["valid_until"].help_text = "서류에 더 이른 날이 적혀 있을 때만 입력하세요."
        choices = [
            (str(row.pk), f"‘{row.name}’({kdate(row.issued_on)} 발급) 대신") for row in papers
        ]
        if choices:
            self.fields["replaces"] = forms.ChoiceField(
                label="이미 있는 서류",
                choices=[*choices, (ADD, "빼지 않고 더하기")],
                initial=choices[0][0],
                widget=forms.RadioSelect,
            )
