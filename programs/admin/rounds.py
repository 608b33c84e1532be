"""Staff screens of rounds and of proposed dates."""

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

from portal.access.requests import person
from portal.access.roles import OPERATOR
from portal.core import clock
from portal.core.money import won
from portal.forms.fields import WonField
from portal.forms.ranges import within
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.filters import waiting
from programs.admin import proposals
from programs.models import ProgramRound, RoundChange, RoundProposal
from programs.queries import rounds as rounds_queries
from programs.queries import rule_changes as rule_queries
from programs.roles import MANAGER, STAFF_READERS
from programs.rules.calendar import stamp
from programs.services import pots, rounds
from programs.states import ROUND_ACTS
from programs.visibility import rounds_of
from programs.worklists import OPEN_PROPOSAL

READERS = (*STAFF_READERS, OPERATOR)

auditlog.register(ProgramRound)


class ReadOnlyInline(admin.StackedInline):
    """Rows shown within another screen; only services write them."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def to_the_second() -> forms.DateTimeInput:
    return forms.DateTimeInput({"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S")


class RescheduleForm(forms.Form):
    opens_at = forms.DateTimeField(
        label="접수 시작(한국 시각)", widget=to_the_second(), validators=[within("intake_day")]
    )
    closes_at = forms.DateTimeField(
        label="접수 마감(한국 시각)",
        help_text="이 시각이 되는 순간부터 접수하지 않습니다.",
        widget=to_the_second(),
        validators=[within("intake_day")],
    )
    reason = forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3}))


def prefilled(
    round: ProgramRound, help_text: str = "", outages_url: str = ""
) -> type[RescheduleForm]:
    """Return a form that starts with the round's dates; `outages_url` lists what was recorded."""
    if outages_url:
        help_text = format_html(
            '{}<br><a class="act" href="{}">분마다의 장애 기록</a>', help_text, outages_url
        )

    class Prefilled(RescheduleForm):
        reason = forms.CharField(
            label="사유",
            max_length=300,
            widget=forms.Textarea({"rows": 3}),
            help_text=help_text,
        )

        def get_initial_for_field(self, field: forms.Field, field_name: str) -> Any:
            return getattr(round, field_name, None)

    return Prefilled


def reschedule_form(request: HttpRequest, round: ProgramRound) -> type[RescheduleForm]:
    # The recorded minutes are stored with the new dates, so the manager sees them first.
    if not round.announced:
        return prefilled(round)
    outage = rounds_queries.outage_text(rounds_queries.outage_minutes(round, now=clock.now()))
    return prefilled(round, f"근거로 남는 장애 기록: {outage}", outages_url_of(round))


def proposal_form(request: HttpRequest, round: ProgramRound) -> type[RescheduleForm]:
    help_text = "근거 법령이나 결정 문서를 함께 적으세요. 다른 결정권자가 승인하면 바뀝니다."
    return prefilled(round, help_text, outages_url_of(round))


def outages_url_of(round: ProgramRound) -> str:
    return f"{reverse('admin:portal_incidentminute_changelist')}?{urlencode({'q': round.code})}"


def propose_dates(
    request: HttpRequest, round: ProgramRound, data: dict[str, Any], now: datetime
) -> None:
    rounds.propose(round, by=person(request), now=now, **data)


def approve_dates(
    request: HttpRequest, proposal: RoundProposal, data: dict[str, Any], now: datetime
) -> None:
    rounds.approve(proposal, by=person(request), now=now)


def drop_dates(
    request: HttpRequest, proposal: RoundProposal, data: dict[str, Any], now: datetime
) -> None:
    rounds.drop(proposal, by=person(request), now=now)


def reschedule(
    request: HttpRequest, round: ProgramRound, data: dict[str, Any], now: datetime
) -> None:
    rounds.reschedule(round, by=person(request), now=now, **data)


def announce(
    request: HttpRequest, round: ProgramRound, data: dict[str, Any], now: datetime
) -> None:
    rounds.announce(round, by=person(request), now=now)


def date_texts(row: RoundProposal) -> list[str]:
    """Return what a proposal changes, before and after."""
    proposed = {"opens_at": row.opens_at.isoformat(), "closes_at": row.closes_at.isoformat()}
    kept = {
        "opens_at": row.round.opens_at.isoformat(),
        "closes_at": row.round.closes_at.isoformat(),
    }
    lines = rounds_queries.date_lines(kept, proposed)
    return [f"{label}: {before} → {after}" for label, before, after in lines]


def dates_intro(row: RoundProposal) -> str:
    return "\n".join(
        [
            *date_texts(row),
            f"제안: {row.by}. 사유: {row.reason}",
            f"이 변경이 미치는 곳: {rule_queries.concerned_by_round(row.round)}",
            "승인하면 접수 기간이 바로 바뀌고, 사람의 이름을 뺀 내용이 공개 이력에 남습니다.",
        ]
    )


