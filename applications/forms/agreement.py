"""Forms of an agreement: signature, amendment, early end, check of a document."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from applications.models import Company
from applications.states import AmendmentKind
from portal.forms.fields import (
    BusinessNumberField,
    DocumentNumberField,
    HashField,
    NameField,
    PlainForm,
    WonField,
)
from portal.forms.ranges import within

REASON = {"rows": 4, "class": "input--long"}


class SignatureForm(PlainForm):
    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)
    agreed = forms.BooleanField(
        label="협약서의 내용에 동의합니다.",
        error_messages={"required": "동의해야 서명할 수 있습니다."},
    )
    name = NameField(
        label="서명(이름)",
        max_length=50,
        help_text="계정에 등록한 이름과 똑같이 입력하세요.",
        error_messages={"required": "이름을 입력하세요."},
    )


class EndingForm(PlainForm):
    reason = forms.CharField(
        label="포기 사유",
        max_length=500,
        widget=forms.Textarea(REASON),
        error_messages={"required": "포기하는 사유를 적어 주세요."},
    )


class AmendmentForm(PlainForm):
    """An amendment; its fields depend on the kind."""

    def __init__(
        self,
        *args: Any,
        kind: str,
        firms: Sequence[Company] = (),
        items: Sequence[Mapping[str, Any]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.items = list(items)
        if kind == AmendmentKind.LEAD:
            self.fields["company"] = forms.ChoiceField(
                label="새 주관기업",
                choices=[(str(firm.pk), firm.name) for firm in firms],
                widget=forms.RadioSelect,
                help_text="참여를 수락한 참여기관만 주관기업이 될 수 있습니다.",
            )
        elif kind == AmendmentKind.SUPPLIER:
            self.fields["name"] = NameField(label="새 공급기업", max_length=100)
            self.fields["business_number"] = BusinessNumberField(help_text="예: 124-81-00998")
        elif kind == AmendmentKind.PERIOD:
            self.fields["ends_on"] = forms.DateField(
                label="새 수행 종료일",
                widget=forms.DateInput({"type": "date", "class": "input--short"}),
                validators=[within("work_end")],
            )
        else:
            self.fields["grant_won"] = WonField(label="지원금(원)", validators=[within("cost_won")])
            self.fields["own_won"] = WonField(
                label="기업부담금(원)", validators=[within("cost_won")]
            )
            for row in self.items:
                self.fields[f"item_{row['code']}"] = WonField(
                    label=f"{row['label']}(원)", required=False, validators=[within("cost_won")]
                )
        self.fields["reason"] = forms.CharField(
            label="변경 사유", max_length=500, widget=forms.Textarea(REASON)
        )

    def proposal(self) -> dict[str, Any]:
        """Return the proposal in the form of `amendments.request`."""
        data = dict(self.cleaned_data)
        data.pop("reason", None)
        if "ends_on" in data:
            data["ends_on"] = data["ends_on"].isoformat()
        if self.items and "grant_won" in data:
            data["items"] = {
                row["code"]: data.pop(f"item_{row['code']}") or 0 for row in self.items
            }
        return data


class CheckForm(PlainForm):
    number = DocumentNumberField(
        label="문서번호",
        widget=forms.TextInput({"class": "input--long"}),
        help_text="예: 2021-로봇-1차-000123-협약",
    )
    sha256 = HashField(help_text="문서에 적힌 64자리 값입니다.")
