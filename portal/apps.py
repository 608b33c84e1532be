"""App configuration of the ground."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Accounts, jobs and notices."""

    name = "portal"
    verbose_name = "포털 운영"
