"""Forms of the screens of accounts: invitations, roles, endings, resets of a second factor."""

from typing import Any, cast

from django import forms
from django.db.models import Q

from portal.access import handing_over
from portal.access import parts as held_for
from portal.access.roles import declared, given_to, labels
from portal.core.clock import now
from portal.core.dates import korean_day
from portal.forms.fields import NameField
from portal.forms.people import PersonField
from portal.forms.ranges import within
from portal.models import FactorReset, User
from portal.staff.forms import text

PICK = [("", "고르세요")]


def day(label: str, limits: str, **kwargs: Any) -> forms.DateField:
    """Return the field of a day within the named range."""
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, validators=[within(limits)], **kwargs)


def parts_field() -> forms.MultipleChoiceField:
    """Return the field for what roles are held for; empty where no role has parts."""
    with_parts = [name for name, role in declared().items() if role.parts]
    names = "·".join(labels(with_parts))
    return forms.MultipleChoiceField(
        label="담당 내역사업",
        required=False,
        help_text=f"‘{names}’ 역할에만 필요합니다.",
        widget=forms.CheckboxSelectMultiple,
        choices=[row for name in with_parts for row in _choices_of(name)],
    )


def _choices_of(role: str) -> list[tuple[str, str]]:
    parts = held_for.of(role)
    return parts.choices() if parts else []


def codes_for(role: str, chosen: list[str]) -> list[str]:
    """Return those of the chosen codes that the role can be held for; none for a role without parts."""
    known = {code for code, _ in _choices_of(role)}
    return [code for code in chosen if code in known]


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label="이메일", max_length=254, help_text="이 주소로 받은 사람만 수락할 수 있습니다."
    )
    name = NameField(label="이름", max_length=50)
    affiliation = NameField(label="소속", max_length=100, help_text="예: 한빛대학교 기계공학과")
    roles = forms.MultipleChoiceField(
        label="역할",
        widget=forms.CheckboxSelectMultiple,
        help_text="수락한 다음 결정권자가 승인해야 쓸 수 있습니다.",
    )
    reason = text("사유", help_text="왜 이 사람이 이 역할을 맡는지 적으세요. 메일에도 적힙니다.")

    field_order = ("email", "name", "affiliation", "roles", "parts", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.MultipleChoiceField, self.fields["roles"]).choices = [
            (name, role.label) for name, role in declared().items()
        ]
        self.fields["parts"] = parts_field()
        self.order_fields(self.field_order)

    def chosen(self) -> dict[str, list[str]]:
        """Return the roles with what each is held for."""
        data = self.cleaned_data
        return {role: codes_for(role, data["parts"]) for role in data["roles"]}


class RequestForm(forms.Form):
    role = forms.ChoiceField(label="역할")
    reason = text("사유", help_text="왜 이 사람이 이 역할을 맡는지 적으세요. 본인에게도 보입니다.")

    field_order = ("role", "parts", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["role"]).choices = PICK + [
            (name, role.label) for name, role in declared().items()
        ]
        self.fields["parts"] = parts_field()
        self.order_fields(self.field_order)


def take_form(request: object, user: User) -> type[forms.Form]:
    """Return the form that names one of the roles that a person holds."""
    held = given_to(user)
    choices = [(name, declared()[name].label) for name in held]

    class TakeForm(forms.Form):
        role = forms.ChoiceField(label="거둘 역할", choices=PICK + choices)
        reason = text("사유", help_text="본인에게 메일로 알립니다.")

    return TakeForm


def divisible(user: User) -> dict[str, list[str]]:
    """Return the roles that a person holds for several things, with the codes of these."""
    found = {name: parts.held(user) for name in given_to(user) if (parts := held_for.of(name))}
    return {name: codes for name, codes in found.items() if len(codes) > 1}


def take_part_form(request: object, user: User) -> type[forms.Form]:
    """Return the form that names some of what a person holds a role for."""
    held = divisible(user)
    roles = [(name, declared()[name].label) for name in held]
    choices = [
        row
        for name, codes in held.items()
        for row in zip(codes, held_for.labels(name, codes), strict=True)
    ]

    class TakePartForm(forms.Form):
        role = forms.ChoiceField(label="역할", choices=roles)
        parts = forms.MultipleChoiceField(
            label="거둘 내역사업", choices=choices, widget=forms.CheckboxSelectMultiple
        )
        reason = text("사유", help_text="본인에게 메일로 알립니다.")

    return TakePartForm


def ending_form(request: object, user: User) -> type[forms.Form]:
    """Return the form that says from when, why, and who takes over."""
    staff = [name for name, role in declared().items() if role.staff]
    people = User.objects.filter(Q(groups__name__in=staff), is_active=True).exclude(pk=user.pk)
    held = ", ".join(f"{label} {number:,}건" for label, number in handing_over.held(user))

    class EndingForm(forms.Form):
        ends_on = day(
            "끝나는 날",
            "account_end",
            help_text="그날 0시부터 쓸 수 없습니다. 오늘을 고르면 바로 끝납니다.",
            initial=lambda: korean_day(now()),
        )
        successor = PersonField(
            label="넘겨받을 사람",
            queryset=people.distinct().order_by("name", "email"),
            required=bool(held),
            empty_label="고르세요" if held else "없음",
            help_text=f"맡고 있는 것: {held or '없음'}",
        )
        reason = text("사유", help_text="본인에게 메일로 알립니다. 예: 인사이동, 퇴직, 위촉 만료")

    return EndingForm


class FactorResetForm(forms.Form):
    email = forms.EmailField(label="대상 계정의 이메일", max_length=254)
    reason = text("사유", help_text="예: 휴대전화를 잃어버림")
    checked_how = forms.ChoiceField(
        label="본인임을 확인한 방법", choices=PICK + FactorReset.Check.choices
    )
    checked_by = NameField(label="확인한 사람", max_length=100)
    checked_on = day("확인한 날", "checked_on")
    checked_note = text(
        "확인 내용",
        required=False,
        help_text="예: 공문 번호, 통화한 번호, 신분증의 종류. 주민등록번호는 적지 마세요.",
    )
