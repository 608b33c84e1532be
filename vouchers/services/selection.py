"""Selecting the panel: marks, a frozen ranked list, its release, and who moves up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from portal.access.roles import roles_of
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.models import User
from portal.notices import outbox
from portal.records import snapshot
from portal.records.workflow import move
from programs.rules import calendar
from vouchers.models import (
    Monitor,
    PanelApplication,
    PanelDecision,
    PanelMark,
    PanelRound,
    PanelSelection,
    SupplierTie,
)
from vouchers.roles import PANEL_OPERATOR
from vouchers.rules import selection as rules
from vouchers.services import conflicts
from vouchers.services import members as members_services
from vouchers.states import (
    MemberKind,
    MonitorMoves,
    MonitorState,
    PanelApplicationMoves,
    PanelApplicationState,
    PanelOutcome,
    PanelSelectionMoves,
    PanelSelectionState,
)

MOVES = {
    PanelOutcome.SELECTED: PanelApplicationMoves.SELECT,
    PanelOutcome.RESERVE: PanelApplicationMoves.RESERVE,
    PanelOutcome.REJECTED: PanelApplicationMoves.REJECT,
}


@transaction.atomic
def mark(
    application: PanelApplication,
    *,
    points: Mapping[str, int],
    reason: str,
    by: User,
    now: datetime,
) -> PanelMark:
    """Mark an applicant on every criterion, with a reason; marking again replaces one's own marks.

    Raises MoveNotAllowed, BadInput (`points`, `reason`).
    """
    criteria = {row.code: row for row in application.round.criteria.all()}
    if set(points) != set(criteria):
        raise BadInput("모든 기준에 점수를 주세요.", code="points")
    for code, row in criteria.items():
        if not 0 <= points[code] <= row.max_points:
            raise BadInput(f"{row.label}: 0점부터 {row.max_points}점까지입니다.", code="points")
    if not reason.strip():
        raise BadInput("평가 의견을 적어 주세요.", code="reason")
    move(application, PanelApplicationMoves.MARK, by=by, now=now)
    made, _ = PanelMark.objects.update_or_create(
        application=application,
        by=by,
        defaults={"points": dict(points), "reason": reason.strip(), "at": now},
    )
    return made


def propose(round: PanelRound, *, by: User, now: datetime) -> PanelSelection:
    """Rank every filed application from frozen marks and rules.

    Raises MoveNotAllowed (`role`), RuleBroken with everything that is not ready.
    """
    _operator_only(by)
    conflicts.recheck(now=now)
    with transaction.atomic():
        locked = PanelRound.objects.select_for_update(no_key=True).get(pk=round.pk)
        if findings := unready(locked, now=now):
            raise RuleBroken(findings, message="선정안을 만들 수 없습니다.")
        ruled, candidates = rules_of(locked), candidates_of(locked)
        inputs = _inputs(ruled, candidates)
        verdicts = rules.select(candidates, ruled)
        last = locked.selections.aggregate(last=Max("number"))["last"] or 0
        made = PanelSelection.objects.create(
            round=locked,
            number=last + 1,
            rules=inputs["rules"],
            inputs=inputs["candidates"],
            inputs_sha256=snapshot.sha256(inputs),
            results_sha256=digest(verdicts),
            notes=_notes(candidates, ruled),
            requested_by=by,
            requested_at=now,
        )
        PanelDecision.objects.bulk_create(
            [
                PanelDecision(
                    selection=made,
                    application_id=row.id,
                    outcome=row.outcome,
                    rank=row.rank,
                    total=row.total,
                    breakdown=dict(row.parts),
                    reason=row.reason,
                )
                for row in verdicts
            ]
        )
    return made


def recompute(selection: PanelSelection) -> str:
    """Compute a selection again from what was frozen with it; returns the hash of the result."""
    frozen = selection.rules
    ruled = rules.Rules(
        criteria=tuple(rules.Criterion(**row) for row in frozen["criteria"]),
        places=frozen["places"],
        reserve=frozen["reserve"],
        least=frozen["least"],
    )
    candidates = [
        rules.Candidate(row["id"], row["kind"], tuple(row["marks"]), row["filed"])
        for row in selection.inputs
    ]
    return digest(rules.select(candidates, ruled))


def digest(verdicts: Sequence[rules.Verdict]) -> str:
    """Hash a result: who, with which outcome, rank and points."""
    rows = [[row.id, row.outcome, row.rank, row.total, dict(row.parts)] for row in verdicts]
    return snapshot.sha256(rows)


def unready(round: PanelRound, *, now: datetime) -> list[Finding]:
    """Everything that keeps a panel from being selected now."""
    findings = []
    if calendar.state(round.window(), now) != calendar.CLOSED:
        findings.append(Finding("round_open", "모집이 아직 끝나지 않았습니다."))
    if round.selections.filter(state=PanelSelectionState.RELEASED).exists():
        findings.append(Finding("released", "이미 결과를 발표했습니다."))
    filed = round.applications.filter(state=PanelApplicationState.SUBMITTED)
    if not filed.exists():
        findings.append(Finding("nobody", "접수된 지원이 없습니다."))
    if count := filed.filter(marks=None).count():
        findings.append(Finding("unmarked", f"평가하지 않은 지원이 {count:,}건 있습니다."))
    return findings


def rules_of(round: PanelRound) -> rules.Rules:
    """The rules as the panel's data say now."""
    return rules.Rules(
        criteria=tuple(
            rules.Criterion(row.code, row.label, row.max_points, row.weight)
            for row in round.criteria.all()
        ),
        places=round.target_count,
        reserve=round.reserve_count,
        least={row.code: row.least_members for row in round.kinds.all()},
    )


