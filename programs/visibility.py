"""Who sees which programme: announced rounds are everybody's, staff see their own."""

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from portal.access.roles import AUDITOR, OPERATOR, roles_of
from portal.models import User
from programs.models import Budget, LedgerEntry, ProgramRound, SubProgram
from programs.roles import MANAGER, OFFICER

SEES_ALL = frozenset({MANAGER, AUDITOR, OPERATOR})


def sees_all(user: User) -> bool:
    """Tell whether this person sees every sub-programme."""
    return bool(user.is_superuser or roles_of(user) & SEES_ALL)


def public_rounds() -> QuerySet[ProgramRound]:
    """Rounds that were announced."""
    return ProgramRound.objects.filter(announced=True)


def public_sub_programs() -> QuerySet[SubProgram]:
    """What anybody may read and apply to."""
    return SubProgram.objects.filter(round__announced=True)


def public_pots() -> QuerySet[Budget]:
    """Pots of announced programmes, and pots that serve no programme."""
    announced = SubProgram.objects.filter(round__announced=True)
    return Budget.objects.filter(Q(pk__in=announced.values("pot")) | Q(sub_programs=None)).order_by(
        "pk"
    )


def public_entries() -> QuerySet[LedgerEntry]:
    """Movements of public pots, without those that a wing holds back until it has announced them."""
    entries = LedgerEntry.objects.filter(budget__in=public_pots().values("pk"))
    for name in settings.LEDGER_HELD_BACK:
        entries = import_string(name)(entries)
    return entries


def rounds_of(user: User) -> QuerySet[ProgramRound]:
    """Rounds on the desk of this member of staff."""
    if sees_all(user):
        return ProgramRound.objects.all()
    return ProgramRound.objects.filter(pk__in=sub_programs_of(user).values("round"))


def sub_programs_of(user: User) -> QuerySet[SubProgram]:
    """Sub-programmes on the desk of this member of staff; officers have only their own."""
    if sees_all(user):
        return SubProgram.objects.all()
    if OFFICER in roles_of(user):
        return SubProgram.objects.filter(pk__in=user.sub_programs.values("pk"))
    return SubProgram.objects.none()
