"""What each kind of process starts for the operators when it begins."""

from django.conf import settings
from django.utils.module_loading import import_string

from portal.monitoring import exporter


def web() -> None:
    """Begin a web process, before its application is made."""
    _report("portal-web")
    exporter.start()


def worker(**_signal: object) -> None:
    """Begin a process of a worker's pool."""
    _report("portal-worker")
    exporter.start()


def beat(**_signal: object) -> None:
    """Begin beat, the one process that tells what the database holds."""
    _report("portal-beat")
    exporter.start(of_database=True)


def _report(service: str) -> None:
    # By name: their libraries are loaded only where a setting asks for them.
    if settings.OTLP_URL:
        import_string("portal.monitoring.tracing.start")(service)
    if settings.SENTRY_DSN:
        import_string("portal.monitoring.errors.start")(service)