def candidates_of(round: PanelRound) -> list[rules.Candidate]:
    """Every filed application with its marks, in the order of filing."""
    rows = (
        round.applications.filter(state=PanelApplicationState.SUBMITTED)
        .order_by("submitted_at", "pk")
        .prefetch_related("marks")
    )
    return [
        rules.Candidate(
            row.pk,
            row.kind,
            tuple(mark.points for mark in sorted(row.marks.all(), key=lambda mark: mark.pk)),
            place,
        )
        for place, row in enumerate(rows, start=1)
    ]


@transaction.atomic
def release(selection: PanelSelection, *, by: User, now: datetime) -> dict[str, int]:
    """Tell everybody at once: states, members and letters in one transaction.

    Raises MoveNotAllowed (also when somebody else has just released), RuleBroken (`changed`) when
    applications changed since the list was made, (`tied`) when somebody has a tie by now.
    """
    move(selection, PanelSelectionMoves.RELEASE, by=by, now=now, changes={"released_at": now})
    decisions = list(
        selection.decisions.select_related("application__user", "application__round").order_by(
            "rank"
        )
    )
    waiting = set(
        selection.round.applications.filter(state=PanelApplicationState.SUBMITTED).values_list(
            "pk", flat=True
        )
    )
    if waiting != {row.application_id for row in decisions}:
        raise RuleBroken(
            [
                Finding(
                    "changed", "선정안을 만든 뒤 접수된 지원이 바뀌었습니다. 다시 만들어 주세요."
                )
            ],
            code="changed",
        )
    people = [row.application.user_id for row in decisions]
    if SupplierTie.objects.filter(user__in=people, ended_at=None).exists():
        raise RuleBroken(
            [Finding("tied", "공급기업과 관계가 드러난 지원자가 있습니다. 다시 만들어 주세요.")],
            code="tied",
        )
    members = 0
    for row in decisions:
        outcome = PanelOutcome(row.outcome)
        move(row.application, MOVES[outcome], by=by, now=now)
        if outcome == PanelOutcome.SELECTED:
            members += 1
            _join(row.application, members, now)
        _tell(row.application, row, now)
    counts = Counter(row.outcome for row in decisions)
    return {outcome.value: counts[outcome.value] for outcome in PanelOutcome}


@transaction.atomic
def discard(selection: PanelSelection, *, reason: str, by: User, now: datetime) -> None:
    """Throw a list away. Raises MoveNotAllowed."""
    move(selection, PanelSelectionMoves.DISCARD, by=by, now=now, note=reason)


