"""Compare every stored file with size and SHA-256 in its row; exit code 1 when one differs."""

from django.core.management.base import BaseCommand, CommandError

from portal.core.errors import Unavailable
from portal.uploads import verification


class Command(BaseCommand):
    help = "저장한 파일마다 크기와 SHA-256을 기록과 견주어 봅니다."

    def handle(self, **options: object) -> None:
        try:
            found = verification.verify()
        except Unavailable as away:
            raise CommandError(away.message, returncode=2) from away
        for table, count in sorted(found.unhashed.items()):
            self.stdout.write(f"{table}: 해시 기록이 없어 있는지만 본 파일 {count}개")
        for fault in found.faults:
            self.stdout.write(str(fault))
        summary = f"파일 {found.files:,}개, {found.size:,}바이트를 읽었습니다."
        if found.faults:
            raise CommandError(f"{summary} 기록과 다른 것이 {len(found.faults)}개 있습니다.")
        self.stdout.write(f"{summary} 모두 기록과 같습니다.")
