"""The demo's accounts."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import BaseCommand, CommandError
from django.db import transaction

from applications.roles import ASSESSOR
from demo.people import PASSWORD, PEOPLE, Person
from portal.access.roles import ensure_groups
from portal.models import User


class Command(BaseCommand):
    """Make the demo's people; those who are there stay as they are."""

    help = "시연 계정을 만듭니다(PORTAL_DEMO에서만)."

    def handle(self, **options: object) -> None:
        """Create who is missing."""
        if not settings.DEMO:
            raise CommandError("시연 계정은 PORTAL_DEMO=1에서만 만들 수 있습니다.")
        ensure_groups()
        for person in PEOPLE:
            if not User.objects.filter(email=person.email).exists():
                make(person)


@transaction.atomic
def make(person: Person) -> User:
    """Create one account with its verified address and, for staff, a second factor."""
    user = User.objects.create_user(
        person.email, PASSWORD, name=person.name, is_staff=person.role not in ("", ASSESSOR)
    )
    EmailAddress.objects.create(user=user, email=person.email, verified=True, primary=True)
    if person.role:
        user.groups.add(Group.objects.get(name=person.role))
        TOTP.activate(user, generate_totp_secret())
        if not Authenticator.objects.filter(user=user, type="recovery_codes").exists():
            RecoveryCodes.activate(user)
    return user
