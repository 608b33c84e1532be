"""Who may have applications in charge, and who has them."""

from typing import Any

from django.db.models import QuerySet

from applications.models import Application
from applications.states import ApplicationState
from portal.models import User
from programs.models import SubProgram
from programs.roles import OFFICER


def eligible(program: SubProgram | int) -> QuerySet[User]:
    """Return who may have files of a sub-programme in charge: its officers with a working account."""
    return User.objects.filter(sub_programs=program, is_active=True, groups__name=OFFICER).order_by(
        "name", "pk"
    )


def eligible_among(programs: QuerySet[Any]) -> QuerySet[User]:
    """Return who may have files of at least one of these sub-programmes in charge."""
    people = User.objects.filter(is_active=True, groups__name=OFFICER)
    return people.filter(sub_programs__in=programs).distinct().order_by("name", "pk")


def chargeable() -> QuerySet[Application]:
    """Return the applications that somebody may have in charge: filed and not withdrawn."""
    return Application.objects.filter(submitted_at__isnull=False).exclude(
        state=ApplicationState.WITHDRAWN
    )


def held_by(officer: User) -> QuerySet[Application]:
    return Application.objects.filter(officer=officer, submitted_at__isnull=False)
