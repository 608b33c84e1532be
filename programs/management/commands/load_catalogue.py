"""Load catalogue files and print what changed."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.clock import now
from portal.core.errors import PortalError
from programs.services.catalogue import data_file, loading


class Command(BaseCommand):
    """`load_catalogue [files…]`; without files, those that come with the portal."""

    help = "사업 자료 파일을 반영하고 바뀐 것을 출력합니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"] or data_file.files():
            try:
                report = loading.load(data_file.read(path), by=None, now=now())
            except PortalError as error:
                faults = "\n".join(f"  - {row.message}" for row in error.findings)
                raise CommandError(f"{path}: 반영하지 않았습니다.\n{faults}") from error
            self.stdout.write(f"{path}: {len(report.touched)}건 바뀜 / {len(report.changes)}건")
            for change in report.touched if options["verbosity"] else ():
                self.stdout.write(f"  {change}")
