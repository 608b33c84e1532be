"""Experts: apply with evidence, be verified by staff, be matched to firms and replaced."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from applications.models import Deliverable, Expert, ExpertMatch
from applications.queries import delivery as queries
from applications.services.assessment import conflicts
from applications.services.delivery import deliverables
from applications.states import AgreementState, DeliverableMoves, DeliverableState, ExpertState
from portal.access import impartiality
from portal.access.roles import roles_of
from portal.assignment import matching
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, Finding, MoveNotAllowed, NotFound, RuleBroken, StaleVersion
from portal.core.particles import with_particle
from portal.core.text import name as clean_name
from portal.core.validators import business_number
from portal.models import DeclaredTie, User
from portal.notices import outbox
from portal.records import snapshot
from portal.records.workflow import move, set_state
from portal.uploads import files
from programs.models import ProgramRound, SubProgram
from programs.roles import MANAGER, OFFICER
from programs.states import Region

EVIDENCE = ("pdf", "jpg", "png", "zip")
MOST_NAMED = 20


def apply(
    round: ProgramRound,
    *,
    pool: str,
    route: str,
    fields: Sequence[str],
    regions: Sequence[str],
    years: int,
    evidence: "File[bytes]",
    by: User,
    now: datetime,
    employer: str = "",
    degree: str = "",
    institution: str = "",
    institution_number: str = "",
    career: str = "",
) -> Expert:
    """Apply to a pool with evidence of the career, which staff verify.

    The institution is recorded as a declared tie. Raises BadInput (`pool`, `route`, `fields`, `regions`,
    `institution`, file codes), MoveNotAllowed (`already_expert`).
    """
    row = next((one for one in round.pools if one["code"] == pool), None)
    if row is None:
        raise BadInput("없는 전문가 풀입니다.", code="pool")
    if route not in {one["code"] for one in row["routes"]}:
        raise BadInput("자격을 골라 주세요.", code="route")
    if not fields or set(fields) - {one["code"] for one in row["fields"]}:
        raise BadInput("분야를 하나 이상 골라 주세요.", code="fields")
    if not regions or set(regions) - set(Region.values):
        raise BadInput("활동 지역을 하나 이상 골라 주세요.", code="regions")
    ranges.check("career_years", years, today=korean_day(now), code="years")
    number = business_number(institution_number) if institution_number.strip() else ""
    employer, institution = clean_name(employer), clean_name(institution)
    if row.get("institution") and not (institution and number):
        raise BadInput("소속 기관의 이름과 사업자등록번호를 적어 주세요.", code="institution")
    seen = files.inspect(evidence, allowed=EVIDENCE)
    try:
        with transaction.atomic():
            expert = Expert.objects.create(
                user=by,
                pool=pool,
                route=route,
                employer=employer,
                years=years,
                degree=degree.strip(),
                institution=institution,
                institution_number=number,
                career=career.strip(),
                fields=sorted(fields),
                regions=sorted(regions),
                capacity=row["capacity"],
                file=files.store(evidence, by=by),
                file_name=seen.name,
                file_sha256=seen.sha256,
                content_type=seen.content_type,
            )
            if number:
                DeclaredTie.objects.create(
                    user=by,
                    kind=DeclaredTie.Kind.EMPLOYMENT,
                    firm_name=institution,
                    business_number=number,
                    note=f"{row['label']} 등록",
                    declared_at=now,
                    declared_by=by,
                )
    except IntegrityError as twice:
        raise MoveNotAllowed(
            "이미 신청했거나 등록된 전문가입니다.", code="already_expert"
        ) from twice
    return expert


def judge(expert: Expert, *, verified: bool, reason: str, by: User, now: datetime) -> Expert:
    """Verify an expert's evidence, or refuse it with the reason.

    Raises MoveNotAllowed for anybody but staff, for one's own application and when it is decided
    already (`already_judged`), BadInput (`reason`).
    """
    impartiality.require(
        by,
        [OFFICER, MANAGER],
        about=expert,
        message="이 전문가를 확인할 권한이 없습니다.",
        code="move_not_allowed",
    )
    if not verified and not reason.strip():
        raise BadInput("등록을 거절하는 사유를 적어 주세요.", code="reason")
    target = ExpertState.VERIFIED if verified else ExpertState.REFUSED
    with transaction.atomic():
        judged = set_state(
            Expert.objects.filter(pk=expert.pk, state=ExpertState.APPLIED),
            target,
            reason=reason.strip()[:300],
            checked_by=by,
            checked_at=now,
        )
        if not judged:
            raise MoveNotAllowed("이미 처리한 신청입니다.", code="already_judged")
        expert.refresh_from_db()
        outbox.write(
            "applications/expert_judged",
            to_email=expert.user.email,
            user=expert.user,
            key=f"expert_judged:{expert.pk}",
            now=now,
            expert=expert,
        )
    return expert


def ties(expert: Expert, deliverable: Deliverable) -> list[Finding]:
    """Return every tie that bars this expert from working for this firm."""
    return conflicts.ties(deliverable.agreement.application, expert.user)


def assign(
    deliverable: Deliverable, *, expert: Expert, by: User, now: datetime, note: str = ""
) -> Deliverable:
    """Assign a deliverable to an expert, or replace the expert while it is under way.

    The expert is told, and who is replaced as well. Raises RuleBroken with every tie or at full
    capacity, NotFound for others than staff, MoveNotAllowed (`agreement_closed`, `same_expert`, or
    where somebody else was assigned meanwhile).
    """
    _check_staff(by, deliverable)
    if not queries.goes_on(deliverable):
        raise MoveNotAllowed("수행 중인 협약이 아닙니다.", code="agreement_closed")
    before = deliverable.expert
    if before == expert:
        raise MoveNotAllowed("이미 이 일을 맡은 전문가입니다.", code="same_expert")
    findings = _unfit(expert, deliverable) + ties(expert, deliverable)
    if findings:
        raise RuleBroken(findings, message="이 전문가를 배정할 수 없습니다.")
    with transaction.atomic():
        Expert.objects.select_for_update(no_key=True).get(pk=expert.pk)
        if load_of(expert) >= expert.capacity:
            raise RuleBroken([_full(expert)], message="이 전문가를 배정할 수 없습니다.")
        planned = deliverable.state == DeliverableState.PLANNED
        step = DeliverableMoves.ASSIGN if planned else DeliverableMoves.REPLACE
        note_text = f"{before or '없음'} → {expert}" + (f": {note}" if note.strip() else "")
        if not planned and not note.strip():
            note_text = ""  # the move requires a reason and refuses an empty one
        row = move(
            deliverable,
            step,
            by=by,
            now=now,
            note=note_text,
            where={"expert": before},  # two who assign at once: the second is refused
            changes={"expert": expert},
        )
        _notify(expert, deliverable, row.pk, now)
        if before is not None:
            deliverables.tell_released(before, deliverable, row.pk, reason=note, now=now)
    return deliverable


def load_of(expert: Expert) -> int:
    """Return how many deliverables of living agreements the expert has open."""
    return queries.occupying().filter(expert=expert).count()


def propose(
    sub_program: SubProgram, *, pool: str, seed: int, by: User, now: datetime
) -> ExpertMatch:
    """Match the pool's experts to firms without one, by field, region, load and ties.

    The same seed and data give the same proposal. Raises NotFound for others than staff or an
    unknown pool (`pool`).
    """
    row = queries.pool_of(sub_program.round, pool)
    _check_staff(by, _without_expert(sub_program, pool))
    open_rows = list(_without_expert(sub_program, pool))
    experts = list(_available(pool))
    options, barred = _options(row, experts, open_rows)
    solution = matching.solve(
        [matching.Worker(one.pk, max(0, one.capacity - one.busy)) for one in experts],
        [matching.Task(one.pk, 1) for one in open_rows],
        options,
        seed=seed,
        balance=row["fit_load"],
    )
    inputs = {
        "options": sorted(options),
        "room": [[one.pk, one.capacity - one.busy] for one in experts],
        "waiting": [one.pk for one in open_rows],
        "balance": row["fit_load"],
        "seed": seed,
    }
    return ExpertMatch.objects.create(
        sub_program=sub_program,
        pool=pool,
        seed=seed,
        inputs_sha256=snapshot.sha256(inputs),
        pairs=[list(pair) for pair in solution.pairs],
        shortages=_shortage_texts(solution, open_rows, experts, barred),
        made_by=by,
        made_at=now,
    )


def confirm(match: ExpertMatch, *, by: User, now: datetime) -> int:
    """Assign as proposed, all or nothing; return how many.

    Raises MoveNotAllowed (`already_confirmed`), RuleBroken, StaleVersion.
    """
    _check_staff(by, match)
    with transaction.atomic():
        changed = ExpertMatch.objects.filter(pk=match.pk, confirmed_at=None).update(
            confirmed_by=by, confirmed_at=now
        )
        if not changed:
            raise MoveNotAllowed("이미 확정한 배정안입니다.", code="already_confirmed")
        experts = Expert.objects.in_bulk([pair[0] for pair in match.pairs])
        rows = Deliverable.objects.select_related("agreement__application").in_bulk(
            [pair[1] for pair in match.pairs]
        )
        for expert, deliverable in match.pairs:
            if rows[deliverable].expert_id is not None:
                raise StaleVersion("그 사이에 배정된 기업이 있습니다. 배정안을 다시 만드세요.")
            assign(rows[deliverable], expert=experts[expert], by=by, now=now)
    match.refresh_from_db()
    return len(match.pairs)


def _without_expert(sub_program: SubProgram, pool: str) -> QuerySet[Deliverable]:
    return (
        Deliverable.objects.filter(
            agreement__application__sub_program=sub_program,
            agreement__state=AgreementState.ACTIVE,
            state=DeliverableState.PLANNED,
            spec__pool=pool,
            expert=None,
        )
        .select_related("agreement__application__submission")
        .order_by("pk")
    )


def _available(pool: str) -> Any:
    return (
        Expert.objects.filter(pool=pool, state=ExpertState.VERIFIED, user__is_active=True)
        .select_related("user")
        .annotate(busy=Count("deliverables", filter=Q(deliverables__in=queries.occupying())))
        .order_by("pk")
    )


def _options(
    pool: dict[str, Any], experts: Sequence[Any], open_rows: Sequence[Deliverable]
) -> tuple[list[tuple[int, int, int]], dict[int, int]]:
    """Return the permitted pairs with their costs, and the number of tied experts by firm."""
    options: list[tuple[int, int, int]] = []
    barred: dict[int, int] = {}
    for row in open_rows:
        application = row.agreement.application
        content = application.submission.content
        wanted = set(content.get("answers", {}).get(row.spec.get("matched_on") or "", []) or [])
        region = application.region
        tied = conflicts.ties_of(application, [one.user for one in experts])
        barred[row.pk] = sum(bool(tied[one.user_id]) for one in experts)
        for one in experts:
            if tied[one.user_id]:
                continue
            cost = 0 if not wanted or wanted & set(one.fields) else pool["fit_field"]
            cost += 0 if not region or region in one.regions else pool["fit_region"]
            options.append((one.pk, row.pk, cost))
    return options, barred


def _shortage_texts(
    solution: matching.Solution,
    open_rows: Sequence[Deliverable],
    experts: Sequence[Any],
    barred: dict[int, int],
) -> list[str]:
    names = {row.pk: str(row.agreement.application) for row in open_rows}
    words = [
        f"{names[row.task]}: 등록된 전문가 {len(experts)}명 가운데 {barred[row.task]}명이 "
        "이해관계가 있어 맡을 수 있는 사람이 없습니다."
        if row.reason == "permitted"
        else f"{names[row.task]}: 맡을 수 있는 전문가 {row.permitted}명의 자리가 모두 찼습니다."
        for row in solution.shortages[:MOST_NAMED]
    ]
    if len(solution.shortages) > MOST_NAMED:
        words.append(f"그 밖에 {len(solution.shortages) - MOST_NAMED:,}곳이 더 모자랍니다.")
    if (lack := solution.deficit) is not None:
        words.append(
            f"기업 {len(lack.tasks):,}곳에 필요한 {lack.wanted:,}자리에 전문가 "
            f"{len(lack.workers):,}명의 여력이 {lack.room:,}자리여서 {lack.missing:,}자리가 모자랍니다."
        )
    return words


def _unfit(expert: Expert, deliverable: Deliverable) -> list[Finding]:
    findings = []
    if expert.state != ExpertState.VERIFIED or expert.pool != deliverable.spec.get("pool"):
        findings.append(
            Finding("expert", f"{with_particle(expert, '은/는')} 이 일의 등록된 전문가가 아닙니다.")
        )
    return findings


def _full(expert: Expert) -> Finding:
    return Finding(
        "expert_full",
        f"{with_particle(expert, '은/는')} 이미 {expert.capacity}곳을 맡고 있습니다.",
    )


def _check_staff(by: User, about: impartiality.Things) -> None:
    if not roles_of(by) & {OFFICER, MANAGER}:
        raise NotFound
    impartiality.check(by, about)


def _notify(expert: Expert, deliverable: Deliverable, row: int, now: datetime) -> None:
    # By the row of the move: who is replaced may be assigned again.
    outbox.write(
        "applications/expert_assigned",
        to_email=expert.user.email,
        user=expert.user,
        key=f"expert_assigned:move:{row}",
        now=now,
        deliverable=deliverable,
        application=deliverable.agreement.application,
    )