@transaction.atomic
def decline(
    application: PanelApplication, *, by: User, now: datetime, owner: bool = True
) -> Monitor | None:
    """Give a place up; the next in reserve moves up and is returned, if there is one.

    Raises MoveNotAllowed.
    """
    held = application.state == PanelApplicationState.SELECTED
    move(application, PanelApplicationMoves.DECLINE, by=by, now=now, owner=owner)
    monitor = Monitor.objects.filter(application=application).first()
    if monitor is not None and monitor.state == MonitorState.ACTIVE:
        move(
            monitor,
            MonitorMoves.LEAVE,
            by=by,
            now=now,
            owner=owner,
            note="참여를 사양했습니다.",
            changes={"left_at": now},
        )
        members_services.drop_all(monitor, reason="단원이 참여를 사양했습니다.", by=by, now=now)
    return move_up(application.round, by=None, now=now) if held else None


@transaction.atomic
def move_up(round: PanelRound, *, by: User | None, now: datetime) -> Monitor | None:
    """Let the next in reserve move up; those who are tied by now are barred and passed over.

    Returns None when nobody is left. Raises MoveNotAllowed.
    """
    PanelRound.objects.select_for_update(no_key=True).get(pk=round.pk)
    while (chosen := _next(round)) is not None:
        found = conflicts.check(chosen.user, chosen, now=now)
        if found:
            conflicts.bar(chosen, reason=found[0].message, by=None, now=now)
            continue
        move(chosen, PanelApplicationMoves.MOVE_UP, by=by, now=now)
        last = round.monitors.aggregate(last=Max("number"))["last"] or 0
        monitor = _join(chosen, last + 1, now)
        outbox.write(
            "vouchers/panel_moved_up",
            to_email=chosen.user.email,
            user=chosen.user,
            key=f"panel-moved-up:{chosen.pk}",
            now=now,
            round=round,
            monitor=monitor,
        )
        return monitor
    return None


def _next(round: PanelRound) -> PanelApplication | None:
    waiting = PanelDecision.objects.filter(
        selection__round=round,
        selection__state=PanelSelectionState.RELEASED,
        application__state=PanelApplicationState.RESERVE,
    ).order_by("rank")
    reserves = list(waiting.values_list("application_id", "application__kind"))
    members = Counter(
        round.monitors.filter(state=MonitorState.ACTIVE).values_list("kind", flat=True)
    )
    least = {row.code: row.least_members for row in round.kinds.all()}
    pk = rules.next_in_reserve(reserves, members, least)
    if pk is None:
        return None
    return PanelApplication.objects.select_related("user", "round").get(pk=pk)


def _join(application: PanelApplication, number: int, now: datetime) -> Monitor:
    """Make a member; the database refuses whoever is tied. Raises RuleBroken (`tied`)."""
    try:
        with transaction.atomic():
            return Monitor.objects.create(
                round=application.round,
                user=application.user,
                application=application,
                number=number,
                kind=application.kind,
                load=application.round.load,
                joined_at=now,
            )
    except IntegrityError as tied:
        raise RuleBroken(
            [Finding("tied", f"{application.name}: 공급기업과 관계가 있습니다.")], code="tied"
        ) from tied


def _tell(application: PanelApplication, decision: PanelDecision, now: datetime) -> None:
    outbox.write(
        "vouchers/panel_result",
        to_email=application.user.email,
        user=application.user,
        key=f"panel-result:{application.pk}",
        now=now,
        application=application,
        round=application.round,
        decision=decision,
    )


def _inputs(ruled: rules.Rules, candidates: Sequence[rules.Candidate]) -> dict[str, Any]:
    return {
        "rules": {
            "criteria": [asdict(row) for row in ruled.criteria],
            "places": ruled.places,
            "reserve": ruled.reserve,
            "least": dict(ruled.least),
        },
        "candidates": [
            {
                "id": row.id,
                "kind": row.kind,
                "marks": [dict(mark) for mark in row.marks],
                "filed": row.filed,
            }
            for row in candidates
        ],
    }


def _notes(candidates: Sequence[rules.Candidate], ruled: rules.Rules) -> list[str]:
    there = Counter(row.kind for row in candidates)
    return [
        f"{MemberKind(kind).label}: 최소 {ruled.least[kind]}명을 두려 했으나"
        f" 지원자가 {there[kind]}명입니다."
        for kind in rules.shortages(candidates, ruled)
    ]


def _operator_only(by: User) -> None:
    if PANEL_OPERATOR not in roles_of(by):
        raise MoveNotAllowed("운영기관만 할 수 있는 처리입니다.", code="role")
