"""Who tries which service: wishes, rules of staff, computed runs, confirmation, drop-outs."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from portal.access import impartiality
from portal.assignment import matching
from portal.core.errors import BadInput, Closed, Finding, MoveNotAllowed, RuleBroken
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import User
from portal.notices import outbox
from portal.records import bulk, snapshot
from portal.records.workflow import move
from vouchers.models import (
    Assignment,
    AssignmentRule,
    AssignmentRun,
    ConsumerReport,
    ExclusionProposal,
    Monitor,
    PanelRound,
    Service,
    SupplierTie,
    Wish,
)
from vouchers.roles import PANEL_OPERATOR
from vouchers.rules import assignment as assignment_rules
from vouchers.services import conflicts, members
from vouchers.states import (
    AssignmentMoves,
    AssignmentRunMoves,
    AssignmentRunState,
    AssignmentState,
    MemberKind,
    MonitorMoves,
    MonitorState,
    RuleKind,
    ServiceState,
    TieStanding,
)

JOB = "vouchers.assign"
COLUMNS = ["state", "round_id", "service_id", "monitor_id", "run_id", "assigned_at"]

Pair = tuple[int, int]


@dataclass(frozen=True)
class Problem:
    """Input of the solver; pairs are (member id, service id)."""

    members: tuple[assignment_rules.Member, ...]
    services: tuple[assignment_rules.Demand, ...]
    forbidden: tuple[Pair, ...]
    pinned: tuple[Pair, ...]
    kept: tuple[Pair, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the input in canonical order; `inputs_sha256` covers it together with the seed."""
        return {
            "members": [[row.id, row.kind, row.load, list(row.wishes)] for row in self.members],
            "services": [[row.id, row.members, dict(row.least)] for row in self.services],
            "forbidden": [list(pair) for pair in self.forbidden],
            "pinned": [list(pair) for pair in self.pinned],
            "kept": [list(pair) for pair in self.kept],
        }


# Wishes


@transaction.atomic
def set_wishes(monitor: Monitor, *, codes: Sequence[str], by: User, now: datetime) -> list[Wish]:
    """Replace a member's wishes by service codes in order of preference.

    Raises MoveNotAllowed (`not_active`), Closed (`wishes_closed`), BadInput (`wishes`).
    """
    if monitor.state != MonitorState.ACTIVE:
        raise MoveNotAllowed("활동 중인 단원만 고를 수 있습니다.", code="not_active")
    until = monitor.round.wishes_until
    if until is not None and now >= until:
        raise Closed("희망 서비스를 고르는 기간이 지났습니다.", code="wishes_closed")
    chosen = list(dict.fromkeys(code for code in codes if code))
    most = monitor.round.wishes_most
    if len(chosen) > most:
        raise BadInput(f"{most}개까지 고를 수 있습니다.", code="wishes")
    covered = dict(monitor.round.covered.filter(code__in=chosen).values_list("code", "pk"))
    if unknown := [code for code in chosen if code not in covered]:
        raise BadInput(f"이번에 체험하지 않는 서비스입니다: {', '.join(unknown)}", code="wishes")
    Monitor.objects.select_for_update(no_key=True).get(pk=monitor.pk)
    Wish.objects.filter(monitor=monitor).delete()
    return Wish.objects.bulk_create(
        [
            Wish(monitor=monitor, service_id=covered[code], rank=rank)
            for rank, code in enumerate(chosen, start=1)
        ]
    )


# Rules of staff


@transaction.atomic
def set_rule(
    monitor: Monitor, service: Service, *, kind: str, reason: str, by: User, now: datetime
) -> AssignmentRule:
    """Pin a member to a service or forbid it, replacing an earlier rule for the pair.

    Raises MoveNotAllowed (`role`, `not_active`), BadInput (`reason`, `not_covered`).
    """
    _operator_only(by, monitor, service)
    if not reason.strip():
        raise BadInput("사유를 적어 주세요.", code="reason")
    if not monitor.round.coverage.filter(service=service).exists():
        raise BadInput("이번에 체험하지 않는 서비스입니다.", code="not_covered")
    if kind == RuleKind.PIN and monitor.state != MonitorState.ACTIVE:
        raise MoveNotAllowed("활동 중인 단원만 고정할 수 있습니다.", code="not_active")
    AssignmentRule.objects.filter(monitor=monitor, service=service, ended_at=None).update(
        ended_at=now
    )
    return AssignmentRule.objects.create(
        round=monitor.round,
        monitor=monitor,
        service=service,
        kind=RuleKind(kind),
        reason=reason.strip(),
        by=by,
        at=now,
    )


