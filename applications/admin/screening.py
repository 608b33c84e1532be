"""Pages that decide one check or one bonus claim and lead back to the application."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from applications.models import BonusClaim, Check, SupplementTemplate
from applications.services.screening import checks
from applications.states import ApplicationState
from applications.visibility import staff_applications
from portal.access import impartiality
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.edits import EditAdmin
from portal.staff.forms import note_form
from programs.roles import MANAGER, OFFICER, STAFF_READERS

ReasonForm = note_form("reason", max_length=1_000, rows=4)


OptionalReasonForm = note_form(
    "reason",
    max_length=1_000,
    rows=4,
    required=False,
    help_text="자동으로 판정하지 못한 요건이면 판단한 사유를 꼭 적어 주세요.",
)


def confirm(request: HttpRequest, check: Check, data: dict[str, Any], at: datetime) -> Check:
    checks.confirm(check, by=person(request), now=at, **data)
    return check


def overrule(request: HttpRequest, check: Check, data: dict[str, Any], at: datetime) -> Check:
    checks.overrule(check, by=person(request), now=at, **data)
    return check


def grant(
    request: HttpRequest, claim: BonusClaim, data: dict[str, Any], at: datetime
) -> BonusClaim:
    checks.decide_bonus(claim, granted=True, by=person(request), now=at, **data)
    return claim


def refuse(
    request: HttpRequest, claim: BonusClaim, data: dict[str, Any], at: datetime
) -> BonusClaim:
    checks.decide_bonus(claim, granted=False, by=person(request), now=at, **data)
    return claim


def in_screening(request: HttpRequest, row: Check | BonusClaim) -> bool:
    return row.application.state == ApplicationState.SCREENING


class PartAdmin(WorkflowAdmin):
    """Part of an application: reached from its page, not from the menu."""

    read_roles = STAFF_READERS
    ordering = ["-pk"]
    said_by_staff = False
    """What staff say about the firm among themselves: who is tied to it reads none."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        visible = staff_applications(person(request)).order_by().values("pk")
        rows = super().get_queryset(request).filter(application__in=visible)
        related = [row.name for row in self.opts.fields if row.many_to_one]
        shown = [name for name in related if name in self.list_display and name != "application"]
        return rows.select_related("application__company", "application__sub_program", *shown)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_view_permission(request, obj)
        closed = self.said_by_staff and obj is not None
        return may and not (closed and impartiality.tied(person(request), obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def back_url(self, thing: Any) -> str:
        page = reverse("admin:applications_application_change", args=[thing.application_id])
        return f"{page}#{thing._meta.model_name}-{thing.pk}"


@admin.register(Check)
class CheckAdmin(PartAdmin):
    list_display = ["message", "application", "met", "decision"]
    fields = ["application", "message", "basis", "standing", "met", "decision", "reason"]
    fields += ["decided_by", "decided_at"]
    acts = [
        Act(
            "confirm",
            "자동 판정 확인",
            confirm,
            done=lambda check: f"확인했습니다: {check.message}",
            roles=[OFFICER, MANAGER],
            form=OptionalReasonForm,
            show=in_screening,
            intro="자동 판정이 맞음을 확인합니다. 판정하지 못한 요건은 ‘미충족’으로 확정합니다.",
        ),
        Act(
            "overrule",
            "자동 판정 변경",
            overrule,
            done=lambda check: f"자동 판정을 변경했습니다: {check.message}",
            roles=[OFFICER, MANAGER],
            form=ReasonForm,
            show=in_screening,
            danger=True,
            intro="충족은 미충족으로, 미충족이나 판정하지 못한 것은 충족으로 바꿉니다.",
        ),
    ]


@admin.register(BonusClaim)
class BonusClaimAdmin(PartAdmin):
    """Claimed bonus; the industry code only hints, product and evidence decide (S9)."""

    list_display = ["label", "application", "points", "hinted", "state"]
    fields = ["application", "label", "claim", "points", "hinted", "state", "reason"]
    fields += ["decided_by", "decided_at"]
    acts = [
        Act(
            "grant",
            "가점 인정",
            grant,
            done=lambda claim: f"가점을 인정했습니다: {claim.label}",
            roles=[OFFICER, MANAGER],
            form=ReasonForm,
            show=in_screening,
            intro="생산 품목과 허가·신고 증빙을 보고 판단해 주세요. 산업분류는 참고일 뿐입니다.",
        ),
        Act(
            "refuse",
            "가점 불인정",
            refuse,
            done=lambda claim: f"가점을 인정하지 않았습니다: {claim.label}",
            roles=[OFFICER, MANAGER],
            form=ReasonForm,
            show=in_screening,
            danger=True,
        ),
    ]


@admin.register(SupplementTemplate)
class SupplementTemplateAdmin(EditAdmin):
    """Officers use the texts, managers write them; one that is no longer wanted is set out of use."""

    ranges = {"days": "supplement_days"}
    needs_reason = ("text", "days", "active")
    list_display = ["label", "sub_program", "days", "active"]
    list_select_related = ["sub_program"]
    list_filter = ["active"]
    fields = ["label", "sub_program", "text", "days", "active"]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(roles_of(request.user) & set(STAFF_READERS))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return MANAGER in roles_of(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # requests name the text they were made from
