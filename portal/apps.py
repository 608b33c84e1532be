"""App configuration of the portal."""

from django.apps import AppConfig
from django.core.checks import register

from portal.celery import app as celery_app  # noqa: F401 - the app of every `shared_task`
from portal.paper.pdf import check_pdf


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "포털 운영"

    def ready(self) -> None:
        register(check_pdf)