def end_rule(rule: AssignmentRule, *, by: User, now: datetime) -> bool:
    """End a rule; return whether it was still open. Raises MoveNotAllowed (`role`)."""
    _operator_only(by, rule)
    return bool(AssignmentRule.objects.filter(pk=rule.pk, ended_at=None).update(ended_at=now))


# Runs


@transaction.atomic
def start(round: PanelRound, *, seed: int, by: User, now: datetime) -> AssignmentRun:
    """Create a run and enqueue its job.

    Raises MoveNotAllowed (`role`), RuleBroken with everything that is not ready.
    """
    _operator_only(by, round)
    PanelRound.objects.select_for_update(no_key=True).get(pk=round.pk)
    findings = []
    if not round.monitors.filter(state=MonitorState.ACTIVE).exists():
        findings.append(Finding("no_members", "활동 중인 단원이 없습니다."))
    if not round.coverage.exists():
        findings.append(Finding("no_services", "체험할 서비스를 먼저 정해 주세요."))
    if round.runs.filter(state=AssignmentRunState.PREPARING).exists():
        findings.append(Finding("run_in_progress", "아직 끝나지 않은 배정 계산이 있습니다."))
    if findings:
        raise RuleBroken(findings, message="배정을 계산할 수 없습니다.")
    return _create_run(round, seed, by, now)


def _create_run(round: PanelRound, seed: int, by: User, now: datetime) -> AssignmentRun:
    last = round.runs.aggregate(last=Max("number"))["last"] or 0
    run = AssignmentRun.objects.create(
        round=round, number=last + 1, seed=seed, requested_by=by, requested_at=now
    )
    run.job = queue.enqueue(JOB, key=f"vouchers:assign:{run.pk}", by=by, new=True, run=run.pk)
    run.save(update_fields=["job"])
    return run


def problem(round: PanelRound) -> Problem:
    """Read the solver's input: members without a tie, covered services on sale, rules of staff.

    Active assignments are kept as they are.
    """
    open_ties = SupplierTie.objects.filter(ended_at=None)
    tied = open_ties.filter(standing=TieStanding.BARS).values("user")
    monitors = list(
        round.monitors.filter(state=MonitorState.ACTIVE).exclude(user__in=tied).order_by("pk")
    )
    # Somebody whose tie waits for a decision keeps what they have and gets nothing new meanwhile.
    waiting = set(open_ties.filter(standing=TieStanding.FLAGGED).values_list("user", flat=True))
    wishes: dict[int, list[int]] = defaultdict(list)
    for monitor, service in (
        Wish.objects.filter(monitor__round=round)
        .order_by("monitor", "rank")
        .values_list("monitor_id", "service_id")
    ):
        wishes[monitor].append(service)
    least = {row.code: row.least_each for row in round.kinds.all() if row.least_each}
    coverage = list(
        round.coverage.filter(service__state=ServiceState.ON_SALE).order_by("service_id")
    )
    active = {row.pk for row in monitors}
    waiting_ids = {row.pk for row in monitors if row.user_id in waiting}
    covered = {row.service_id for row in coverage}
    kept = _pairs(round.assignments.filter(state=AssignmentState.ACTIVE), active, covered)
    open_rules = round.rules.filter(ended_at=None)
    forbidden = _pairs(open_rules.filter(kind=RuleKind.FORBID), active, covered)
    pinned = [
        pair
        for pair in _pairs(open_rules.filter(kind=RuleKind.PIN), active - waiting_ids, covered)
        if pair not in set(kept)
    ]
    # A dropped service is not assigned to the same member again.
    dropped = _pairs(round.assignments.filter(state=AssignmentState.DROPPED), active, covered)
    held = Counter(member for member, _ in kept)
    return Problem(
        members=tuple(
            assignment_rules.Member(
                row.pk,
                row.kind,
                held[row.pk] if row.user_id in waiting else row.load,
                tuple(wishes[row.pk]),
            )
            for row in monitors
            if row.user_id not in waiting or held[row.pk]
        ),
        services=tuple(
            assignment_rules.Demand(row.service_id, row.wanted or round.members_per_service, least)
            for row in coverage
        ),
        forbidden=tuple(sorted({*forbidden, *dropped} - set(kept) - set(pinned))),
        pinned=tuple(pinned),
        kept=tuple(kept),
    )


def _pairs(rows: Any, members: set[int], services: set[int]) -> list[Pair]:
    pairs = rows.values_list("monitor_id", "service_id")
    return sorted({pair for pair in pairs if pair[0] in members and pair[1] in services})


