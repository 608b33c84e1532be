"""Load the report rules of panel rounds: `manage.py load_panel_reports [FILE...]`; repeatable.

Without files it loads those that come with the portal.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.clock import now
from portal.core.errors import PortalError
from vouchers.services import plans


class Command(BaseCommand):
    help = "모니터링단 보고서의 서식, 기한, 점수 산식과 시상 등급을 파일에서 읽어 반영합니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"] or plans.files():
            try:
                loaded = plans.load(plans.read(path), by=None, now=now())
            except PortalError as refused:
                faults = "\n".join(f"  - {row.message}" for row in refused.findings)
                raise CommandError(f"{path}: 반영하지 않았습니다.\n{faults}") from refused
            self.stdout.write(f"{path}: {loaded} 기준을 반영했습니다.")
