"""Pages that decide one check or one bonus claim and lead back to the application."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from applications.models import BonusClaim, Check, ExclusionProposal, SupplementTemplate
from applications.services.screening import checks, exclusions
from applications.states import ApplicationState
from applications.visibility import exclusion_proposals_of, staff_applications
from applications.worklists import OPEN_EXCLUSION
from portal.access import impartiality
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.edits import EditAdmin
from portal.staff.filters import waiting
from portal.staff.forms import note_form
from portal.templatetags.components import badge
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


def approve(
    request: HttpRequest, proposal: ExclusionProposal, data: dict[str, Any], at: datetime
) -> ExclusionProposal:
    exclusions.approve(proposal, by=person(request), now=at)
    return proposal


def discard(
    request: HttpRequest, proposal: ExclusionProposal, data: dict[str, Any], at: datetime
) -> ExclusionProposal:
    exclusions.discard(proposal, by=person(request), now=at, **data)
    return proposal


def in_screening(request: HttpRequest, row: Check | BonusClaim | ExclusionProposal) -> bool:
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


@admin.register(ExclusionProposal)
class ExclusionProposalAdmin(WorkflowAdmin):
    """Proposed on the page of the application, approved here by the second person."""

    read_roles = STAFF_READERS
    list_display = ["application", "status", "proposed_by", "proposed_at"]
    list_filter = [waiting(OPEN_EXCLUSION)]
    list_select_related = ["application__company", "application__sub_program", "proposed_by"]
    ordering = ["-pk"]
    fields = [
        "application", "what", "reason", "status", "proposed_by", "proposed_at", "approved_by",
        "approved_at", "discarded_by", "discarded_at", "note",
    ]  # fmt: skip
    readonly_fields = ["what", "status"]
    acts = [
        Act(
            "approve",
            "요건 미충족 승인",
            approve,
            done="요건 미충족으로 처리하고 신청기업에 알렸습니다.",
            roles=[OFFICER, MANAGER],
            show=lambda request, row: (
                row.open and in_screening(request, row) and row.proposed_by_id != person(request).pk
            ),
            intro="승인하면 충족하지 못한 요건과 사유를 신청기업에 그대로 알립니다. 기업은 이의를 신청할 수 있습니다.",
        ),
        Act(
            "discard",
            "제안 거두기",
            discard,
            done="제안을 거두었습니다. 요건검토를 이어 갑니다.",
            roles=[OFFICER, MANAGER],
            form=note_form(max_length=exclusions.NOTE_LENGTH),
            show=lambda request, row: row.open,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExclusionProposal]:
        return exclusion_proposals_of(person(request))

    @admin.display(description="충족하지 못한 요건")
    def what(self, proposal: ExclusionProposal) -> str:
        return " / ".join(proposal.messages)

    @admin.display(description="상태")
    def status(self, proposal: ExclusionProposal) -> SafeString:
        if proposal.discarded_at:
            return badge("거둠", tone="neutral")
        if proposal.approved_at:
            return badge("승인", tone="danger")
        return badge("승인 대기", tone="warning")


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