def solve(given: Problem, *, seed: int) -> matching.Solution:
    """Compute an assignment; the same problem and seed give the same solution."""
    return matching.solve(
        [matching.Worker(row.id, row.load, row.kind) for row in given.members],
        [matching.Task(row.id, row.members, row.least) for row in given.services],
        assignment_rules.options(given.members, given.services, given.forbidden),
        seed=seed,
        pinned={*given.pinned, *given.kept},
        balance=assignment_rules.BALANCE,
    )


def compute(
    run: AssignmentRun,
    *,
    now: datetime,
    progress: Progress = no_progress,
) -> AssignmentRun:
    """Recheck all ties, solve, and store the proposal with its inputs.

    Returns a run that is no longer being prepared unchanged.
    """
    if run.state != AssignmentRunState.PREPARING:
        return run
    progress(0, 3, "이해관계를 다시 확인하는 중")
    conflicts.recheck(now=now)
    given = problem(run.round)
    progress(1, 3, "배정을 계산하는 중")
    solution = solve(given, seed=run.seed)
    progress(2, 3, "결과를 정리하는 중")
    names = dict(
        Service.objects.filter(pk__in=[row.id for row in given.services]).values_list("pk", "name")
    )
    kept = set(given.kept)
    wished = {(row.id, service) for row in given.members for service in row.wishes}
    pairs = [list(pair) for pair in solution.pairs]
    move(
        run,
        AssignmentRunMoves.PROPOSE,
        by=None,
        now=now,
        changes={
            "inputs": given.as_json(),
            "inputs_sha256": fingerprint(given, run.seed),
            "pairs": pairs,
            "results_sha256": snapshot.sha256(pairs),
            "wanted": sum(row.members for row in given.services),
            "filled": len(pairs),
            "added": len(set(solution.pairs) - kept),
            "wished": len(set(solution.pairs) & wished),
            "explanation": [
                _coverage(run.round, len(given.services)),
                *_waiting(run.round),
                *assignment_rules.explain(solution, names, dict(MemberKind.choices)),
            ],
        },
    )
    return run


def fingerprint(given: Problem, seed: int) -> str:
    """Return the SHA-256 of everything an assignment is computed from."""
    return snapshot.sha256({"seed": seed, "balance": assignment_rules.BALANCE, **given.as_json()})


def recompute(run: AssignmentRun) -> str:
    """Solve a run again from its frozen inputs; return the hash of the result."""
    frozen = run.inputs
    given = Problem(
        members=tuple(
            assignment_rules.Member(id, kind, load, tuple(wishes))
            for id, kind, load, wishes in frozen["members"]
        ),
        services=tuple(
            assignment_rules.Demand(id, wanted, least) for id, wanted, least in frozen["services"]
        ),
        forbidden=tuple((one, other) for one, other in frozen["forbidden"]),
        pinned=tuple((one, other) for one, other in frozen["pinned"]),
        kept=tuple((one, other) for one, other in frozen["kept"]),
    )
    return snapshot.sha256([list(pair) for pair in solve(given, seed=run.seed).pairs])


def _coverage(round: PanelRound, covered: int) -> dict[str, object]:
    on_sale = Service.objects.filter(state=ServiceState.ON_SALE).count()
    text = f"판매 중인 서비스 {on_sale:,}개 가운데 {covered:,}개를 체험합니다."
    if on_sale > covered:
        text += f" 나머지 {on_sale - covered:,}개는 이번에 체험하지 않습니다."
    return {"code": "coverage", "text": text, "services": []}


def _waiting(round: PanelRound) -> list[dict[str, object]]:
    people = round.monitors.filter(state=MonitorState.ACTIVE).values("user")
    count = conflicts.undecided(people).values("user").distinct().count()
    if not count:
        return []
    text = f"이해관계 판단을 기다리는 단원 {count:,}명에게는 새로 배정하지 않습니다."
    return [{"code": "undecided", "text": text, "services": []}]


@transaction.atomic
def confirm(run: AssignmentRun, *, by: User, now: datetime) -> int:
    """Create the proposed assignments and notify the members; return how many are new.

    Raises MoveNotAllowed, RuleBroken (`changed`) when the inputs have changed since, (`tied`) when
    the database refuses a tied member.
    """
    move(run, AssignmentRunMoves.CONFIRM, by=by, now=now, changes={"confirmed_at": now})
    PanelRound.objects.select_for_update(no_key=True).get(pk=run.round_id)
    given = problem(run.round)
    if fingerprint(given, run.seed) != run.inputs_sha256:
        raise RuleBroken(
            [
                Finding(
                    "changed",
                    "계산한 뒤 단원, 희망, 서비스, 고정·금지 가운데 바뀐 것이 있습니다. "
                    "다시 계산해 주세요.",
                )
            ],
            code="changed",
        )
    kept = set(given.kept)
    new = [tuple(pair) for pair in run.pairs if tuple(pair) not in kept]
    try:
        with transaction.atomic():
            bulk.insert(
                Assignment,
                COLUMNS,
                [
                    (AssignmentState.ACTIVE.value, run.round_id, service, monitor, run.pk, now)
                    for monitor, service in new
                ],
            )
    except IntegrityError as tied:
        raise RuleBroken(
            [Finding("tied", "공급기업과 관계가 드러난 단원이 있습니다. 다시 계산해 주세요.")],
            code="tied",
        ) from tied
    _notify(run, now)
    return len(new)


