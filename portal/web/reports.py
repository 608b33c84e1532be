"""What a report of a failure may hold (Django's, and whatever reads its filter)."""

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

TOLD = frozenset({"REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH", "SERVER_PROTOCOL"})


class Reports(SafeExceptionReporterFilter):
    """Leaves out forms, cookies, headers, values of variables, and settings that hold a password."""

    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|HTTP_COOKIE|_URL|DSN|EMAIL_CONFIG|^BUCKET$",
        flags=re.IGNORECASE,
    )

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        meta: dict[str, Any] = super().get_safe_request_meta(request)
        if not self.is_active(request):
            return meta
        return {name: value for name, value in meta.items() if name in TOLD}

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        sent = super().get_post_parameters(request)
        return dict.fromkeys(sent, self.cleansed_substitute) if self.is_active(request) else sent

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        return dict.fromkeys(super().get_safe_cookies(request), self.cleansed_substitute)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        found = super().get_traceback_frame_variables(request, tb_frame)
        if not self.is_active(request):
            return found
        return {name: type(value).__name__ for name, value in found}.items()
