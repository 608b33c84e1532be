"""Have the scanner judge files that were stored before there was one; exit code 1 for a quarantine."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.errors import Unavailable
from portal.models import Verdict
from portal.records import scanning
from portal.uploads import clamd


class Command(BaseCommand):
    help = "아직 검사하지 않은 파일을 모두 검사합니다. 끊기면 다시 실행하세요."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--again", action="store_true", help="통과한 파일도 지금의 검사 기준으로 다시 봅니다."
        )

    def handle(self, *, again: bool, **options: object) -> None:
        if not clamd.configured():
            raise CommandError("PORTAL_CLAMAV_URL을 정한 뒤 실행하세요.")
        count = quarantined = 0
        try:
            for checked in scanning.scan_named(again=again):
                count += 1
                quarantined += checked.verdict == Verdict.QUARANTINED
                if checked.verdict != Verdict.PASSED:
                    self.stdout.write(f"{checked.name}: {checked.signature or checked.verdict}")
        except Unavailable as away:
            raise CommandError(f"{away.message} 다시 실행하세요.", returncode=2) from away
        summary = f"파일 {count:,}개를 검사했습니다."
        if quarantined:
            raise CommandError(f"{summary} 격리한 것이 {quarantined:,}개 있습니다.")
        self.stdout.write(summary)
