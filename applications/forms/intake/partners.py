"""Forms of the applicant and the partner: invitation, terms, answers."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms

from applications.models import Company
from portal.forms.fields import BusinessNumberField, NameField, PlainForm, WonField
from portal.forms.ranges import within


class PartnerAnswerForm(PlainForm):
    company = forms.ChoiceField(label="참여할 기업", widget=forms.RadioSelect, required=False)
    note = forms.CharField(
        label="의견 (선택)",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3, "class": "input--long"}),
        help_text="거절할 때는 사유를 적어 주시면 신청기업에 전해집니다.",
    )

    def __init__(
        self, *args: Any, companies: Sequence[Company], pledges: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if pledges:
            self.fields["signature"] = signature_field()
        field = cast(forms.ChoiceField, self.fields["company"])
        field.choices = [(str(company.pk), company.name) for company in companies]
        if len(companies) == 1:
            field.initial = str(companies[0].pk)


def signature_field() -> forms.Field:
    """Return the field for the name under a pledge; the service says when it is missing."""
    return NameField(
        label="참여확약서에 서명하는 사람",
        max_length=50,
        required=False,
        help_text="이름을 적으면 위 참여확약서에 서명합니다.",
    )


class TermsAnswerForm(PlainForm):
    note = forms.CharField(
        label="의견 (동의하지 않으면 꼭 적어 주세요)",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3, "class": "input--long"}),
    )

    def __init__(self, *args: Any, pledges: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if pledges:
            self.fields["signature"] = signature_field()


class PartnerForm(PlainForm):
    role = forms.ChoiceField(label="참여 역할", widget=forms.RadioSelect)
    company_name = NameField(label="참여기관 이름", max_length=100)
    business_number = BusinessNumberField(
        label="참여기관 사업자등록번호 (선택)",
        required=False,
        help_text="적으면 이 번호의 기업이 수락하는 대로 참여가 확정됩니다. 적지 않았거나 다른 번호의 기업이 "
        "수락하면 신청기업에서 확인해야 확정됩니다.",
    )
    email = forms.EmailField(
        label="참여기관 담당자 이메일",
        widget=forms.EmailInput({"class": "input--long"}),
        help_text="이 주소로 참여 요청을 보냅니다.",
    )
    part = forms.CharField(
        label="맡을 일",
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 2, "class": "input--long"}),
        help_text="맡을 일과 금액을 함께 보내면 상대방이 한 번에 수락하고 확인합니다. 비워 두면 수락한 뒤에 정합니다.",
    )
    share_won = WonField(
        label="부담금",
        required=False,
        help_text="기업부담금 가운데 이 기관이 부담하는 금액입니다. 없으면 0을 적으세요.",
        validators=[within("cost_won")],
    )
    quote_won = WonField(
        label="견적금액",
        required=False,
        help_text="이 기관이 공급하는 설비·용역의 견적 합계입니다.",
        validators=[within("cost_won")],
    )

    def __init__(self, *args: Any, roles: Sequence[Mapping[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["role"])
        field.choices = [(row["role"], row["label"]) for row in roles]
        if len(roles) == 1:
            field.initial = roles[0]["role"]
        asked = [row["terms"] for row in roles if row.get("terms")]
        for name in ("share", "quote"):
            if not any(terms.get(name) for terms in asked):
                del self.fields[f"{name}_won"]
        if not asked:
            del self.fields["part"]


class TermsForm(PlainForm):
    part = forms.CharField(
        label="맡은 일",
        max_length=300,
        widget=forms.Textarea({"rows": 2, "class": "input--long"}),
        error_messages={"required": "참여기관이 맡을 일을 적어 주세요."},
    )
    share_won = WonField(
        label="부담금",
        required=False,
        help_text="기업부담금 가운데 이 기관이 부담하는 금액입니다. 없으면 0을 적으세요.",
        validators=[within("cost_won")],
    )
    quote_won = WonField(
        label="견적금액",
        required=False,
        help_text="이 기관이 공급하는 설비·용역의 견적 합계입니다.",
        validators=[within("cost_won")],
    )

    def __init__(self, *args: Any, required: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("share", "quote"):
            if not required.get(name):
                del self.fields[f"{name}_won"]

    def terms(self) -> dict[str, Any]:
        """Return the arguments of `set_terms`; a sum that is not required is None."""
        data = self.cleaned_data
        return {name: data.get(name) for name in ("share_won", "quote_won")} | {
            "part": data["part"]
        }
