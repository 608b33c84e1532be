"""What waits for managers: proposals that another manager has made."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from portal.models import User
from portal.staff.filters import OPEN
from portal.staff.worklists import Area, Whose, Worklist
from programs.models import PotProposal, RoundProposal, RuleProposal, TotalProposal
from programs.roles import MANAGER
from programs.visibility import pots_of, rounds_of, sub_programs_of

OPEN_PROPOSAL = Q(ended_at=None)


def rules(person: User, now: datetime) -> QuerySet[RuleProposal]:
    mine = sub_programs_of(person).values("pk")
    return RuleProposal.objects.filter(OPEN_PROPOSAL, sub_program__in=mine)


def dates(person: User, now: datetime) -> QuerySet[RoundProposal]:
    return RoundProposal.objects.filter(OPEN_PROPOSAL, round__in=rounds_of(person).values("pk"))


def pots(person: User, now: datetime) -> QuerySet[PotProposal]:
    return PotProposal.objects.filter(OPEN_PROPOSAL, pot__in=pots_of(person).values("pk"))


def totals(person: User, now: datetime) -> QuerySet[TotalProposal]:
    return TotalProposal.objects.filter(OPEN_PROPOSAL, round__in=rounds_of(person).values("pk"))


def _proposals(
    code: str, label: str, rows: Callable[[User, datetime], QuerySet[Any]], screen: str
) -> Worklist:
    return Worklist(
        code,
        Area.SETTING,
        label,
        frozenset({MANAGER}),
        rows,
        f"admin:programs_{screen}_changelist",
        OPEN,
        since="at",
        whose=Whose.APPROVAL,
    )


WORKLISTS = (
    _proposals("rules-proposed", "승인할 규칙 변경", rules, "ruleproposal"),
    _proposals("dates-proposed", "승인할 접수 기간 변경", dates, "roundproposal"),
    _proposals("pots-proposed", "승인할 예산 변경", pots, "potproposal"),
    _proposals("totals-proposed", "승인할 총예산 변경", totals, "totalproposal"),
)
