"""Changes."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.admin.application.status import NoteForm
from applications.models import Application, DecisionChange
from applications.services.selection import changes
from applications.states import ChangeKind, ChangeMoves, Outcome
from applications.visibility import changes_of
from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin
from portal.templatetags.dates import kst
from programs.roles import STAFF_READERS


class ChangeForm(forms.Form):
    """What to propose of a released decision, and why."""

    kind = forms.ChoiceField(
        label="종류",
        choices=[
            (ChangeKind.CANCEL, "선정 취소(승인 1명)"),
            (ChangeKind.REVERSAL, "결정 번복(승인 2명)"),
        ],
    )
    outcome = forms.ChoiceField(
        label="새 결과(번복할 때)",
        required=False,
        choices=[
            ("", "고르지 않음"),
            *((row, Outcome(row).label) for row in ("selected", "reserve", "rejected")),
        ],
    )
    reason = forms.CharField(
        label="사유",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="신청기업과 결정 이력에 그대로 보입니다.",
    )


def propose(request: HttpRequest, thing: Application, data: dict[str, Any], at: datetime) -> str:
    """Propose to change a released decision."""
    changes.propose(
        thing,
        kind=ChangeKind(data["kind"]),
        outcome=data["outcome"],
        reason=data["reason"],
        by=request.user,
        now=at,
    )
    return "결정 변경을 제안했습니다. ‘결정 변경’ 목록에서 다른 결정권자가 승인합니다."


def take_up(request: HttpRequest, thing: DecisionChange, data: dict[str, Any], at: datetime) -> str:
    """Take up what the portal has drafted."""
    changes.take_up(thing, by=request.user, now=at)
    return "변경안을 확인했습니다. 이제 결정권자가 승인할 수 있습니다."


def second(request: HttpRequest, thing: DecisionChange, data: dict[str, Any], at: datetime) -> str:
    """Give the first of two approvals."""
    changes.second(thing, by=request.user, now=at)
    return "1차 승인했습니다. 다른 결정권자가 한 번 더 승인하면 바뀝니다."


def approve(request: HttpRequest, thing: DecisionChange, data: dict[str, Any], at: datetime) -> str:
    """Put the new decision in force."""
    changes.approve(thing, by=request.user, now=at)
    return "새 결정을 확정하고 신청기업에 알렸습니다."


def discard(request: HttpRequest, thing: DecisionChange, data: dict[str, Any], at: datetime) -> str:
    """Drop it."""
    changes.discard(thing, by=request.user, now=at, **data)
    return "변경안을 폐기했습니다."


def unsigned(request: HttpRequest, thing: DecisionChange) -> bool:
    """Whether this person has not signed it yet."""
    return request.user.pk not in {thing.proposed_by_id, thing.seconded_by_id}


def approvable(request: HttpRequest, thing: DecisionChange) -> bool:
    """A reversal is approved after its first approval only."""
    waits = thing.kind == ChangeKind.REVERSAL and thing.seconded_by_id is None
    return unsigned(request, thing) and not waits


@admin.register(DecisionChange)
class DecisionChangeAdmin(WorkflowAdmin):
    """New decisions on their way, and those in force."""

    read_roles = STAFF_READERS
    list_display = ["application", "kind", "state", "outcome", "grant", "drafted"]
    list_filter = ["state", "kind"]
    list_select_related = ["application"]
    search_fields = ["=application__number"]
    ordering = ["-pk"]
    fields = [
        "application", "kind", "state", "before", "outcome", "grant", "rank", "reason",
        "fills", "drafted", "proposed_by", "seconded_by", "approved_by",
    ]  # fmt: skip
    readonly_fields = ["before", "grant", "drafted"]
    acts = [
        Act("take-up", "변경안 확인", take_up, move=ChangeMoves.TAKE_UP),
        Act(
            "second",
            "1차 승인",
            second,
            move=ChangeMoves.SECOND,
            show=lambda request, thing: (
                thing.kind == ChangeKind.REVERSAL and unsigned(request, thing)
            ),
        ),
        Act(
            "approve",
            "승인",
            approve,
            move=ChangeMoves.APPROVE,
            show=approvable,
            intro="승인하면 새 결정이 바로 효력을 갖고 지원금이 예산에서 옮겨지며 신청기업에 알립니다.",
        ),
        Act(
            "discard", "변경안 폐기", discard, move=ChangeMoves.DISCARD, form=NoteForm, danger=True
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DecisionChange]:
        """Of the own sub-programmes."""
        return changes_of(request.user).select_related("application", "replaces")

    @admin.display(description="이전 결과")
    def before(self, thing: DecisionChange) -> str:
        """What it replaces."""
        return f"{thing.replaces.get_outcome_display()} · {thing.replaces.reason}"

    @admin.display(description="지원금")
    def grant(self, thing: DecisionChange) -> str:
        """Won."""
        return won(thing.grant_won)

    @admin.display(description="작성 시각")
    def drafted(self, thing: DecisionChange) -> str:
        """When."""
        return kst(thing.drafted_at)
