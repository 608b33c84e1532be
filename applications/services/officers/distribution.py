"""Distributing files that are nobody's among the officers of their sub-programme, by its rules."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import DistributionPlan, DistributionRule
from applications.queries.officers import stand_ins
from applications.queries.officers.charge import eligible
from applications.queries.officers.distribution import current, loads, nobodys
from applications.rules.officers.distribution import in_turn
from applications.services.officers.charge import How, place, tied_to
from applications.states import Charge
from portal.access import impartiality
from portal.core.dates import korean_day
from portal.core.errors import BadInput, PortalError, StaleVersion
from portal.models import User
from programs.models import SubProgram
from programs.roles import MANAGER

logger = logging.getLogger(__name__)

MOST = 20_000
"""Files of a sub-programme in one run of the sweep, so that other due dates do not wait long."""
MOST_RULES = 40


def set_rules(
    program: SubProgram,
    rules: Sequence[DistributionRule],
    *,
    base: int,
    by: User,
    now: datetime,
) -> DistributionPlan:
    """Put these rules, in their order, in force for a sub-programme; none stops the distribution.

    `base` is the number of the plan that they were made from, 0 for none. Raises BadInput (`officer`,
    `track`, `rules`), StaleVersion when another plan came first, MoveNotAllowed.
    """
    impartiality.require(by, {MANAGER}, about=None, message="배분 규칙은 결정권자가 정합니다.")
    _check(program, rules)
    last = current(program)
    if base != (last.number if last else 0):
        raise StaleVersion
    try:
        with transaction.atomic():
            plan = DistributionPlan.objects.create(
                sub_program=program, number=base + 1, made_by=by, made_at=now
            )
            for order, row in enumerate(rules, start=1):
                row.plan, row.order = plan, order
            DistributionRule.objects.bulk_create(rules)
    except IntegrityError as earlier:
        raise StaleVersion from earlier
    return plan


def sweep(now: datetime) -> int:
    """Distribute what was filed since, for every sub-programme with rules; return how many files.

    Never part of a filing, so that none is slower or fails because of it.
    """
    planned = SubProgram.objects.filter(distribution_plans__isnull=False).distinct()
    return sum(_distribute(program, now) for program in planned)


def _distribute(program: SubProgram, now: datetime) -> int:
    try:
        return distribute(program, now=now, most=MOST)
    except PortalError as refused:  # as when an officer became a firm's member: the others go on
        logger.warning("%s 배분을 마치지 못함: %s", program.code, refused.code)
        return 0


def distribute(program: SubProgram, *, now: datetime, most: int | None = None) -> int:
    """Put files that are nobody's in charge of officers by the rules in force; return how many.

    Set by set: a few statements for each rule and 2,000 files. Safe to repeat and to run twice at once.
    """
    plan = current(program)
    rules = list(plan.rules.select_related("officer")) if plan else []
    if not rules or not nobodys(program).exists():
        return 0
    desk = _desk(program, now)
    placed = 0
    for rule in rules:
        rest = None if most is None else most - placed
        if rest is None or rest > 0:
            placed += _by_rule(program, rule, desk, rest)
    return placed


@dataclass(frozen=True)
class Desk:
    """Who may get files today, who stands in for whom, and which files each may not have."""

    present: dict[int, User]
    stand_ins: dict[int, User]
    barred: dict[int, frozenset[int]]
    now: datetime


def _desk(program: SubProgram, now: datetime) -> Desk:
    away = stand_ins.stand_ins(korean_day(now))
    present = {row.pk: row for row in eligible(program) if row.pk not in away}
    waiting = nobodys(program)
    barred = {pk: tied_to([person], waiting) for pk, person in present.items()}
    return Desk(present, away, barred, now)


def _by_rule(program: SubProgram, rule: DistributionRule, desk: Desk, most: int | None) -> int:
    rows = nobodys(program).filter(rule.fits)
    if rule.officer_id is None:
        files = rows.order_by("pk").values_list("pk", flat=True)[:most]
        shares = in_turn(files, loads(list(desk.present)), desk.barred)
        how = How(Charge.DISTRIBUTED, desk.now)
        return sum(
            place(nobodys(program).filter(pk__in=share), officer=desk.present[pk], how=how)
            for pk, share in shares.items()
        )
    stand_in = desk.stand_ins.get(rule.officer_id)
    one = desk.present.get(stand_in.pk if stand_in else rule.officer_id)
    if one is None:
        return 0
    kind, why = (
        (Charge.STAND_IN, f"{rule.officer} 담당자 부재") if stand_in else (Charge.DISTRIBUTED, "")
    )
    how = How(kind, desk.now, reason=why)
    return place(rows, officer=one, how=how, without=desk.barred[one.pk], most=most)


def _check(program: SubProgram, rules: Sequence[DistributionRule]) -> None:
    if len(rules) > MOST_RULES:
        raise BadInput(f"규칙은 {MOST_RULES}개까지 둘 수 있습니다.", code="rules")
    officers = {row.officer_id for row in rules if row.officer_id is not None}
    tracks = {row.track_id for row in rules if row.track_id is not None}
    if eligible(program).filter(pk__in=officers).count() != len(officers):
        raise BadInput(
            "이 내역사업의 담당자이고 계정을 쓰고 있는 사람만 고를 수 있습니다.", code="officer"
        )
    if program.tracks.filter(pk__in=tracks).count() != len(tracks):
        raise BadInput("이 내역사업의 지원유형이 아닙니다.", code="track")
