"""Suppliers."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from portal.core.errors import PortalError
from portal.core.validators import business_number as read_number
from portal.models import FirmLink, User
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.values import business_number
from vouchers.admin.catalogue import ARRANGERS, READERS
from vouchers.models import Supplier
from vouchers.services import conflicts, suppliers


class MemberForm(forms.Form):
    """Whose account may act for the supplier."""

    email = forms.EmailField(label="계정 전자우편")

    def clean_email(self) -> User:
        """Find the account."""
        user = User.objects.filter(email=self.cleaned_data["email"].lower(), is_active=True).first()
        if user is None:
            raise forms.ValidationError("이 주소의 계정이 없습니다.", code="account")
        return user


class LinkForm(forms.Form):
    """Which firm belongs together with the supplier, and who says so."""

    other = forms.CharField(label="상대 사업자등록번호", max_length=12)
    kind = forms.ChoiceField(label="관계", choices=FirmLink.Kind.choices)
    origin = forms.CharField(label="출처", max_length=100)

    def clean_other(self) -> str:
        """Read the number."""
        try:
            return read_number(self.cleaned_data["other"])
        except PortalError as refused:
            raise forms.ValidationError(refused.message, code=refused.code) from refused


def add_member(request: HttpRequest, thing: Supplier, data: dict[str, Any], at: datetime) -> str:
    """Let an account act for the supplier."""
    suppliers.add_member(thing, user=data["email"], by=request.user, now=at)
    return "담당자로 등록했습니다. 단원의 이해관계를 다시 확인합니다."


def desk_of(request: HttpRequest, thing: Supplier) -> type[forms.Form]:
    """The form that asks whose account acts for the supplier no longer."""
    people = thing.members.select_related("user").order_by("user__email")
    members = forms.ModelChoiceField(people, label="담당자 계정", empty_label="고르세요")
    return type("DeskForm", (forms.Form,), {"member": members})


def remove_member(request: HttpRequest, thing: Supplier, data: dict[str, Any], at: datetime) -> str:
    """Let an account act for the supplier no longer."""
    suppliers.remove_member(data["member"], by=request.user)
    return "담당자 등록을 해제했습니다. 단원의 이해관계를 다시 확인합니다."


def link(request: HttpRequest, thing: Supplier, data: dict[str, Any], at: datetime) -> str:
    """Record a link."""
    conflicts.link(
        thing.business_number,
        data["other"],
        kind=data["kind"],
        origin=data["origin"],
        by=request.user,
        now=at,
    )
    return "기업 간 관계를 기록했습니다. 단원의 이해관계를 다시 확인합니다."


@admin.register(Supplier)
class SupplierAdmin(WorkflowAdmin):
    """Suppliers, their partner firms and people."""

    read_roles = READERS
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
        Act("member", "담당자 계정 등록", add_member, roles=ARRANGERS, form=MemberForm),
        Act(
            "remove-member",
            "담당자 계정 해제",
            remove_member,
            roles=ARRANGERS,
            form=desk_of,
            show=lambda request, thing: thing.members.exists(),
            danger=True,
        ),
        Act("link", "지분·협력 관계 기록", link, roles=ARRANGERS, form=LinkForm),
    ]

    @admin.display(description="사업자등록번호")
    def number(self, thing: Supplier) -> str:
        """With its hyphens."""
        return business_number(thing.business_number)

    @admin.display(description="협력사")
    def partner_firms(self, thing: Supplier) -> str:
        """Names and numbers."""
        rows = thing.partners.values_list("name", "business_number")
        return ", ".join(f"{name} {business_number(number)}".strip() for name, number in rows)

    @admin.display(description="임직원")
    def people(self, thing: Supplier) -> str:
        """Names only: addresses and numbers serve the check of ties."""
        return ", ".join(thing.contacts.values_list("name", flat=True))

    @admin.display(description="담당자 계정")
    def desk(self, thing: Supplier) -> str:
        """Who acts here."""
        return ", ".join(str(row.user) for row in thing.members.select_related("user"))

    @admin.display(description="지분·협력 관계")
    def links(self, thing: Supplier) -> str:
        """What was recorded."""
        number = thing.business_number
        rows = [*FirmLink.objects.filter(one=number), *FirmLink.objects.filter(other=number)]
        told = [
            f"{business_number(row.other if row.one == number else row.one)} "
            f"({row.get_kind_display()}, {row.origin})"
            for row in rows
        ]
        return ", ".join(told)
