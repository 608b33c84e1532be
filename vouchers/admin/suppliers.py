"""Staff screen of suppliers, their accounts and links to other firms."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from portal.access.requests import person
from portal.core.errors import MoveNotAllowed
from portal.forms.fields import BusinessNumberField
from portal.forms.people import told_apart
from portal.models import FirmLink, User
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.values import business_number
from vouchers.models import Supplier
from vouchers.roles import EDITORS
from vouchers.services import conflicts, suppliers
from vouchers.visibility import STAFF


class MemberForm(forms.Form):
    email = forms.EmailField(label="계정 전자우편")

    def clean_email(self) -> User:
        user = User.objects.filter(email=self.cleaned_data["email"].lower(), is_active=True).first()
        if user is None:
            raise forms.ValidationError("이 주소의 계정이 없습니다.", code="account")
        return user


class LinkForm(forms.Form):
    other = BusinessNumberField(label="상대 사업자등록번호")
    kind = forms.ChoiceField(label="관계", choices=FirmLink.Kind.choices)
    origin = forms.CharField(label="출처", max_length=100)


def add_member(
    request: HttpRequest, supplier: Supplier, data: dict[str, Any], at: datetime
) -> None:
    suppliers.add_member(supplier, user=data["email"], by=person(request), now=at)


class MemberField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return told_apart(obj.user)


def member_form(request: HttpRequest, supplier: Supplier) -> type[forms.Form]:
    accounts = supplier.members.select_related("user").order_by("user__email")
    members = MemberField(accounts, label="담당자 계정", empty_label="고르세요")
    return type("MemberChoiceForm", (forms.Form,), {"member": members})


def remove_member(
    request: HttpRequest, supplier: Supplier, data: dict[str, Any], at: datetime
) -> None:
    suppliers.remove_member(data["member"], by=person(request))


def link(request: HttpRequest, supplier: Supplier, data: dict[str, Any], at: datetime) -> None:
    recorded = conflicts.link(
        supplier.business_number,
        data["other"],
        kind=data["kind"],
        origin=data["origin"],
        by=person(request),
        now=at,
    )
    if recorded.recorded_at != at:  # the same link was there before
        raise MoveNotAllowed("이미 기록한 관계입니다.", code="already_linked")


@admin.register(Supplier)
class SupplierAdmin(WorkflowAdmin):
    read_roles = sorted(STAFF)
    list_display = ["name", "number", "representative", "phone"]
    search_fields = ["name__startswith", "=business_number"]
    search_help_text = "기업명의 앞부분 또는 사업자등록번호 10자리"
    fields = [
        "name",
        "number",
        "representative",
        "address",
        "phone",
        "email",
        "homepage",
        "partner_firms",
        "people",
        "desk",
        "links",
    ]
    ordering = ["name", "pk"]
    acts = [
        Act(
            "member",
            "담당자 계정 등록",
            add_member,
            done="담당자로 등록했습니다. 단원의 이해관계를 다시 확인합니다.",
            roles=sorted(EDITORS),
            form=MemberForm,
        ),
        Act(
            "remove-member",
            "담당자 계정 해제",
            remove_member,
            done="담당자 등록을 해제했습니다. 단원의 이해관계를 다시 확인합니다.",
            roles=sorted(EDITORS),
            form=member_form,
            show=lambda request, supplier: supplier.members.exists(),
            danger=True,
        ),
        Act(
            "link",
            "지분·협력 관계 기록",
            link,
            done="기업 간 관계를 기록했습니다. 단원의 이해관계를 다시 확인합니다.",
            roles=sorted(EDITORS),
            form=LinkForm,
        ),
    ]

    @admin.display(description="사업자등록번호")
    def number(self, supplier: Supplier) -> str:
        return business_number(supplier.business_number)

    @admin.display(description="협력사")
    def partner_firms(self, supplier: Supplier) -> str:
        rows = supplier.partners.values_list("name", "business_number")
        return ", ".join(f"{name} {business_number(number)}".strip() for name, number in rows)

    @admin.display(description="임직원")
    def people(self, supplier: Supplier) -> str:
        # Names only: e-mail addresses and numbers are kept for the check of ties.
        return ", ".join(supplier.contacts.values_list("name", flat=True))

    @admin.display(description="담당자 계정")
    def desk(self, supplier: Supplier) -> str:
        return ", ".join(str(row.user) for row in supplier.members.select_related("user"))

    @admin.display(description="지분·협력 관계")
    def links(self, supplier: Supplier) -> str:
        number = supplier.business_number
        rows = [*FirmLink.objects.filter(one=number), *FirmLink.objects.filter(other=number)]
        labels = [
            f"{business_number(row.other if row.one == number else row.one)} "
            f"({row.get_kind_display()}, {row.origin})"
            for row in rows
        ]
        return ", ".join(labels)
