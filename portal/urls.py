"""All addresses; apps are named by string, so the ground imports none of them."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from portal import openapi, views
from portal.access import public

SCHEMES = [openapi.TokenScheme]
API_OPEN = {"permission_classes": [AllowAny], "authentication_classes": []}

urlpatterns = [
    path("healthz/", views.health, name="health"),
    path("readyz/", views.ready, name="ready"),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("account/notices/", views.notices, name="notices"),
    path("account/tokens/", views.tokens, name="tokens"),
    path("account/tokens/<int:pk>/revoke/", views.revoke_token, name="token_revoke"),
    path("demo/mailbox/", views.demo_mailbox, name="demo_mailbox"),
    path("admin/", admin.site.urls),
    path("api/v1/schema/", public(SpectacularAPIView.as_view(**API_OPEN)), name="schema"),
    path(
        "api/v1/docs/",
        public(
            SpectacularSwaggerSplitView.as_view(
                url_name="schema", template_name="portal/api_docs.html", **API_OPEN
            )
        ),
        name="api_docs",
    ),
    path("", include("programs.urls")),
    path("", include("applications.urls")),
]

handler403 = "portal.views.forbidden"