def _notify(run: AssignmentRun, now: datetime) -> None:
    services: dict[int, list[Service]] = defaultdict(list)
    rows = run.assignments.select_related("monitor__user", "service__supplier").order_by(
        "service__name"
    )
    users = {}
    for row in rows:
        users[row.monitor_id] = row.monitor.user
        services[row.monitor_id].append(row.service)
    for monitor, user in users.items():
        outbox.write(
            "vouchers/panel_assigned",
            to_email=user.email,
            user=user,
            key=f"panel-assigned:{run.pk}:{monitor}",
            new=True,
            now=now,
            round=run.round,
            services=services[monitor],
        )


@transaction.atomic
def discard(run: AssignmentRun, *, reason: str, by: User, now: datetime) -> None:
    move(run, AssignmentRunMoves.DISCARD, by=by, now=now, note=reason)


# Dropping out


@transaction.atomic
def drop(
    assigned: Assignment, *, reason: str, by: User, now: datetime, owner: bool = False
) -> AssignmentRun | None:
    """Drop one assignment; return the run that looks for a replacement, if one was started.

    Raises MoveNotAllowed (also `reported`), Closed (`activity_over`) for the member themselves.
    """
    # After the due date a member may not drop: a missing report counts as 0 in their score.
    due_at = assigned.due_at()
    if owner and due_at is not None and now >= due_at:
        raise Closed("활동 기간이 지나 체험을 반납할 수 없습니다.", code="activity_over")
    reports = ConsumerReport.objects.select_for_update(of=("self",), no_key=True)
    report = reports.filter(assignment=assigned).first()
    if report is not None and report.submitted_at is not None:
        raise MoveNotAllowed("보고서를 낸 서비스는 반납할 수 없습니다.", code="reported")
    move(
        assigned,
        AssignmentMoves.DROP,
        by=by,
        now=now,
        note=reason,
        owner=owner,
        changes={"dropped_at": now},
    )
    return refill(assigned.round, by=by, now=now)


@transaction.atomic
def leave(
    monitor: Monitor, *, reason: str, by: User, now: datetime, owner: bool = False
) -> AssignmentRun | None:
    """Record that a member leaves; return the run that looks for a replacement, if one was started.

    Raises MoveNotAllowed.
    """
    move(
        monitor,
        MonitorMoves.LEAVE,
        by=by,
        now=now,
        note=reason,
        owner=owner,
        changes={"left_at": now},
    )
    members.drop_all(monitor, reason="단원이 중도에 사퇴했습니다.", by=by, now=now)
    return refill(monitor.round, by=by, now=now)


@transaction.atomic
def exclude(proposal: ExclusionProposal, *, by: User, now: datetime) -> AssignmentRun | None:
    """Confirm an exclusion; return the run that looks for a replacement, if one was started.

    Raises what `members.confirm_exclusion` raises.
    """
    members.confirm_exclusion(proposal, by=by, now=now)
    application = proposal.application
    if not Assignment.objects.filter(monitor__application=application).exists():
        return None
    return refill(application.round, by=by, now=now)


@transaction.atomic
def refill(round: PanelRound, *, by: User, now: datetime) -> AssignmentRun | None:
    """Start a run that fills empty places and keeps all assignments.

    Returns None before the first confirmed run and while another run is being prepared. Locks the
    round: of two members who give back at once the second finds the run of the first.
    """
    PanelRound.objects.select_for_update(no_key=True).get(pk=round.pk)
    latest = round.runs.filter(state=AssignmentRunState.CONFIRMED).order_by("-pk").first()
    if latest is None or round.runs.filter(state=AssignmentRunState.PREPARING).exists():
        return None
    return _create_run(round, latest.seed, by, now)


def _operator_only(by: User, *about: impartiality.Things) -> None:
    for things in about:
        impartiality.require(
            by, [PANEL_OPERATOR], about=things, message="운영기관만 할 수 있는 처리입니다."
        )
