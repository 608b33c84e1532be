"""Changes of released decisions and their approvals."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.admin.application.status import NoteForm
from applications.admin.search import FoundByApplication
from applications.models import Application, DecisionChange
from applications.services.selection import changes
from applications.states import ChangeKind, ChangeMoves, Outcome
from applications.visibility import changes_of
from portal.access.requests import person
from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.sorting import Sort
from portal.templatetags.dates import kst
from programs.roles import STAFF_READERS

PROPOSED = "결정 변경을 제안했습니다. ‘결정 변경’ 목록에서 다른 결정권자가 승인합니다."


class ChangeForm(forms.Form):
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


def propose(
    request: HttpRequest, application: Application, data: dict[str, Any], at: datetime
) -> None:
    changes.propose(
        application,
        kind=ChangeKind(data["kind"]),
        outcome=data["outcome"],
        reason=data["reason"],
        by=person(request),
        now=at,
    )


def take_up(
    request: HttpRequest, change: DecisionChange, data: dict[str, Any], at: datetime
) -> None:
    changes.take_up(change, by=person(request), now=at)


def second(
    request: HttpRequest, change: DecisionChange, data: dict[str, Any], at: datetime
) -> None:
    changes.second(change, by=person(request), now=at)


def approve(
    request: HttpRequest, change: DecisionChange, data: dict[str, Any], at: datetime
) -> None:
    changes.approve(change, by=person(request), now=at)


def discard(
    request: HttpRequest, change: DecisionChange, data: dict[str, Any], at: datetime
) -> None:
    changes.discard(change, by=person(request), now=at, **data)


def unsigned(request: HttpRequest, change: DecisionChange) -> bool:
    return request.user.pk not in {change.proposed_by_id, change.seconded_by_id}


def approvable(request: HttpRequest, change: DecisionChange) -> bool:
    needs_first = change.kind == ChangeKind.REVERSAL and change.seconded_by_id is None
    return unsigned(request, change) and not needs_first


@admin.register(DecisionChange)
class DecisionChangeAdmin(FoundByApplication, WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["application", "kind", "state", "outcome", "grant", "drafted"]
    list_filter = ["state", "kind"]
    list_select_related = ["application"]
    ordering = ["-pk"]
    sorts = [Sort("drafted")]
    fields = [
        "application", "kind", "state", "before", "outcome", "grant", "rank", "reason",
        "fills", "drafted", "proposed_by", "seconded_by", "approved_by",
    ]  # fmt: skip
    readonly_fields = ["before", "grant", "drafted"]
    acts = [
        Act(
            "take-up",
            "변경안 확인",
            take_up,
            done="변경안을 확인했습니다. 이제 결정권자가 승인할 수 있습니다.",
            move=ChangeMoves.TAKE_UP,
        ),
        Act(
            "second",
            "1차 승인",
            second,
            done="1차 승인했습니다. 다른 결정권자가 한 번 더 승인하면 바뀝니다.",
            move=ChangeMoves.SECOND,
            show=lambda request, change: (
                change.kind == ChangeKind.REVERSAL and unsigned(request, change)
            ),
        ),
        Act(
            "approve",
            "승인",
            approve,
            done="새 결정을 확정하고 신청기업에 알렸습니다.",
            move=ChangeMoves.APPROVE,
            show=approvable,
            intro="승인하면 새 결정이 바로 효력을 갖고 지원금이 예산에서 옮겨지며 신청기업에 알립니다.",
        ),
        Act(
            "discard",
            "변경안 폐기",
            discard,
            done="변경안을 폐기했습니다.",
            move=ChangeMoves.DISCARD,
            form=NoteForm,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[DecisionChange]:
        return changes_of(person(request)).select_related("application", "replaces")

    @admin.display(description="이전 결과")
    def before(self, change: DecisionChange) -> str:
        return f"{change.replaces.get_outcome_display()} · {change.replaces.reason}"

    @admin.display(description="지원금")
    def grant(self, change: DecisionChange) -> str:
        return won(change.grant_won)

    @admin.display(description="작성 시각")
    def drafted(self, change: DecisionChange) -> str:
        return kst(change.drafted_at)
