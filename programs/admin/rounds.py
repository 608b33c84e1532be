"""Rounds."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from portal.access.roles import OPERATOR
from portal.core.clock import now
from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin
from programs.models import (
    ProgramRound,
    RoundChange,
    RoundProposal,
)
from programs.queries import rounds as rounds_queries
from programs.roles import MANAGER, STAFF_READERS
from programs.rules.calendar import stamp
from programs.services import rounds
from programs.visibility import rounds_of

ROUND_ACTS = {"announce": "공고", "reschedule": "접수 기간 변경"}


READERS = (*STAFF_READERS, OPERATOR)


auditlog.register(ProgramRound)


class ReadOnlyInline(admin.StackedInline):
    """Rows shown within another screen."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever sees the screen sees its rows."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows come from services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Rows change by services."""
        return False


def moment(**options: Any) -> forms.DateTimeField:
    """A date and a time in one control, to the second, in Korean time."""
    return forms.DateTimeField(widget=to_the_second(), **options)


def to_the_second() -> forms.DateTimeInput:
    """The browser's own control for an instant."""
    return forms.DateTimeInput({"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S")


class RescheduleForm(forms.Form):
    """New dates of a round, and why."""

    opens_at = moment(label="접수 시작(한국 시각)")
    closes_at = moment(
        label="접수 마감(한국 시각)", help_text="이 시각이 되는 순간부터 접수하지 않습니다."
    )
    reason = forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3}))


def prefilled(round: ProgramRound, evidence: str = "", minutes: str = "") -> type[RescheduleForm]:
    """Begin with the dates as they are; `minutes` leads to what the portal recorded."""
    told = format_html('{}<br><a class="act" href="{}">분마다의 장애 기록</a>', evidence, minutes)

    class Prefilled(RescheduleForm):
        reason = forms.CharField(
            label="사유",
            max_length=300,
            widget=forms.Textarea({"rows": 3}),
            help_text=told if minutes else evidence,
        )

        def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
            return getattr(round, field_name, None)

    return Prefilled


def reschedule_form(request: HttpRequest, round: ProgramRound) -> type[RescheduleForm]:
    """Show the minutes that the portal itself recorded; they go on record with the new dates."""
    if not round.announced:
        return prefilled(round)
    found = rounds_queries.words(rounds_queries.outage(round, now=now()))
    return prefilled(round, f"근거로 남는 장애 기록: {found}", minutes_of(round))


def proposal_form(request: HttpRequest, round: ProgramRound) -> type[RescheduleForm]:
    """The dates, and the lawful reason."""
    told = "근거 법령이나 결정 문서를 함께 적으세요. 다른 결정권자가 승인하면 바뀝니다."
    return prefilled(round, told, minutes_of(round))


def minutes_of(round: ProgramRound) -> str:
    """Where the minutes that the portal recorded of this round are listed."""
    return f"{reverse('admin:portal_incidentminute_changelist')}?{urlencode({'q': round.code})}"


def propose_dates(
    request: HttpRequest, round: ProgramRound, data: dict[str, Any], at: datetime
) -> str:
    """Propose new dates for another lawful reason."""
    rounds.propose(round, by=request.user, now=at, **data)
    return "변경안을 만들었습니다. 다른 결정권자가 ‘접수 기간 변경안’에서 승인합니다."


def approve_dates(
    request: HttpRequest, proposal: RoundProposal, data: dict[str, Any], at: datetime
) -> str:
    """Approve proposed dates."""
    rounds.approve(proposal, by=request.user, now=at)
    return "접수 기간을 바꾸었습니다."


def drop_dates(
    request: HttpRequest, proposal: RoundProposal, data: dict[str, Any], at: datetime
) -> str:
    """Drop proposed dates."""
    rounds.drop(proposal, by=request.user, now=at)
    return "변경안을 폐기했습니다."


def reschedule(
    request: HttpRequest, round: ProgramRound, data: dict[str, Any], at: datetime
) -> str:
    """Move the dates of a round."""
    rounds.reschedule(round, by=request.user, now=at, **data)
    return "접수 기간을 바꾸었습니다."


def announce(request: HttpRequest, round: ProgramRound, data: dict[str, Any], at: datetime) -> str:
    """Show a round to the public."""
    rounds.announce(round, by=request.user, now=at)
    return "공고했습니다."


