"""App configuration of the portal."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate

from portal.celery import app as celery_app  # noqa: F401 - the app of every `shared_task`
from portal.paper.pdf import check_pdf
from portal.records import guard_sync


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "포털 운영"

    def ready(self) -> None:
        register(check_pdf)
        register(guard_sync.check_guards, Tags.database, deploy=True)
        # The only signals of the project: Django's hook for what must follow every migration, be it
        # by `migrate`, `prepare`, the set-up of a test database or `flush`. All apps are migrated
        # by then, so a guard may refer to the tables of any.
        pre_migrate.connect(guard_sync.before_migrate, sender=self)
        post_migrate.connect(guard_sync.after_migrate, sender=self)
