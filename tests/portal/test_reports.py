"""A report of a failure holds no form, no cookie, no value of a variable and no password."""

import sys

import pytest
from django.conf import settings as django_settings
from django.test import RequestFactory
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from portal.web.reports import Reports

CANARIES = [f"canary-{name}" for name in ("form", "cookie", "variable", "address", "database")]


def report(monkeypatch: pytest.MonkeyPatch) -> str:
    request = RequestFactory().post(
        "/accounts/login/",
        {"password": "canary-form", "unheard_of": "canary-form"},
        HTTP_COOKIE="sessionid=canary-cookie; other=canary-cookie",
        HTTP_X_FORWARDED_FOR="canary-address",
    )
    monkeypatch.setattr(
        django_settings, "DATABASE_URL", "postgres://u:canary-database@db/x", raising=False
    )
    held = ["canary-variable"]
    try:
        raise RuntimeError(f"{len(held)} of them")  # noqa: TRY301
    except RuntimeError:
        made = ExceptionReporter(request, *sys.exc_info(), is_email=True)
        return made.get_traceback_html() + made.get_traceback_text()


def test_nothing_secret_is_in_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    text = report(monkeypatch)
    assert "RuntimeError" in text
    assert "REQUEST_METHOD" in text
    assert [word for word in CANARIES if word in text] == []


def test_the_filter_of_django_would_let_them_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(
        "django.views.debug.get_exception_reporter_filter", lambda _: SafeExceptionReporterFilter()
    )
    text = report(monkeypatch)
    assert [word for word in CANARIES if word not in text] == []


def test_no_setting_with_a_password_is_shown(settings, monkeypatch) -> None:
    settings.BROKER_URL = settings.CELERY_BROKER_URL = "redis://:canary@host/0"
    settings.DATABASE_URL = "postgres://u:canary@db/x"
    settings.MFA_KEYS = settings.OPEN_DATA_KEYS = settings.HASH_KEYS = ["canary"]
    settings.SECRET_KEY_FALLBACKS = settings.TICKET_KEY_FALLBACKS = ["canary"]
    settings.SECRET_KEY = settings.TICKET_KEY = settings.EMAIL_HOST_PASSWORD = "canary"
    settings.EMAIL_CONFIG = {"EMAIL_HOST_PASSWORD": "canary"}
    monkeypatch.setattr(django_settings, "DATABASES", {"default": {"PASSWORD": "canary"}})
    shown = Reports().get_safe_settings()
    assert "canary" not in repr(shown)
    assert shown["ORIGIN"] == settings.ORIGIN
