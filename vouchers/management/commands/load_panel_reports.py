"""Load the report rules of a round: `manage.py load_panel_reports [FILE]`; repeatable."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.clock import now
from portal.core.errors import PortalError
from vouchers.services import plans


class Command(BaseCommand):
    help = "모니터링단 보고서의 서식, 기한, 점수 산식과 시상 등급을 파일에서 읽어 반영합니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", default=plans.FOLDER / "2021.yaml")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            loaded = plans.load(plans.read(Path(options["file"])), by=None, now=now())
        except PortalError as refused:
            raise CommandError("\n".join(row.message for row in refused.findings)) from refused
        self.stdout.write(f"반영했습니다: {loaded}")
