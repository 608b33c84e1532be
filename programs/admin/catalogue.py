"""Catalogue."""

from typing import Any, cast

from auditlog.registry import auditlog
from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet, ModelForm
from django.http import HttpRequest

from portal.access.roles import roles_of
from portal.core.errors import BadInput
from portal.forms.fields import PlainJSONField
from portal.models import User
from portal.staff.lists import QuickPaginator, ReadOnlyAdmin, StaffAdmin
from portal.uploads.files import CONTENT_TYPES
from programs.admin.rounds import READERS, to_the_second
from programs.models import BonusItem, Criterion, NationalGoal, RequiredDocument, SubProgram, Track
from programs.roles import MANAGER, OFFICER
from programs.rules.facts import parse_when
from programs.rules.grants import quota
from programs.services.catalogue import loading
from programs.visibility import sub_programs_of

for kind in (Track, Criterion, BonusItem, RequiredDocument):
    auditlog.register(kind)
auditlog.register(SubProgram, m2m_fields={"officers"})


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
        loading.seal(form.instance)

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


@admin.register(NationalGoal)
class NationalGoalAdmin(ReadOnlyAdmin):
    """Figures of the national plan, as the data file has them."""

    read_roles = READERS
    list_display = ["label", "value", "unit", "as_of", "origin"]
