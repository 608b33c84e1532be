"""The base class of the demo's commands."""

from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError


class DemoCommand(BaseCommand):
    """A command that refuses to run with any settings but the demo's."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        # The app is installed for tests and benchmarks too; its accounts have a public password.
        if not getattr(settings, "DEMO", False):
            raise CommandError(
                "시연용 명령입니다. DJANGO_SETTINGS_MODULE=demo.settings로 실행하세요."
            )
        return super().execute(*args, **options)
