"""Forms around a filed application, and of a partner's answer."""

from collections.abc import Sequence
from typing import Any

from django import forms

from applications.forms.drafting import ManyFilesField
from applications.models import Company
from portal.forms.fields import PlainForm

REASON = {"rows": 4, "class": "input--long"}


class SubmitForm(PlainForm):
    """The one confirmation that filing asks for."""

    confirmed = forms.BooleanField(
        label="적은 내용이 사실과 같음을 확인했습니다.",
        error_messages={"required": "확인란을 선택해야 제출할 수 있습니다."},
    )


class WithdrawForm(PlainForm):
    """Why an application is taken back."""

    note = forms.CharField(
        label="취하 사유",
        max_length=1_000,
        widget=forms.Textarea(REASON),
        error_messages={"required": "취하하는 사유를 적어 주세요."},
    )


class DeclineForm(PlainForm):
    """Why a selection is given up."""

    note = forms.CharField(
        label="포기 사유",
        max_length=250,
        widget=forms.Textarea(REASON),
        error_messages={"required": "포기하는 사유를 적어 주세요."},
    )
    confirmed = forms.BooleanField(
        label="포기하면 되돌릴 수 없음을 확인했습니다.",
        error_messages={"required": "확인란을 선택해야 포기할 수 있습니다."},
    )


class OptionalFiles(ManyFilesField):
    """Several files or none."""

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Return the list of files that were sent."""
        return super().clean(data, initial) if data else []


class ObjectionForm(PlainForm):
    """What is wrong with the decision, with evidence."""

    text = forms.CharField(
        label="이의 내용과 이유",
        max_length=4_000,
        widget=forms.Textarea({"rows": 10, "class": "input--long"}),
        help_text="어느 항목의 판단이 왜 잘못되었는지, 무엇을 바라는지 적어 주세요.",
        error_messages={"required": "이의 내용을 적어 주세요."},
    )
    files = OptionalFiles(label="증빙 파일(선택, 5개까지)", allow_empty_file=True, required=False)
    confirmed = forms.BooleanField(
        label="이의신청은 한 번만 할 수 있고 낸 뒤에는 고칠 수 없음을 확인했습니다.",
        error_messages={"required": "확인란을 선택해야 낼 수 있습니다."},
    )


class AnswerForm(PlainForm):
    """The words of an answer to a request for more."""

    answer = forms.CharField(
        label="답변 내용",
        max_length=4_000,
        required=False,
        widget=forms.Textarea({"rows": 8, "class": "input--long"}),
        help_text="무엇을 어떻게 보완했는지 적어 주세요.",
    )


class PartnerAnswerForm(PlainForm):
    """With which company a partner takes part."""

    company = forms.ChoiceField(label="참여할 기업", widget=forms.RadioSelect, required=False)
    note = forms.CharField(
        label="의견 (선택)",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3, "class": "input--long"}),
        help_text="거절할 때는 사유를 적어 주시면 신청기업에 전해집니다.",
    )

    def __init__(self, *args: object, companies: Sequence[Company], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["company"].choices = [(str(one.pk), one.name) for one in companies]
        if len(companies) == 1:
            self.fields["company"].initial = str(companies[0].pk)


class TermsAnswerForm(PlainForm):
    """Whether a partner agrees to its terms."""

    note = forms.CharField(
        label="의견 (동의하지 않으면 꼭 적어 주세요)",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3, "class": "input--long"}),
    )


class ReceiptForm(PlainForm):
    """Number and hash of a receipt."""

    number = forms.CharField(label="접수번호", max_length=40, help_text="예: 2021-구축-1차-000123")
    sha256 = forms.RegexField(
        label="확인 값(SHA-256)",
        regex=r"^\s*[0-9a-fA-F]{64}\s*$",
        widget=forms.TextInput({"class": "input--long", "autocomplete": "off"}),
        help_text="접수증에 적힌 64자리 값입니다.",
        error_messages={"invalid": "0–9와 a–f로 된 64자리 값을 입력하세요."},
    )
