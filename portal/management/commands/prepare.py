"""Everything a database needs before the portal serves from it; safe to repeat."""

from django.core.management import BaseCommand, call_command

from portal.access.roles import ensure_groups


class Command(BaseCommand):
    help = "데이터베이스를 서비스할 수 있게 준비합니다(반복해도 안전)."

    def handle(self, **options: object) -> None:
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        call_command("createcachetable", verbosity=options["verbosity"])
        ensure_groups()
        call_command("load_catalogue")
        call_command("load_panel")
