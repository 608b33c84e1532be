"""List the private files that no row refers to; with `--delete`, remove them."""

from django.core.management.base import BaseCommand, CommandParser

from portal.core.clock import now
from portal.uploads import files, unreferenced


class Command(BaseCommand):
    help = "어떤 자료에도 속하지 않는, 하루가 지난 파일을 찾습니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="찾은 파일을 지웁니다.")

    def handle(self, *, delete: bool, **options: object) -> None:
        count = 0
        for name in unreferenced.find(now=now()):
            self.stdout.write(name)
            if delete:
                files.kept_in().discard(name)
            count += 1
        outcome = "지웠습니다" if delete else "찾았습니다. 지우려면 --delete를 붙이세요"
        self.stdout.write(f"속한 곳이 없는 파일 {count}개를 {outcome}.")
