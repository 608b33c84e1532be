"""Staff screens: rounds, sub-programmes with their figures, pots and the ledger."""

from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode
from uuid import uuid4

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from portal.access.roles import AUDITOR, MANAGER, OFFICER, OPERATOR, roles_of
from portal.core.clock import now
from portal.core.errors import BadInput
from portal.core.money import won
from portal.forms.fields import PlainJSONField
from portal.models import User
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.lists import QuickPaginator, ReadOnlyAdmin, StaffAdmin
from portal.uploads.files import CONTENT_TYPES
from programs import queries
from programs.forms import WonField
from programs.models import (
    BonusItem,
    Budget,
    Criterion,
    LedgerEntry,
    NationalGoal,
    ProgramRound,
    RequiredDocument,
    RoundChange,
    RoundProposal,
    SubProgram,
    Track,
)
from programs.queries import outages
from programs.rules import quota
from programs.rules.calendar import stamp
from programs.rules.facts import parse_when
from programs.services import catalogue, ledger, rounds
from programs.visibility import rounds_of, sub_programs_of

ROUND_ACTS = {"announce": "공고", "reschedule": "접수 기간 변경"}
READERS = [OFFICER, MANAGER, AUDITOR, OPERATOR]

for kind in (ProgramRound, Track, Criterion, BonusItem, RequiredDocument):
    auditlog.register(kind)
auditlog.register(SubProgram, m2m_fields={"officers"})


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


