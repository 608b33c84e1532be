"""Load showcases from a data file and submit them for review."""

from pathlib import Path

from django.core.management import BaseCommand, CommandError, CommandParser

from kamp.services.showcases import data_file
from portal.core.clock import now
from portal.models import User


class Command(BaseCommand):
    help = "사례 자료 파일을 읽어 검토할 사례를 만듭니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, default=data_file.FILE)
        parser.add_argument("--by", required=True, help="편집자의 이메일")

    def handle(self, *, file: Path, by: str, **options: object) -> None:
        editor = User.objects.filter(email=by.lower()).first()
        if editor is None:
            raise CommandError("그런 계정이 없습니다.")
        loaded = data_file.load(file, by=editor, now=now())
        self.stdout.write(f"새 사례 {len(loaded)}건이 검토를 기다립니다.")