class TotalForm(forms.Form):
    total_won = WonField(label="총예산", validators=[within("pot_won")])
    reason = forms.CharField(
        label="사유와 근거",
        max_length=300,
        widget=forms.Textarea({"rows": 3}),
        help_text="공개됩니다. 사람의 이름을 적지 마세요.",
    )


def propose_total(
    request: HttpRequest, round: ProgramRound, data: dict[str, Any], now: datetime
) -> None:
    pots.propose_total(round, by=person(request), now=now, **data)


class RoundChanges(ReadOnlyInline):
    model = RoundChange
    fields = ["when", "what", "change", "reason", "ground", "recorded", "by", "approved_by"]
    readonly_fields = ["when", "what", "change", "recorded"]
    verbose_name_plural = "변경 이력"

    @admin.display(description="시각")
    def when(self, row: RoundChange) -> str:
        return stamp(row.at)

    @admin.display(description="처리")
    def what(self, row: RoundChange) -> str:
        return ROUND_ACTS[row.act]

    @admin.display(description="장애 기록")
    def recorded(self, row: RoundChange) -> str:
        return rounds_queries.outage_summary(row.evidence) or "—"

    @admin.display(description="바뀐 내용")
    def change(self, row: RoundChange) -> str:
        if row.act == "total":
            return " → ".join(won(sums["total_won"]) for sums in (row.before, row.after))
        dates = [dated["closes_at"] for dated in (row.before, row.after) if dated]
        return " → ".join(stamp(datetime.fromisoformat(text)) for text in dates) or "—"


@admin.register(ProgramRound)
class ProgramRoundAdmin(WorkflowAdmin):
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
            done="접수 기간을 바꾸었습니다.",
            intro="공고한 회차의 접수 기간은 마감 가까이에 접수가 되지 않은 장애를 포털이 스스로 기록했을 때만, 접수하지 못한 시간(시간 단위로 올림)만큼, 정해진 날수 안에서 마감을 늦출 수 있습니다.",
        ),
        Act(
            "propose",
            "접수 기간 변경안 만들기(그 밖의 법적 사유)",
            propose_dates,
            roles=[MANAGER],
            form=proposal_form,
            done="변경안을 만들었습니다. 다른 결정권자가 ‘접수 기간 변경안’에서 승인합니다.",
            show=lambda request, round: round.announced,
        ),
        Act(
            "total",
            "총예산 변경안 만들기",
            propose_total,
            roles=[MANAGER],
            form=TotalForm,
            done="총예산은 아직 바뀌지 않았습니다. 다른 결정권자가 ‘총예산 변경안’에서 승인하면 바뀝니다.",
            intro=lambda round: f"지금 총예산 {won(round.total_won)}",
        ),
        Act(
            "announce",
            "공고하기",
            announce,
            roles=[MANAGER],
            done="공고했습니다.",
            show=lambda request, round: not round.announced,
            intro="공고하면 누구나 이 회차와 사업을 볼 수 있습니다.",
        ),
    ]

    @admin.display(description="접수 시작", ordering="opens_at")
    def opens(self, round: ProgramRound) -> str:
        return stamp(round.opens_at)

    @admin.display(description="접수 마감", ordering="closes_at")
    def closes(self, round: ProgramRound) -> str:
        return stamp(round.closes_at)

    @admin.display(description="총예산", ordering="total_won")
    def total(self, round: ProgramRound) -> str:
        return won(round.total_won)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProgramRound]:
        return rounds_of(person(request))


@admin.register(RoundProposal)
class RoundProposalAdmin(WorkflowAdmin):
    """Proposed dates that another manager has not approved yet."""

    read_roles = READERS
    list_display = ["round", "closes", "reason", "by", "approved_by", "ended_at"]
    list_select_related = ["round", "by", "approved_by"]
    list_filter = [waiting(OPEN_PROPOSAL)]
    ordering = ["-pk"]
    fields = [
        *("round", "opens", "closes", "concerned", "reason", "by", "at", "approved_by", "ended_at")
    ]
    readonly_fields = ["opens", "closes", "concerned"]
    acts = proposals.acts(
        approve_dates,
        drop_dates,
        intro=dates_intro,
        done="접수 기간을 바꾸었습니다.",
        dropped="변경안을 폐기했습니다.",
    )

    @admin.display(description="접수 시작")
    def opens(self, row: RoundProposal) -> str:
        return stamp(row.opens_at)

    @admin.display(description="접수 마감")
    def closes(self, row: RoundProposal) -> str:
        return stamp(row.closes_at)

    @admin.display(description="이 변경이 미치는 곳")
    def concerned(self, row: RoundProposal) -> str:
        return rule_queries.concerned_by_round(row.round)

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoundProposal]:
        return RoundProposal.objects.filter(round__in=rounds_of(person(request)).values("pk"))
