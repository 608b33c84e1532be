"""Restore the backup to an instant, verify everything on the copy and sign a receipt."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, CommandParser

from portal.core.clock import KST, now
from portal.core.errors import PortalError
from portal.recovery import drill
from portal.templatetags.dates import kst


class Command(BaseCommand):
    """`restore_drill [--to INSTANT] [--config FILE]`; fails when the drill did."""

    help = "백업을 정한 시점으로 풀어 모두 확인하고, 서명한 확인증을 남깁니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", default="", metavar="시각", help="2026-11-29T14:00:00(KST). 없으면 5분 전."
        )
        parser.add_argument(
            "--config",
            default=settings.BACKUP_CONFIG,
            metavar="파일",
            help="pgBackRest의 설정 파일. 없으면 PORTAL_BACKUP_CONFIG.",
        )

    def handle(self, **options: Any) -> None:
        if not options["config"]:
            raise CommandError("--config나 PORTAL_BACKUP_CONFIG로 pgBackRest의 설정을 알려 주세요.")
        to = self.instant(options["to"]) if options["to"] else now() - drill.LAG
        try:
            receipt = drill.run(options["config"], to)
        except PortalError as error:
            raise CommandError(error.message) from error
        self.stdout.write(receipt.text)
        self.stdout.write(
            f"{kst(receipt.restored_to)} 시점으로 {receipt.seconds:.0f}초 만에 복구해 "
            f"기록 {receipt.rows:,}개와 파일 {receipt.files:,}개를 확인했습니다."
        )
        if not receipt.passed:
            raise CommandError("이상이 있습니다. 확인증의 faults를 보세요.")

    @staticmethod
    def instant(text: str) -> datetime:
        try:
            found = datetime.fromisoformat(text)
        except ValueError as error:
            raise CommandError("--to는 2026-11-29T14:00:00 모양으로 적어 주세요.") from error
        return found if found.tzinfo else found.replace(tzinfo=KST)
