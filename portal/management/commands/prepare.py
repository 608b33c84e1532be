"""Everything a database needs before the portal serves from it; safe to repeat."""

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from portal.access.roles import ensure_groups
from portal.core.errors import BadInput
from portal.records import grants


class Command(BaseCommand):
    help = "데이터베이스를 서비스할 수 있게 준비합니다(반복해도 안전)."

    def handle(self, **options: object) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        call_command("createcachetable", verbosity=options["verbosity"])
        self._grant()
        ensure_groups()
        call_command("load_catalogue")
        call_command("load_panel")
        call_command("load_panel_reports")
        call_command("index_companies")

    def _grant(self) -> None:
        if settings.APP_ROLE and settings.POSTGRES:
            try:
                changed = grants.grant(settings.APP_ROLE)
            except BadInput as error:
                raise CommandError(error.message) from error
            self.stdout.write(f"{settings.APP_ROLE} 역할의 권한을 바꾼 표: {changed:,}개")
