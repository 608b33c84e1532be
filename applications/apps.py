"""App configuration."""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    """Companies, their applications and what becomes of them."""

    name = "applications"
    verbose_name = "신청·심사"
