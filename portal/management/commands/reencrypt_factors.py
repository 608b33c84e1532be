"""Encrypt every second factor under the newest key; safe to repeat, also while people sign in."""

from django.core.management import BaseCommand, CommandError

from portal.access import factor_secrets
from portal.core.errors import PortalError


class Command(BaseCommand):
    """`reencrypt_factors`; fails where a second factor cannot be read."""

    help = "2단계 인증 정보를 새 PORTAL_MFA_KEY로 다시 암호화합니다(반복해도 안전)."

    def handle(self, **options: object) -> None:
        try:
            outcome = factor_secrets.reencrypt()
        except PortalError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"다시 암호화한 2단계 인증 정보: {outcome.changed:,}개")
        if outcome.unreadable:
            count = len(outcome.unreadable)
            raise CommandError(f"{factor_secrets.LOST.format(count=count)} {factor_secrets.REMEDY}")
