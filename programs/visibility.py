"""Who sees which programme: everybody the announced rounds, staff also their own."""

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string

from portal.access.roles import AUDITOR, OPERATOR, roles_of
from portal.models import User
from programs.models import Budget, LedgerEntry, ProgramRound, SubProgram
from programs.roles import MANAGER, OFFICER

SEES_ALL = frozenset({MANAGER, AUDITOR, OPERATOR})


def sees_all(user: User) -> bool:
    return bool(user.is_superuser or roles_of(user) & SEES_ALL)


def public_rounds() -> QuerySet[ProgramRound]:
    return ProgramRound.objects.filter(announced=True)


def public_sub_programs() -> QuerySet[SubProgram]:
    return SubProgram.objects.filter(round__announced=True)


def public_pots() -> QuerySet[Budget]:
    """Return the pots of announced programmes, and pots that serve no programme."""
    announced = SubProgram.objects.filter(round__announced=True)
    return Budget.objects.filter(Q(pk__in=announced.values("pot")) | Q(sub_programs=None)).order_by(
        "pk"
    )


def public_entries() -> QuerySet[LedgerEntry]:
    """Return the entries of public pots, without those that an app holds back (LEDGER_HELD_BACK)."""
    entries = LedgerEntry.objects.filter(budget__in=public_pots().values("pk"))
    for name in settings.LEDGER_HELD_BACK:
        entries = import_string(name)(entries)
    return entries


def pots_of(user: User) -> QuerySet[Budget]:
    """Return the pots a member of staff may see; officers only those of their sub-programmes."""
    if sees_all(user):
        return Budget.objects.all()
    return Budget.objects.filter(pk__in=sub_programs_of(user).values("pot"))


def entries_of(user: User) -> QuerySet[LedgerEntry]:
    """Return the ledger entries of the pots that a member of staff may see."""
    if sees_all(user):
        return LedgerEntry.objects.all()
    return LedgerEntry.objects.filter(budget__in=pots_of(user).values("pk"))


def rounds_of(user: User) -> QuerySet[ProgramRound]:
    if sees_all(user):
        return ProgramRound.objects.all()
    return ProgramRound.objects.filter(pk__in=sub_programs_of(user).values("round"))


def sub_programs_of(user: User) -> QuerySet[SubProgram]:
    """Return the sub-programmes that this member of staff may see; officers only their own."""
    if sees_all(user):
        return SubProgram.objects.all()
    if OFFICER in roles_of(user):
        return user.sub_programs.all()
    return SubProgram.objects.none()
