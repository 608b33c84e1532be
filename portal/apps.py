"""App configuration of the portal."""

from celery.signals import beat_init, worker_process_init
from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import import_string

from portal.access import factor_secrets
from portal.celery import app as celery_app  # noqa: F401 - the app of every `shared_task`
from portal.core import keys, tickets
from portal.paper.pdf import check_pdf
from portal.records import grants, guard_sync, limits
from portal.web import static_files


class PortalConfig(AppConfig):
    name = "portal"
    verbose_name = "포털 운영"

    def ready(self) -> None:
        register(check_pdf)
        register(tickets.check_key, Tags.security, deploy=True)
        register(static_files.check_folders, Tags.security, deploy=True)
        register(keys.check_keys, Tags.security, deploy=True)
        register(factor_secrets.check_factors, Tags.database, deploy=True)
        register(guard_sync.check_guards, Tags.database, deploy=True)
        register(grants.check_rights, Tags.database, deploy=True)
        register(limits.check_limits, Tags.database, deploy=True)
        # The only signals of the project. Celery has no other hook for a process that begins.
        # By name: it needs the models, which are loaded by now.
        worker_process_init.connect(import_string("portal.monitoring.processes.worker"))
        beat_init.connect(import_string("portal.monitoring.processes.beat"))
        # Django's hook for what must follow every migration, be it by `migrate`, `prepare`, the
        # set-up of a test database or `flush`. All apps are migrated by then, so a guard may refer
        # to the tables of any.
        pre_migrate.connect(guard_sync.before_migrate, sender=self)
        post_migrate.connect(guard_sync.after_migrate, sender=self)
