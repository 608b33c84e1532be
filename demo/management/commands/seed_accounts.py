"""Make the demo's accounts."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.db import transaction

from applications.roles import ASSESSOR
from demo.commands import DemoCommand
from demo.people import PASSWORD, PEOPLE, Person
from portal.access.roles import ensure_groups
from portal.models import User


class Command(DemoCommand):
    """`seed_accounts`: existing accounts are left unchanged."""

    help = "시연 계정을 만듭니다(시연에서만)."

    def handle(self, **options: object) -> None:
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
