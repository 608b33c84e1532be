"""Selection of panel members: marks, a frozen ranked list, its release, the reserve."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from portal.access import impartiality
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
from vouchers.rules import selection as selection_rules
from vouchers.services import assignment, conflicts, members, recruitment
from vouchers.states import (
    MemberKind,
    MonitorMoves,
    MonitorState,
    PanelApplicationMoves,
    PanelApplicationState,
    PanelOutcome,
    PanelSelectionMoves,
    PanelSelectionState,
    TieStanding,
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
    """Save an officer's points on every criterion, with a reason, replacing their earlier ones.

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
    """Rank the submitted applications from frozen marks and rules.

    Raises MoveNotAllowed (`role`), RuleBroken with everything that is not ready.
    """
    _operator_only(by, round)
    conflicts.recheck(now=now)
    with transaction.atomic():
        locked = PanelRound.objects.select_for_update(no_key=True).get(pk=round.pk)
        if findings := unready(locked, now=now):
            raise RuleBroken(findings, message="선정안을 만들 수 없습니다.")
        policy, candidates = rules_of(locked), candidates_of(locked)
        inputs = _inputs(policy, candidates)
        verdicts = selection_rules.select(candidates, policy)
        last = locked.selections.aggregate(last=Max("number"))["last"] or 0
        made = PanelSelection.objects.create(
            round=locked,
            number=last + 1,
            rules=inputs["rules"],
            inputs=inputs["candidates"],
            inputs_sha256=snapshot.sha256(inputs),
            results_sha256=digest(verdicts),
            notes=_notes(candidates, policy),
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
    """Compute a selection again from its frozen inputs; return the hash of the result."""
    frozen = selection.rules
    frozen_rules = selection_rules.Rules(
        criteria=tuple(selection_rules.Criterion(**row) for row in frozen["criteria"]),
        places=frozen["places"],
        reserve=frozen["reserve"],
        least=frozen["least"],
    )
    candidates = [
        selection_rules.Candidate(row["id"], row["kind"], tuple(row["marks"]), row["filed"])
        for row in selection.inputs
    ]
    return digest(selection_rules.select(candidates, frozen_rules))


def digest(verdicts: Sequence[selection_rules.Verdict]) -> str:
    """Return the SHA-256 of a result: ids, outcomes, ranks and points."""
    rows = [[row.id, row.outcome, row.rank, row.total, dict(row.parts)] for row in verdicts]
    return snapshot.sha256(rows)


def unready(round: PanelRound, *, now: datetime) -> list[Finding]:
    """Return everything that prevents a selection now."""
    findings = []
    if calendar.state(round.window(), now) != calendar.CLOSED:
        findings.append(Finding("round_open", "모집이 아직 끝나지 않았습니다."))
    if round.selections.filter(state=PanelSelectionState.RELEASED).exists():
        findings.append(Finding("released", "이미 결과를 발표했습니다."))
    filed = round.applications.filter(state=PanelApplicationState.SUBMITTED)
    if not filed.exists():
        findings.append(Finding("nobody", "접수된 지원이 없습니다."))
    if count := conflicts.undecided(filed.values("user")).count():
        findings.append(
            Finding(
                "undecided", f"판단을 기다리는 이해관계가 {count:,}건 있습니다. 먼저 판단해 주세요."
            )
        )
    if count := filed.filter(marks=None).count():
        findings.append(Finding("unmarked", f"평가하지 않은 지원이 {count:,}건 있습니다."))
    return findings


def rules_of(round: PanelRound) -> selection_rules.Rules:
    return selection_rules.Rules(
        criteria=tuple(
            selection_rules.Criterion(row.code, row.label, row.max_points, row.weight)
            for row in round.criteria.all()
        ),
        places=round.target_count,
        reserve=round.reserve_count,
        least={row.code: row.least_members for row in round.kinds.all()},
    )


def candidates_of(round: PanelRound) -> list[selection_rules.Candidate]:
    """Return the submitted applications with their marks, in filing order."""
    rows = (
        round.applications.filter(state=PanelApplicationState.SUBMITTED)
        .order_by("submitted_at", "pk")
        .prefetch_related("marks")
    )
    return [
        selection_rules.Candidate(
            row.pk,
            row.kind,
            tuple(mark.points for mark in sorted(row.marks.all(), key=lambda mark: mark.pk)),
            place,
        )
        for place, row in enumerate(rows, start=1)
    ]


@transaction.atomic
def release(selection: PanelSelection, *, by: User, now: datetime) -> dict[str, int]:
    """Release the results: states, new members and mails in one transaction. Return the counts.

    Raises MoveNotAllowed, RuleBroken (`changed`) when applications changed since the list was made,
    (`tied`) when an applicant has a tie by now.
    """
    move(selection, PanelSelectionMoves.RELEASE, by=by, now=now, changes={"released_at": now})
    decisions = list(
        selection.decisions.select_related("application__user", "application__round").order_by(
            "rank"
        )
    )
    submitted = set(
        selection.round.applications.filter(state=PanelApplicationState.SUBMITTED).values_list(
            "pk", flat=True
        )
    )
    if submitted != {row.application_id for row in decisions}:
        raise RuleBroken(
            [
                Finding(
                    "changed", "선정안을 만든 뒤 접수된 지원이 바뀌었습니다. 다시 만들어 주세요."
                )
            ],
            code="changed",
        )
    people = [row.application.user_id for row in decisions]
    if (
        SupplierTie.objects.filter(user__in=people, ended_at=None)
        .exclude(standing=TieStanding.DISMISSED)
        .exists()
    ):
        raise RuleBroken(
            [Finding("tied", "공급기업과 관계가 드러난 지원자가 있습니다. 다시 만들어 주세요.")],
            code="tied",
        )
    joined = 0
    for row in decisions:
        outcome = PanelOutcome(row.outcome)
        move(row.application, MOVES[outcome], by=by, now=now)
        if outcome == PanelOutcome.SELECTED:
            joined += 1
            _create_member(row.application, joined, now)
        _notify(row.application, row, now)
    counts = Counter(row.outcome for row in decisions)
    return {outcome.value: counts[outcome.value] for outcome in PanelOutcome}


@transaction.atomic
def discard(selection: PanelSelection, *, reason: str, by: User, now: datetime) -> None:
    move(selection, PanelSelectionMoves.DISCARD, by=by, now=now, note=reason)


@transaction.atomic
def decline(
    application: PanelApplication, *, by: User, now: datetime, owner: bool = True
) -> Monitor | None:
    """Record that an applicant declines; return the member who moves up from the reserve, if any.

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
        members.drop_all(monitor, reason="단원이 참여를 사양했습니다.", by=by, now=now)
    moved_up = move_up(application.round, by=None, now=now) if held else None
    if monitor is not None:
        assignment.refill(application.round, by=by, now=now)
    return moved_up


@transaction.atomic
def move_up(round: PanelRound, *, by: User | None, now: datetime) -> Monitor | None:
    """Make the next in reserve a member.

    None when the reserve is empty, and when the next has a tie that staff must decide on first.
    Raises MoveNotAllowed.
    """
    PanelRound.objects.select_for_update(no_key=True).get(pk=round.pk)
    if (chosen := _next(round)) is not None:
        if conflicts.check(chosen.user, chosen, now=now):
            return None
        move(chosen, PanelApplicationMoves.MOVE_UP, by=by, now=now)
        last = round.monitors.aggregate(last=Max("number"))["last"] or 0
        monitor = _create_member(chosen, last + 1, now)
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


@transaction.atomic
def fill(round: PanelRound, *, by: User, now: datetime) -> Monitor:
    """Make the next in reserve a member while a place is free, as the operator decides.

    Raises MoveNotAllowed (`role`, `full`, `nobody`).
    """
    _operator_only(by, round)
    if round.monitors.filter(state=MonitorState.ACTIVE).count() >= round.target_count:
        raise MoveNotAllowed("빈자리가 없습니다.", code="full")
    made = move_up(round, by=by, now=now)
    if made is None:
        raise MoveNotAllowed(
            "예비가 없거나, 다음 예비의 이해관계를 먼저 판단해야 합니다.", code="nobody"
        )
    return made


def _next(round: PanelRound) -> PanelApplication | None:
    in_reserve = PanelDecision.objects.filter(
        selection__round=round,
        selection__state=PanelSelectionState.RELEASED,
        application__state=PanelApplicationState.RESERVE,
    ).order_by("rank")
    reserves = list(in_reserve.values_list("application_id", "application__kind"))
    by_kind = Counter(
        round.monitors.filter(state=MonitorState.ACTIVE).values_list("kind", flat=True)
    )
    least = {row.code: row.least_members for row in round.kinds.all()}
    pk = selection_rules.next_in_reserve(reserves, by_kind, least)
    if pk is None:
        return None
    return PanelApplication.objects.select_related("user", "round").get(pk=pk)


def _create_member(application: PanelApplication, number: int, now: datetime) -> Monitor:
    recruitment.check_not_staff(application.user)
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


def _notify(application: PanelApplication, decision: PanelDecision, now: datetime) -> None:
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


def _inputs(
    policy: selection_rules.Rules, candidates: Sequence[selection_rules.Candidate]
) -> dict[str, Any]:
    return {
        "rules": {
            "criteria": [asdict(row) for row in policy.criteria],
            "places": policy.places,
            "reserve": policy.reserve,
            "least": dict(policy.least),
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


def _notes(
    candidates: Sequence[selection_rules.Candidate], policy: selection_rules.Rules
) -> list[str]:
    applied = Counter(row.kind for row in candidates)
    return [
        f"{MemberKind(kind).label}: 최소 {policy.least[kind]}명을 두려 했으나"
        f" 지원자가 {applied[kind]}명입니다."
        for kind in selection_rules.shortages(candidates, policy)
    ]


def _operator_only(by: User, round: PanelRound) -> None:
    impartiality.require(
        by, [PANEL_OPERATOR], about=round, message="운영기관만 할 수 있는 처리입니다."
    )
