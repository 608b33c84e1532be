"""What is there to distribute, and what each rule would take."""

from collections.abc import Sequence

from django.db.models import Case, Count, QuerySet, Value, When

from applications.models import Application, DistributionPlan, DistributionRule
from applications.queries.officers.charge import chargeable
from applications.states import ApplicationState as S
from programs.models import SubProgram

WORKED_ON = (S.SUBMITTED, S.SCREENING, S.ASSESSING, S.DECIDED)
"""States whose files count as load."""
NO_RULE = -1


def current(program: SubProgram | int) -> DistributionPlan | None:
    return DistributionPlan.objects.filter(sub_program=program).order_by("-number").first()


def nobodys(program: SubProgram | int) -> QuerySet[Application]:
    return chargeable().filter(sub_program=program, officer=None)


def loads(officers: Sequence[int]) -> dict[int, int]:
    """Return how many files under work each of these officers has."""
    rows = Application.objects.filter(officer__in=officers, state__in=WORKED_ON)
    counted = rows.order_by().values_list("officer").annotate(Count("pk"))
    return {**dict.fromkeys(officers, 0), **dict(counted)}


def preview(program: SubProgram, rules: Sequence[DistributionRule]) -> tuple[list[int], int]:
    """Return how many files each rule would take now, and how many none would, in one query.

    A file goes to the first rule that fits; ties are not looked at.
    """
    found = {NO_RULE: nobodys(program).count()} if not rules else _counted(program, rules)
    return [found.get(place, 0) for place in range(len(rules))], found.get(NO_RULE, 0)


def _counted(program: SubProgram, rules: Sequence[DistributionRule]) -> dict[int, int]:
    cases = [When(row.fits, then=Value(place)) for place, row in enumerate(rules)]
    which = Case(*cases, default=Value(NO_RULE))
    rows = nobodys(program).order_by().values_list(which).annotate(Count("pk"))
    return dict(rows)
