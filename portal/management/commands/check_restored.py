"""Verify the restored copy that DATABASE_URL names; `restore_drill` runs it."""

import json

from django.core.management import BaseCommand, CommandError

from portal.core.errors import PortalError
from portal.recovery import checks


class Command(BaseCommand):
    help = "복구한 사본(읽기 전용)을 확인하고 결과를 JSON 한 줄로 씁니다. restore_drill이 부릅니다."

    def handle(self, **options: object) -> None:
        try:
            found = checks.everything()
        except PortalError as error:
            raise CommandError(error.message) from error
        self.stdout.write(json.dumps(found, ensure_ascii=False))
