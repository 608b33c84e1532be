"""The staff site: Django's admin behind a second factor."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from portal.access.requests import person
from portal.access.second_factor import passed_second_factor, redirect_to_second_factor
from portal.core.clock import now
from portal.staff import worklists


class StaffSite(AdminSite):
    """The admin site for staff with a second factor in this session."""

    site_header = "스마트공장 보급확산 지원사업 담당자 화면"
    site_title = "담당자 화면"
    index_title = "업무"
    enable_nav_sidebar = True

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        # Django's adds the list of all screens, which asks for every permission: the start page has
        # it of its own, and no other page shows it.
        permitted = self.has_permission(request)
        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "site_url": self.site_url,
            "has_permission": permitted,
            "is_popup": False,
            "is_nav_sidebar_enabled": permitted,
            "log_entries": self.get_log_entries(request),
            "areas": worklists.areas_of(person(request)) if permitted else [],
            "shortcuts": worklists.shortcuts_of(person(request)) if permitted else [],
            "here": request.get_full_path(),
        }

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show what waits for this person; the only page that counts."""
        at = now()
        standings = worklists.standings_of(person(request), at)
        extra = {"at": at, "today": worklists.today(standings), "counted": len(standings)}
        return super().index(request, {**extra, **(extra_context or {})})

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and passed_second_factor(request)

    def password_change(  # type: ignore[override]  # Django renders, too
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The portal has one page for it, which ends the other sessions.
        return redirect("account_change_password")

    def login(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        # The portal has one sign-in page; staff continue to their second factor.
        target = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect(f"{reverse('account_login')}?{urlencode({'next': target})}")
        if self.has_permission(request):
            return redirect(reverse("admin:index"))
        if not request.user.is_staff:
            return redirect("/")
        return redirect_to_second_factor(request, target)
