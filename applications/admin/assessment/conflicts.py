"""Conflicts."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from applications.models import ConflictOfInterest
from applications.services.assessment import conflicts
from applications.visibility import conflicts_of
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.models import DeclaredTie, FirmLink
from portal.staff.lists import ReadOnlyAdmin
from programs.roles import MANAGER, OFFICER, STAFF_READERS


@admin.register(ConflictOfInterest)
class ConflictOfInterestAdmin(ReadOnlyAdmin):
    """Ties that were found: those that stand keep the pair apart, in the database as well."""

    read_roles = STAFF_READERS
    list_display = ["application", "assessor", "reason", "found_at", "cleared_at"]
    list_select_related = ["application", "assessor"]
    search_fields = ["=application__number"]
    search_help_text = "접수번호(전체)"
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConflictOfInterest]:
        """Of the own sub-programmes."""
        return conflicts_of(request.user)


class TieForm(forms.ModelForm):
    """A tie that staff learnt of."""

    class Meta:
        model = DeclaredTie
        fields = ["user", "kind", "firm_name", "business_number", "note"]


@admin.register(DeclaredTie)
class DeclaredTieAdmin(ReadOnlyAdmin):
    """What persons declared, and what staff learnt; added, never changed."""

    read_roles = STAFF_READERS
    form = TieForm
    list_display = ["user", "kind", "firm_name", "business_number", "declared_at", "declared_by"]
    list_select_related = ["user", "declared_by"]
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Officers and managers."""
        return bool(roles_of(request.user) & {OFFICER, MANAGER})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service writes."""
        data = form.cleaned_data
        made = conflicts.declare_tie(data.pop("user"), **data, by=request.user, now=now())
        obj.pk = made.pk


class LinkForm(forms.ModelForm):
    """Two firms that belong together."""

    class Meta:
        model = FirmLink
        fields = ["one", "other", "kind", "origin"]


@admin.register(FirmLink)
class FirmLinkAdmin(ReadOnlyAdmin):
    """Firms that belong together by shares or partnership; followed to the end of the chain."""

    read_roles = STAFF_READERS
    form = LinkForm
    list_display = ["one", "other", "kind", "origin", "recorded_at"]
    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Officers and managers."""
        return bool(roles_of(request.user) & {OFFICER, MANAGER})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service writes."""
        made = conflicts.link_firms(**form.cleaned_data, by=request.user, now=now())
        obj.pk = made.pk
