"""Load data files of panel rounds: `manage.py load_panel [FILE...]`; repeatable.

Without files it loads those that come with the portal.
"""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.clock import now
from portal.core.errors import PortalError
from vouchers.services.panel import data_file


class Command(BaseCommand):
    help = "모니터링단 자료 파일을 반영하고 바뀐 것을 출력합니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"] or data_file.files():
            try:
                report = data_file.load_file(path, by=None, now=now())
            except PortalError as error:
                faults = "\n".join(f"  - {row.message}" for row in error.findings)
                raise CommandError(f"{path}: 반영하지 않았습니다.\n{faults}") from error
            self.stdout.write(f"{path}: {len(report.touched)}건 바뀜 / {len(report.changes)}건")
            for change in report.touched if options["verbosity"] else ():
                self.stdout.write(f"  {change}")
