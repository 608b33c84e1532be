"""Give somebody a role without a second person: for the first people of a portal."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import transaction

from portal.access import granting
from portal.access.accounts import account_of
from portal.access.roles import declared
from portal.core.clock import now
from portal.core.errors import PortalError
from portal.models import User


class Command(BaseCommand):
    """`give_role EMAIL ROLE --reason TEXT [--part CODE …]`; whoever may run it owns the server."""

    help = "첫 담당자에게 역할을 줍니다. 그 뒤로는 담당자 화면에서 요청하고 승인합니다."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("role", choices=sorted(declared()))
        parser.add_argument("--reason", required=True)
        parser.add_argument("--part", action="append", default=[], help="회차/내역사업")

    def handle(self, *args: Any, **options: Any) -> None:
        user = account_of(options["email"])
        if user is None:
            raise CommandError("이 주소로 만든 계정이 없습니다.")
        try:
            granting.check_role(options["role"], options["part"])
        except PortalError as error:
            raise CommandError(str(error)) from error
        with transaction.atomic():
            locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
            change = granting.give(
                locked,
                options["role"],
                codes=options["part"],
                reason=options["reason"],
                by=None,
                now=now(),
            )
        self.stdout.write(f"{locked.email}: {', '.join(change.after)}")