class RoundChanges(ReadOnlyInline):
    """Why dates changed."""

    model = RoundChange
    fields = ["when", "what", "change", "reason", "ground", "recorded", "by", "approved_by"]
    readonly_fields = ["when", "what", "change", "recorded"]
    verbose_name_plural = "변경 이력"

    @admin.display(description="시각")
    def when(self, row: RoundChange) -> str:
        """To the second."""
        return stamp(row.at)

    @admin.display(description="처리")
    def what(self, row: RoundChange) -> str:
        """The act in words."""
        return ROUND_ACTS[row.act]

    @admin.display(description="장애 기록")
    def recorded(self, row: RoundChange) -> str:
        """The minutes that were shown for it."""
        return rounds_queries.summary(row.evidence) or "—"

    @admin.display(description="접수 마감")
    def change(self, row: RoundChange) -> str:
        """From when to when."""
        dates = [dated["closes_at"] for dated in (row.before, row.after) if dated]
        return " → ".join(stamp(datetime.fromisoformat(text)) for text in dates) or "—"


@admin.register(ProgramRound)
class ProgramRoundAdmin(WorkflowAdmin):
    """Rounds: dates move by an act with its reason."""

    read_roles = READERS
    list_display = ["code", "name", "opens", "closes", "announced", "total"]
    search_fields = ["=code"]
    fields = ["code", "year", "sequence", "name", "opens", "closes", "announced", "total"]
    readonly_fields = ["opens", "closes", "total"]
    inlines = [RoundChanges]
    acts = [
        Act(
            "reschedule",
            "접수 기간 바꾸기",
            reschedule,
            roles=[MANAGER],
            form=reschedule_form,
            intro="공고한 회차의 접수 기간은 마감 전 48시간 안에 포털이 스스로 남긴 장애 기록이 있을 때만 바로 바꿀 수 있습니다.",
        ),
        Act(
            "propose",
            "접수 기간 변경안 만들기(그 밖의 법적 사유)",
            propose_dates,
            roles=[MANAGER],
            form=proposal_form,
            show=lambda request, round: round.announced,
        ),
        Act(
            "announce",
            "공고하기",
            announce,
            roles=[MANAGER],
            show=lambda request, round: not round.announced,
            intro="공고하면 누구나 이 회차와 사업을 볼 수 있습니다.",
        ),
    ]

    @admin.display(description="접수 시작", ordering="opens_at")
    def opens(self, round: ProgramRound) -> str:
        """To the second."""
        return stamp(round.opens_at)

    @admin.display(description="접수 마감", ordering="closes_at")
    def closes(self, round: ProgramRound) -> str:
        """To the second."""
        return stamp(round.closes_at)

    @admin.display(description="총예산", ordering="total_won")
    def total(self, round: ProgramRound) -> str:
        """Won."""
        return won(round.total_won)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProgramRound]:
        """Rounds on this person's desk."""
        return rounds_of(request.user)


@admin.register(RoundProposal)
class RoundProposalAdmin(WorkflowAdmin):
    """New dates that wait for a second person."""

    read_roles = READERS
    list_display = ["round", "closes", "reason", "by", "approved_by", "ended_at"]
    list_select_related = ["round", "by", "approved_by"]
    ordering = ["-pk"]
    fields = ["round", "opens", "closes", "reason", "by", "at", "approved_by", "ended_at"]
    readonly_fields = ["opens", "closes"]
    acts = [
        Act(
            "approve",
            "변경안 승인",
            approve_dates,
            roles=[MANAGER],
            show=lambda request, row: row.ended_at is None and row.by_id != request.user.pk,
            intro="승인하면 접수 기간이 바로 바뀌고 공개 이력에 남습니다.",
        ),
        Act(
            "drop",
            "변경안 폐기",
            drop_dates,
            roles=[MANAGER],
            show=lambda request, row: row.ended_at is None,
            danger=True,
        ),
    ]

    @admin.display(description="접수 시작")
    def opens(self, row: RoundProposal) -> str:
        """To the second."""
        return stamp(row.opens_at)

    @admin.display(description="접수 마감")
    def closes(self, row: RoundProposal) -> str:
        """To the second."""
        return stamp(row.closes_at)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoundProposal]:
        """Of the rounds on this person's desk."""
        return RoundProposal.objects.filter(round__in=rounds_of(request.user).values("pk"))
