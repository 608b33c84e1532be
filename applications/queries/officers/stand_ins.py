"""Who is absent on a day, and who stands in."""

from datetime import date, datetime

from django.db.models import Q, QuerySet

from applications.models import Application, StandIn
from portal.core.dates import korean_day
from portal.models import User


def running(day: date) -> QuerySet[StandIn]:
    return StandIn.objects.filter(first_day__lte=day, last_day__gte=day, ended_at=None)


def stand_ins(day: date) -> dict[int, User]:
    """Return who stands in on this day, by the key of the absent officer."""
    return {row.officer_id: row.stand_in for row in running(day).select_related("stand_in")}


def stood_in_for(person: User, day: date) -> list[int]:
    """Return the keys of the officers for whom a person stands in on this day."""
    return list(running(day).filter(stand_in=person).values_list("officer", flat=True))


def own_files(person: User, day: date) -> Q:
    """Return the condition for one's own files and those that one stands in for."""
    return Q(officer__in=[person.pk, *stood_in_for(person, day)])


def told_about(application: Application, now: datetime) -> list[User]:
    """Return whom mails to staff about an application go to.

    Its officer, or who stands in today; every officer of the sub-programme while it is nobody's, or
    when that one person has no working account there.
    """
    everybody = list(application.sub_program.officers.filter(is_active=True))
    if application.officer_id is None:
        return everybody
    stand_in = running(korean_day(now)).filter(officer=application.officer_id).first()
    one = stand_in.stand_in_id if stand_in else application.officer_id
    return [row for row in everybody if row.pk == one] or everybody