class ManagerInline(admin.StackedInline):
    """Plain catalogue rows: a manager edits them, the others read.

    Stacked, because the cells of Django's table of rows have no labels.
    """

    extra = 0
    show_change_link = False
    formfield_overrides = {models.JSONField: {"form_class": PlainJSONField}}

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever sees the programme sees its parts."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Managers."""
        return MANAGER in roles_of(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Managers."""
        return MANAGER in roles_of(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Managers."""
        return MANAGER in roles_of(request.user)


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
    found = outages.words(outages.outage(round, now=now()))
    return prefilled(round, f"근거로 남는 장애 기록: {found}", minutes_of(round))


def proposal_form(request: HttpRequest, round: ProgramRound) -> type[RescheduleForm]:
    """The dates, and the lawful reason."""
    told = "근거 법령이나 결정 문서를 함께 적으세요. 다른 결정권자가 승인하면 바뀝니다."
    return prefilled(round, told, minutes_of(round))


def minutes_of(round: ProgramRound) -> str:
    """Where the minutes that the portal recorded of this round are listed."""
    return f"{reverse('admin:portal_troubleminute_changelist')}?{urlencode({'q': round.code})}"


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
        return outages.summary(row.evidence) or "—"

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


class TrackForm(forms.ModelForm):
    """A track with where each figure comes from."""

    def clean_origins(self) -> dict[str, Any]:
        """Name by name."""
        told = self.cleaned_data["origins"] or {}
        if not isinstance(told, dict):
            raise forms.ValidationError('{"항목": "출처"} 모양으로 적으세요.', code="origins")
        return told


class BonusForm(forms.ModelForm):
    """A bonus item with the industries it hints at."""

    def clean_industry_hints(self) -> list[str]:
        """First digits of industry codes."""
        hints = self.cleaned_data["industry_hints"] or []
        if not isinstance(hints, list) or not all(isinstance(one, str) for one in hints):
            raise forms.ValidationError('["24", "251"] 모양으로 적으세요.', code="industries")
        return hints


class DocumentForm(forms.ModelForm):
    """A paper that pages and rules can read."""

    def clean_when(self) -> Any:
        """A condition that the rules know how to ask."""
        try:
            parse_when(self.cleaned_data["when"])
        except BadInput as wrong:
            raise forms.ValidationError(wrong.message, code=wrong.code) from wrong
        return self.cleaned_data["when"]

    def clean_formats(self) -> list[str]:
        """Kinds of files that the portal can judge."""
        formats = self.cleaned_data["formats"]
        known = isinstance(formats, list) and all(
            isinstance(one, str) and one in CONTENT_TYPES for one in formats
        )
        if not known:
            kinds = ", ".join(CONTENT_TYPES)
            raise forms.ValidationError(
                f'["pdf"] 모양으로 다음에서 고르세요: {kinds}', code="formats"
            )
        return cast(list[str], formats)


class TrackInline(ManagerInline):
    """Caps, shares, days."""

    model = Track
    form = TrackForm
    fields = [
        "code", "name", "grant_kind", "cap_won", "share_percent", "flat_won", "planning_won",
        "days", "months", "previous_cap_won", "order", "origins",
    ]  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A track may have been applied for."""
        return False


class PointsFormSet(BaseInlineFormSet):
    """The score sheet adds up to 100."""

    def clean(self) -> None:
        """Add up the rows that stay."""
        super().clean()
        rows = [
            form.cleaned_data
            for form in self.forms
            if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        points = sum(row["max_points"] for row in rows)
        if points != 100:
            raise forms.ValidationError(
                f"배점의 합은 100이어야 합니다. 지금은 {points}입니다.", code="points"
            )
        if sum(bool(row["core"]) for row in rows) != 1:
            raise forms.ValidationError("핵심 항목은 하나여야 합니다.", code="core")


class CriterionInline(ManagerInline):
    """The score sheet."""

    model = Criterion
    formset = PointsFormSet
    fields = ["code", "label", "guide", "max_points", "core", "skippable", "order", "origin"]


class BonusInline(ManagerInline):
    """Extra points."""

    model = BonusItem
    form = BonusForm
    fields = ["code", "label", "points", "guide", "industry_hints", "question", "order", "origin"]


class DocumentInline(ManagerInline):
    """Papers to attach."""

    model = RequiredDocument
    form = DocumentForm
    fields = [
        "code", "label", "guide", "required", "when", "formats", "max_files", "order", "origin",
    ]  # fmt: skip


@admin.register(SubProgram)
class SubProgramAdmin(StaffAdmin):
    """Sub-programmes: managers edit figures and officers, the form itself comes by data file."""

    paginator = QuickPaginator
    show_full_result_count = False
    list_display = ["name", "round", "intake", "quota", "pot"]
    list_filter = ["round"]
    list_select_related = ["round", "pot"]
    search_fields = ["=code", "name__startswith"]
    formfield_overrides = {
        models.DateTimeField: {"form_class": forms.DateTimeField, "widget": to_the_second()},
    }
    inlines = [TrackInline, CriterionInline, BonusInline, DocumentInline]
    fieldsets = [
        (None, {"fields": ["round", "code", "short", "name", "summary", "order"]}),
        (
            "접수와 모집",
            {"fields": ["intake", "opens_at", "closes_at", "quota_count", "quota_kind"]},
        ),
        (
            "평가",
            {
                "fields": [
                    "assessors", "minimum_sheets", "trim_from", "decimals", "floor", "bonus_cap",
                    "blind", "fit_program", "fit_industry", "fit_region", "fit_load",
                    "supplement_days", "objection_days", "objection_answer_days", "rounding_won",
                ]
            },
        ),
        ("담당자", {"fields": ["officers"]}),
        (
            "양식과 출처 (자료 파일로 바꿉니다)",
            {
                "classes": ["collapse"],
                "fields": [
                    "pot", "conditions", "questions", "cost_items", "partner_roles", "consents",
                    "steps", "delivery", "form_version", "origins",
                ],
            },
        ),
    ]  # fmt: skip
    fixed = [
        "round", "code", "short", "pot", "conditions", "questions", "cost_items",
        "partner_roles", "consents", "steps", "delivery", "form_version", "origins",
    ]  # fmt: skip

    @admin.display(description="모집 규모")
    def quota(self, program: SubProgram) -> str:
        """The quota in the notice's word."""
        return quota.words(program.quota_count, program.quota_kind)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubProgram]:
        """What is on this person's desk."""
        return sub_programs_of(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """What a data file writes stays as it wrote it; announced dates move with the round."""
        announced = isinstance(obj, SubProgram) and obj.round.announced
        return [*self.fixed, "opens_at", "closes_at"] if announced else self.fixed

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field:
        """Offer officers only."""
        if db_field.name == "officers":
            kwargs["queryset"] = User.objects.filter(groups__name=OFFICER, is_active=True)
            kwargs["widget"] = forms.CheckboxSelectMultiple()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: list[Any], change: bool
    ) -> None:
        """Version the form again, for its documents may have changed."""
        super().save_related(request, form, formsets, change)
        catalogue.seal(form.instance)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Staff; the list holds only their own."""
        return request.user.is_superuser or bool(roles_of(request.user) & set(READERS))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """As for one."""
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Managers."""
        return MANAGER in roles_of(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """They come by data file."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """They stay."""
        return False


class MoneyForm(forms.Form):
    """An amount, and why. The reference makes a second click harmless."""

    amount = WonField(label="금액")
    note = forms.CharField(label="사유", max_length=200)
    reference = forms.CharField(
        widget=forms.HiddenInput, initial=lambda: f"staff:{uuid4()}", max_length=100
    )


def appropriate(request: HttpRequest, pot: Budget, data: dict[str, Any], at: datetime) -> str:
    """Put money into a pot."""
    entry = ledger.appropriate(pot, by=request.user, now=at, **data)
    return f"{won(entry.amount_won)}을 배정했습니다."


def reduce(request: HttpRequest, pot: Budget, data: dict[str, Any], at: datetime) -> str:
    """Take money out of a pot."""
    entry = ledger.reduce(pot, by=request.user, now=at, **data)
    return f"{won(entry.amount_won)}을 감액했습니다."


@admin.register(Budget)
class BudgetAdmin(WorkflowAdmin):
    """Pots: counters beside the sums of their entries; money moves by acts."""

    read_roles = READERS
    list_display = ["name", "appropriated", "reserved", "committed", "paid", "available"]
    search_fields = ["=code"]
    fields = [
        "code", "name", "appropriated", "reserved", "committed", "paid", "available", "recomputed",
    ]  # fmt: skip
    readonly_fields = fields
    acts = [
        Act("appropriate", "예산 더 배정하기", appropriate, roles=[MANAGER], form=MoneyForm),
        Act("reduce", "예산 줄이기", reduce, roles=[MANAGER], form=MoneyForm, danger=True),
    ]

    @admin.display(description="배정", ordering="appropriated_won")
    def appropriated(self, pot: Budget) -> str:
        """Won."""
        return won(pot.appropriated_won)

    @admin.display(description="선정", ordering="reserved_won")
    def reserved(self, pot: Budget) -> str:
        """Won."""
        return won(pot.reserved_won)

    @admin.display(description="협약", ordering="committed_won")
    def committed(self, pot: Budget) -> str:
        """Won."""
        return won(pot.committed_won)

    @admin.display(description="지급", ordering="paid_won")
    def paid(self, pot: Budget) -> str:
        """Won."""
        return won(pot.paid_won)

    @admin.display(description="남음")
    def available(self, pot: Budget) -> str:
        """Won."""
        return won(pot.available_won)

    @admin.display(description="원장에서 다시 더한 값")
    def recomputed(self, pot: Budget) -> str:
        """The sums of the entries, and whether they agree with the counters."""
        sums = queries.recomputed(pot)
        return format_html(
            "배정 {} · 선정 {} · 협약 {} · 지급 {} · 남음 {} — <strong>{}</strong>",
            won(sums.appropriated),
            won(sums.reserved),
            won(sums.committed),
            won(sums.paid),
            won(sums.available),
            "일치" if sums == pot.balance else "불일치",
        )


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Every movement of money, newest first."""

    read_roles = READERS
    list_display = ["id", "at", "budget", "kind", "amount", "subject", "reference", "by"]
    list_filter = ["kind", "budget"]
    list_select_related = ["budget", "by"]
    search_fields = ["=reference", "=subject"]
    search_help_text = "근거 번호 또는 대상(예: application:12)"
    ordering = ["-pk"]

    @admin.display(description="금액", ordering="amount_won")
    def amount(self, entry: LedgerEntry) -> str:
        """Won."""
        return won(entry.amount_won)


@admin.register(NationalGoal)
class NationalGoalAdmin(ReadOnlyAdmin):
    """Figures of the national plan, as the data file has them."""

    read_roles = READERS
    list_display = ["label", "value", "unit", "as_of", "origin"]
