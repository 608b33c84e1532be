"""Assessors as staff pages name them: with their affiliation."""

from django.db.models import F, Prefetch, QuerySet, Value
from django.db.models.functions import Coalesce

from applications.roles import ASSESSOR
from portal.models import User


def everybody() -> QuerySet[User]:
    """Return all accounts with the employer of their assessor's profile as `affiliation`."""
    employer = Coalesce(F("assessor_profile__employer"), Value(""))
    return User.objects.annotate(affiliation=employer)


def assessors() -> QuerySet[User]:
    """Return the assessors in use, by name."""
    return everybody().filter(is_active=True, groups__name=ASSESSOR).order_by("name", "pk")


def named(path: str = "assessor") -> "Prefetch[str, QuerySet[User], str]":
    """Return the prefetch of the assessor of each row, with affiliation."""
    return Prefetch(path, everybody())
