"""The accounts and open rounds that every part needs, made in the database it copies."""

from datetime import timedelta

from django.contrib.auth.models import Group

from bench.bulk.prototypes import DOMAIN, NO_PASSWORD
from portal.core.clock import now
from portal.models import User
from programs.models import ProgramRound
from programs.roles import MANAGER, OFFICER
from programs.services import rounds

MANAGER_EMAIL = f"bench@{DOMAIN}"
OFFICER_EMAIL = f"bench-confirmer@{DOMAIN}"


def run() -> dict[str, str]:
    """Make a manager and an officer, and open every round for ten days before and after now."""
    at = now()
    manager = User.objects.create(
        email=MANAGER_EMAIL, password=NO_PASSWORD, name="측정", is_staff=True
    )
    manager.groups.add(Group.objects.get(name=MANAGER))
    second = User.objects.create(
        email=f"bench-second@{DOMAIN}", password=NO_PASSWORD, name="측정 승인", is_staff=True
    )
    second.groups.add(Group.objects.get(name=MANAGER))
    officer = User.objects.create(
        email=OFFICER_EMAIL, password=NO_PASSWORD, name="측정 확인", is_staff=True
    )
    officer.groups.add(Group.objects.get(name=OFFICER))
    for row in ProgramRound.objects.all():
        change = rounds.propose(
            row,
            opens_at=at - timedelta(days=10),
            closes_at=at + timedelta(days=10),
            by=manager,
            now=at,
            reason="측정",
        )
        rounds.approve(change, by=second, now=at)
    return {"manager": manager.email}
