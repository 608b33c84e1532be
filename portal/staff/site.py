"""The staff site: Django's admin behind a second factor."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from portal.access.second_factor import passed_second_factor, redirect_to_second_factor


class StaffSite(AdminSite):
    """The admin site for staff with a second factor in this session."""

    site_header = "스마트공장 보급확산 지원사업 담당자 화면"
    site_title = "담당자 화면"
    index_title = "업무"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and passed_second_factor(request)

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
