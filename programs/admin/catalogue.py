"""Staff screens of sub-programmes and national goals."""

from typing import Any, cast

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from portal.access import granting
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.errors import BadInput
from portal.core.money import won
from portal.forms.people import told_apart
from portal.staff.lists import QuickPaginator, ReadOnlyAdmin
from portal.uploads.files import CONTENT_TYPES
from programs.admin.form_parts import FormParts
from programs.admin.rounds import READERS, to_the_second
from programs.admin.rule_changes import DUE, RuleEditAdmin, RuleInline
from programs.models import BonusItem, Criterion, NationalGoal, RequiredDocument, SubProgram, Track
from programs.roles import MANAGER, OFFICER
from programs.rules.deadlines import POLICY_WORDS, Policy
from programs.rules.facts import parse_when
from programs.rules.grants import quota
from programs.rules.rule_changes import RANGES, criteria_fault
from programs.services.catalogue import loading
from programs.visibility import sub_programs_of

OFFICERS = (
    '담당자는 <a href="{}?role={}">계정</a> 화면에서 바꿉니다. 더하려면 ‘역할 요청’과 다른 결정권자의 '
    "승인이 필요하고, 줄이려면 ‘담당 내역사업 거두기’를 누릅니다."
)

for kind in (Track, Criterion, BonusItem, RequiredDocument):
    auditlog.register(kind)
auditlog.register(SubProgram, m2m_fields={"officers"})


class TrackForm(forms.ModelForm):
    def clean_origins(self) -> dict[str, Any]:
        origins = self.cleaned_data["origins"] or {}
        if not isinstance(origins, dict):
            raise forms.ValidationError('{"항목": "출처"} 모양으로 적으세요.', code="origins")
        return origins


class BonusForm(forms.ModelForm):
    def clean_industry_hints(self) -> list[str]:
        hints = self.cleaned_data["industry_hints"] or []
        if not isinstance(hints, list) or not all(isinstance(one, str) for one in hints):
            raise forms.ValidationError('["24", "251"] 모양으로 적으세요.', code="industries")
        return hints


class DocumentForm(forms.ModelForm):
    def clean_when(self) -> Any:
        try:
            parse_when(self.cleaned_data["when"])
        except BadInput as wrong:
            raise forms.ValidationError(wrong.message, code=wrong.code) from wrong
        return self.cleaned_data["when"]

    def clean_formats(self) -> list[str]:
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


class TrackInline(RuleInline):
    model = Track
    form = TrackForm
    fields = [
        "code", "name", "grant_kind", "cap_won", "share_percent", "flat_won", "planning_won",
        "days", "months", "previous_cap_won", "order", "origins",
    ]  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Applications may refer to the track.
        return False


class PointsFormSet(BaseInlineFormSet):
    """The points of the criteria add up to 100, one of them is the core."""

    def clean(self) -> None:
        super().clean()
        # The instances, because locked columns are no fields of the form.
        rows = [
            (form.instance.max_points, form.instance.core)
            for form in self.forms
            if form.is_valid()
            and not form.cleaned_data.get("DELETE")
            and (form.instance.pk or form.has_changed())
        ]
        if fault := criteria_fault(rows):
            raise forms.ValidationError(fault, code="points")


class CriterionInline(RuleInline):
    model = Criterion
    formset = PointsFormSet
    fields = ["code", "label", "guide", "max_points", "core", "skippable", "order", "origin"]


class BonusInline(RuleInline):
    model = BonusItem
    form = BonusForm
    fields = ["code", "label", "points", "guide", "industry_hints", "question", "order", "origin"]


class DocumentInline(RuleInline):
    model = RequiredDocument
    form = DocumentForm
    fields = [
        "code", "label", "guide", "required", "when", "formats", "max_files", "order", "origin",
    ]  # fmt: skip


def _due(label: str) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, required=False, choices=[("", "정하지 않음"), *POLICY_WORDS.items()]
    )


