"""Ties between assessors and applications, and what they follow from."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.search import FoundByApplication
from applications.models import ConflictOfInterest, ScoreSheet, TieLift
from applications.queries.assessment import committee
from applications.queries.assessment.conflicts import undecided_ties
from applications.services.assessment import conflicts, lifts
from applications.visibility import conflicts_of
from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.forms.fields import BusinessNumberField, NameField
from portal.models import DeclaredTie, FirmLink
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.edits import EditAdmin
from portal.staff.forms import note_form
from portal.staff.lists import ReadOnlyAdmin
from portal.staff.sorting import Sort
from portal.templatetags.dates import kst
from portal.templatetags.values import business_number
from programs.roles import MANAGER, OFFICER, STAFF_READERS


def _sheets(**standing: Any) -> QuerySet[ScoreSheet]:
    return ScoreSheet.objects.filter(
        application=OuterRef("application"), assessor=OuterRef("assessor"), **standing
    )


def unfounded(rows: QuerySet[ConflictOfInterest]) -> QuerySet[ConflictOfInterest]:
    """Return the ties that no longer exist although their sheet is still excluded."""
    cleared = rows.filter(late=True, cleared_at__isnull=False)
    return cleared.filter(Exists(_sheets(withdrawn_at__isnull=False)))


def lift(
    request: HttpRequest, tie: ConflictOfInterest, data: dict[str, Any], at: datetime
) -> TieLift:
    return lifts.propose(tie, reason=data["note"], by=person(request), now=at)


def pending(tie: ConflictOfInterest) -> bool:
    return tie.lifts.filter(approved_at=None, discarded_at=None).exists()


class StandingFilter(admin.SimpleListFilter):
    title = "할 일"
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = model_admin.get_queryset(request)
        return [
            ("undecided", f"결정할 것 {undecided_ties(rows).count():,}건"),
            ("unfounded", f"해소되었으나 제외된 것 {unfounded(rows).count():,}건"),
        ]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[ConflictOfInterest]
    ) -> QuerySet[ConflictOfInterest]:
        chosen = {"undecided": undecided_ties, "unfounded": unfounded}.get(self.value() or "")
        return chosen(queryset) if chosen else queryset


@admin.register(ConflictOfInterest)
class ConflictOfInterestAdmin(FoundByApplication, WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["application", "assessor", "reason", "found_at", "status", "sheet"]
    list_filter = [StandingFilter]
    list_select_related = ["application"]
    ordering = ["-pk"]
    sorts = [Sort("found_at")]
    acts = [
        Act(
            "lift",
            "잘못 기록한 이해관계 해제",
            lift,
            done="해제를 제안했습니다. 다른 사람이 ‘이해관계 해제’에서 승인하면 확정됩니다.",
            roles=[OFFICER, MANAGER],
            form=note_form(max_length=lifts.REASON_LENGTH),
            show=lambda request, tie: lifts.liftable(tie) and not pending(tie),
            intro=lambda tie: (
                f"이해관계: {tie.reason}\n\n실수로 밝힌 이해관계를 평가하는 동안에만 해제할 수 있습니다. "
                "다른 사람이 승인해야 확정되며, 이 이해관계로 끝난 평가표는 이력과 함께 되살아납니다."
            ),
            aside=True,
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConflictOfInterest]:
        rows = conflicts_of(person(request)).annotate(sheet_id=Subquery(_sheets().values("pk")[:1]))
        return rows.prefetch_related(committee.named())

    @admin.display(description="상태")
    def status(self, row: ConflictOfInterest) -> str:
        if row.cleared_at:
            return f"해소 {kst(row.cleared_at)}"
        if row.kept_at:
            return f"유지하기로 결정 {kst(row.kept_at)}"
        return "배정 뒤에 확인" if row.late else "배정 금지"

    @admin.display(description="평가표")
    def sheet(self, row: Any) -> SafeString | str:
        if row.sheet_id is None:
            return "없음"
        page = reverse("admin:applications_scoresheet_change", args=[row.sheet_id])
        return format_html('<a href="{}">평가표</a>', page)


class TieForm(forms.ModelForm):
    class Meta:
        model = DeclaredTie
        fields = ["user", "kind", "firm_name", "business_number", "note"]
        field_classes = {"firm_name": NameField, "business_number": BusinessNumberField}


@admin.register(DeclaredTie)
class DeclaredTieAdmin(EditAdmin, ReadOnlyAdmin):
    """Ties that assessors declared or staff learnt of; added, never changed."""

    read_roles = STAFF_READERS
    form = TieForm
    list_display = ["user", "kind", "firm_name", "number", "declared_at", "declared_by"]
    list_select_related = ["user", "declared_by"]
    ordering = ["-pk"]
    sorts = [Sort("declared_at")]

    @admin.display(description="사업자등록번호")
    def number(self, tie: DeclaredTie) -> str:
        return business_number(tie.business_number)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(roles_of(request.user) & {OFFICER, MANAGER})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        data = form.cleaned_data
        made = conflicts.declare_tie(data.pop("user"), **data, by=person(request), now=now())
        obj.pk = made.pk


class LinkForm(forms.ModelForm):
    class Meta:
        model = FirmLink
        fields = ["one", "other", "kind", "origin"]
        field_classes = {"one": BusinessNumberField, "other": BusinessNumberField}


@admin.register(FirmLink)
class FirmLinkAdmin(EditAdmin, ReadOnlyAdmin):
    """Companies linked by shares or partnership; chains of links count as ties too."""

    read_roles = STAFF_READERS
    form = LinkForm
    list_display = ["one", "other", "kind", "origin", "recorded_at"]
    ordering = ["-pk"]
    sorts = [Sort("recorded_at")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(roles_of(request.user) & {OFFICER, MANAGER})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made = conflicts.link_firms(**form.cleaned_data, by=person(request), now=now())
        obj.pk = made.pk
