"""The people who act in bulk data."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import Group

from applications.models import Company, Member
from applications.roles import ASSESSOR
from applications.states import MemberRole
from bench.bulk.prototypes import DOMAIN, MARK, NO_PASSWORD, business_number
from portal.models import User
from programs.roles import OFFICER

SUPPLIERS, ASSESSORS = 20, 100


@dataclass
class People:
    """Primary keys of the people who act; nobody can sign in as one of them."""

    officer: int
    assessors: list[int]
    suppliers: list[tuple[int, str, str, int]]  # company, name, business number, person

    @classmethod
    def load(cls, now: datetime) -> "People":
        """Find or create them."""
        officer = _staff("officer", 0, OFFICER)
        assessors = [_staff("assessor", place, ASSESSOR) for place in range(ASSESSORS)]
        return cls(officer, assessors, [_supplier(place, now) for place in range(SUPPLIERS)])


def _staff(what: str, place: int, role: str) -> int:
    user, created = User.objects.get_or_create(
        email=f"{what}{place}@{DOMAIN}",
        defaults={"name": f"{MARK}{what} {place}", "password": NO_PASSWORD, "is_active": False},
    )
    if created:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user.pk


def _supplier(place: int, now: datetime) -> tuple[int, str, str, int]:
    user, _ = User.objects.get_or_create(
        email=f"supplier{place}@{DOMAIN}",
        defaults={"name": f"{MARK}공급 {place}", "password": NO_PASSWORD, "is_active": False},
    )
    member = user.memberships.select_related("company").first()
    if member is None:
        company = Company.objects.create(
            business_number=business_number(10_000_000 + place), name=f"{MARK}공급기업 {place}"
        )
        member = Member.objects.create(company=company, user=user, role=MemberRole.OWNER, since=now)
    company = member.company
    return company.pk, company.name, company.business_number, user.pk
