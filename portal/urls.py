"""All addresses; apps are named by string, so the portal imports none of them."""

from allauth.account.decorators import reauthentication_required
from allauth.usersessions.views import list_usersessions
from django.contrib import admin
from django.urls import include, path

from portal.todos import views as todos
from portal.web import invitations, views

urlpatterns = [
    path("healthz/", views.health, name="health"),
    path("readyz/", views.ready, name="ready"),
    path("csp-report/", views.csp_report, name="csp_report"),
    path("terms/", views.site_page, {"code": "terms"}, name="terms"),
    path("privacy/", views.site_page, {"code": "privacy"}, name="privacy"),
    path("accessibility/", views.site_page, {"code": "accessibility"}, name="accessibility"),
    path("account/may-upload/", views.may_upload, name="may_upload"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path(
        "accounts/sessions/",
        reauthentication_required(list_usersessions, allow_get=True),
        name="usersessions_list",
    ),
    path("accounts/invitation/<str:token>/", invitations.staff_invitation, name="staff_invitation"),
    path("accounts/", include("allauth.account.urls")),
    path("account/notices/", views.notices, name="notices"),
    path("account/resend/", views.resend, name="resend"),
    path("account/name/", views.own_name, name="own_name"),
    path("account/roles/", invitations.own_roles, name="own_roles"),
    path("account/calendar/", todos.own_calendar, name="own_calendar"),
    path("calendar/<str:token>/todos.ics", todos.calendar_feed, name="calendar_feed"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", views.revoke_token, name="token_revoke"),
    path("account/jobs/<int:pk>/", views.own_job, name="own_job"),
    path("account/jobs/<int:pk>/cancel/", views.cancel_own_job, name="own_job_cancel"),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", views.schema, name="schema"),
    path("api/v1/docs/", views.api_page, name="api_docs"),
    path("", include("programs.urls")),
    path("", include("applications.urls")),
    path("", include("vouchers.urls")),
    path("", include("kamp.urls")),
]

handler400 = "portal.web.views.bad_request"
handler403 = "portal.web.views.permission_denied"
handler404 = "portal.web.views.not_found"
handler500 = "portal.web.views.server_error"