class ProgramForm(forms.ModelForm):
    """When the last day of each period ends is chosen in words and stored as `due_policies`."""

    due_supplement_days = _due("보완 기한이 끝나는 때")
    due_objection_days = _due("이의신청 기한이 끝나는 때")
    due_objection_answer_days = _due("이의신청 처리 기한이 끝나는 때")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        policies = self.instance.due_policies
        self.initial.update({name: policies.get(period, "") for name, period in DUE.items()})

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = {period: data[name] for name, period in DUE.items() if data.get(name)}
        self.instance.due_policies = {**self.instance.due_policies, **chosen}
        return data


def _due_text(program: SubProgram, period: str) -> str:
    policy = program.due_policies.get(period)
    return POLICY_WORDS[Policy(policy)] if policy else "정하지 않음"


@admin.register(SubProgram)
class SubProgramAdmin(FormParts, RuleEditAdmin):
    """Sub-programmes: managers edit figures; forms come from data files, officers from their role."""

    needs_reason = "__all__"
    ranges = RANGES
    form = ProgramForm
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
        (None, {"fields": ["round", "name", "summary", "order"]}),
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
                    "supplement_days", "due_supplement_days", "objection_days",
                    "due_objection_days", "objection_answer_days", "due_objection_answer_days",
                    "rounding_won",
                ]
            },
        ),
        ("담당자", {"fields": ["people"]}),
        (
            "양식과 출처 (자료 파일로 바꿉니다)",
            {
                "classes": ["collapse"],
                "fields": ["pot", *FormParts.names, "form_version"],
            },
        ),
    ]  # fmt: skip
    fixed = ["round", "pot", "people", *FormParts.names, "form_version"]

    def facts(self, request: HttpRequest, thing: Model) -> dict[str, tuple[str, str]]:
        program = cast(SubProgram, thing)
        due = {
            name: (str(ProgramForm.base_fields[name].label), _due_text(program, period))
            for name, period in DUE.items()
        }
        return {**super().facts(request, thing), **due}

    @admin.display(description="보완 기한이 끝나는 때")
    def due_supplement_days(self, program: SubProgram) -> str:
        return _due_text(program, "supplement_days")

    @admin.display(description="이의신청 기한이 끝나는 때")
    def due_objection_days(self, program: SubProgram) -> str:
        return _due_text(program, "objection_days")

    @admin.display(description="이의신청 처리 기한이 끝나는 때")
    def due_objection_answer_days(self, program: SubProgram) -> str:
        return _due_text(program, "objection_answer_days")

    @admin.display(description="모집 규모")
    def quota(self, program: SubProgram) -> str:
        return quota.label(program.quota_count, program.quota_kind)

    @admin.display(description="담당자")
    def people(self, program: SubProgram) -> str:
        return ", ".join(map(told_apart, program.officers.order_by("name", "pk"))) or "없음"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        whole = super().get_fieldsets(request, obj)
        if not roles_of(request.user) & granting.keepers():
            return whole
        words = format_html(OFFICERS, reverse("admin:portal_user_changelist"), OFFICER)
        return [
            (title, {**part, "description": words} if "people" in part["fields"] else part)
            for title, part in whole
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubProgram]:
        return sub_programs_of(person(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        # A data file writes the fixed fields; announced dates move with the round.
        announced = isinstance(obj, SubProgram) and obj.round.announced
        fixed = [*self.fixed, "opens_at", "closes_at"] if announced else self.fixed
        return [*fixed, *super().get_readonly_fields(request, obj)]

    def save_related(
        self, request: HttpRequest, form: ModelForm, formsets: list[Any], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        loading.update_form_version(form.instance)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser or bool(roles_of(request.user) & set(READERS))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return MANAGER in roles_of(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(NationalGoal)
class NationalGoalAdmin(ReadOnlyAdmin):
    read_roles = READERS
    list_display = ["label", "amount", "as_of"]
    fields = ["label", "amount", "as_of"]

    @admin.display(description="값", ordering="value")
    def amount(self, goal: NationalGoal) -> str:
        return won(goal.value) if goal.unit == "원" else f"{goal.value:,}{goal.unit}"
