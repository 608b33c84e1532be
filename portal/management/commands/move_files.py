"""Copy the stored files from the folder to the bucket of `PORTAL_FILES_URL`, or back."""

from collections import Counter

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core.errors import Unavailable
from portal.uploads import files, moving
from portal.uploads.moving import Outcome
from portal.uploads.stores.folder import Folder

REPORT_EVERY = 1_000


class Command(BaseCommand):
    help = "저장한 파일을 폴더에서 PORTAL_FILES_URL의 버킷으로 옮깁니다. 끊기면 다시 실행하세요."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--back", action="store_true", help="버킷에서 폴더로 옮깁니다.")
        parser.add_argument(
            "--delete", action="store_true", help="옮긴 것을 해시로 확인한 뒤 원본을 지웁니다."
        )

    def handle(self, *, back: bool, delete: bool, **options: object) -> None:
        if settings.BUCKET is None:
            raise CommandError("PORTAL_FILES_URL을 정한 뒤 실행하세요.")
        folder, bucket = Folder(), files.kept_in()
        source, target = (bucket, folder) if back else (folder, bucket)
        counts: Counter[Outcome] = Counter()
        deleted = 0
        try:
            for moved in moving.move(source, target, delete=delete):
                counts[moved.outcome] += 1
                deleted += moved.deleted
                if moved.outcome is Outcome.CONFLICT:
                    self.stdout.write(f"{moved.name}: 같은 이름의 다른 내용이 있어 두었습니다.")
                if counts.total() % REPORT_EVERY == 0:
                    self.stdout.write(f"{counts.total():,}개를 확인했습니다.")
        except Unavailable as away:
            raise CommandError(f"{away.message} 다시 실행하면 이어서 옮깁니다.") from away
        self.stdout.write(
            f"옮긴 파일 {counts[Outcome.COPIED]:,}개, 이미 있던 파일 {counts[Outcome.THERE]:,}개, "
            f"지운 원본 {deleted:,}개."
        )
        if counts[Outcome.CONFLICT]:
            raise CommandError(f"내용이 다른 파일이 {counts[Outcome.CONFLICT]:,}개 있습니다.")
