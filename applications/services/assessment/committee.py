"""Assign assessors to applications by solving an assignment problem.

A proposal is solved by a job, inspected by staff, and confirmed or discarded as a whole. When seats
are short, whole panels come first: an application gets at least the minimum of assessors or none.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from applications.models import (
    Application,
    AssessorProfile,
    CommitteeProposal,
    CommitteeWish,
    ConflictOfInterest,
    ScoreSheet,
)
from applications.queries import objection as objection_queries
from applications.queries.application import in_program
from applications.roles import ASSESSOR
from applications.rules.assessment import committee as committee_rules
from applications.services.assessment import conflicts, rubrics, sheets
from applications.states import ApplicationMoves, ApplicationState
from portal.access import impartiality
from portal.access.roles import roles_of
from portal.assignment import matching, panels
from portal.core.errors import BadInput, MoveNotAllowed
from portal.forms.people import told_apart
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import User
from portal.notices import staff as staff_notices
from portal.records import bulk, snapshot
from portal.records.workflow import move_many
from programs.models import SubProgram
from programs.roles import MANAGER, OFFICER

JOB = "applications.committee"
STAGES = 4
NEAREST = 6  # candidates per place in the first attempt; the second one takes them all
LISTED = 20  # applications named in an explanation
NO_PANEL = ("people", "seats")  # reasons of a shortage that leaves an application without a panel
COLUMNS = [
    "application_id", "assessor_id", "rubric_id", "assigned_by_id", "assigned_at", "due_at",
    "marks", "reasons", "comment", "version", "sha256", "end_reason",
]  # fmt: skip

Pair = tuple[int, int]  # assessor, application


@dataclass(frozen=True)
class Inputs:
    """Everything an assignment is solved from."""

    needed: Mapping[int, int]  # application: number of places, the taken ones included
    minimum: int  # of assessors of an application that gets any
    preferred: Sequence[int]  # applications, the first to get a panel when seats are short first
    capacities: Mapping[int, int]  # assessor: how many of these applications they can take in all
    costs: Mapping[Pair, int]  # every permitted pair
    balance: int  # cost of each further application of one assessor
    taken: frozenset[Pair]  # existing sheets
    pinned: frozenset[Pair]
    numbers: Mapping[int, str]
    names: Mapping[int, str]

    basis: Sequence[object]  # the data behind these values, as JSON, for the hash

    @property
    def sha256(self) -> str:
        # Costs follow from the basis, so that it and the pairs alone decide.
        return snapshot.sha256(
            [list(self.basis), *(sorted(map(list, pairs)) for pairs in (self.taken, self.pinned))]
        )


def propose(
    sub_program: SubProgram,
    *,
    seed: int,
    by: User,
    now: datetime,
    application: Application | None = None,
) -> CommitteeProposal:
    """Request an assignment for a whole sub-programme, or for the free places of one application.

    Existing sheets are never moved. Raises MoveNotAllowed (`committee_open` while another proposal
    is open).
    """
    _staff_only(by, application or in_program(sub_program))
    try:
        with transaction.atomic():
            made = CommitteeProposal.objects.create(
                sub_program=sub_program,
                application=application,
                seed=seed,
                requested_by=by,
                requested_at=now,
            )
            made.job = queue.enqueue(JOB, key=f"committee:{made.pk}", by=by, proposal=made.pk)
            made.save(update_fields=["job"])
    except IntegrityError as error:
        raise MoveNotAllowed(
            "아직 확정하거나 폐기하지 않은 배정안이 있습니다.", code="committee_open"
        ) from error
    return made


def solve(proposal: CommitteeProposal, *, now: datetime, progress: Progress = no_progress) -> None:
    """Refresh the ties, solve, and store the pairs, the hash of the inputs and the shortages.

    Does nothing for a solved or discarded proposal. The same inputs and seed give the same pairs.
    """
    if proposal.solved_at is not None or proposal.discarded_at is not None:
        return
    applications = _subjects(proposal)
    progress(0, STAGES)
    conflicts.refresh(applications, now=now)
    progress(1, STAGES)
    inputs = gather(proposal)
    progress(2, STAGES)
    admission = panels.admit(inputs.capacities, _panels(inputs))
    solution = _solve(inputs, admission, proposal.seed)
    progress(3, STAGES)
    fresh = [pair for pair in solution.pairs if pair not in inputs.taken]
    needed = sum(inputs.needed.values()) - len(inputs.taken)
    CommitteeProposal.objects.filter(pk=proposal.pk, solved_at=None, discarded_at=None).update(
        solved_at=now,
        inputs_sha256=inputs.sha256,
        pairs=fresh,
        wanted=needed,
        placed=len(fresh),
        shortages=_shortages(inputs, admission, solution),
        explanation=_explain(inputs, admission, solution, len(fresh)),
    )
    proposal.refresh_from_db()
    progress(STAGES, STAGES)


def confirm(proposal: CommitteeProposal, *, by: User, now: datetime, note: str = "") -> int:
    """Create every proposed sheet and notify each assessor once; return the number of sheets.

    Raises MoveNotAllowed (`committee_closed`) when the proposal is not open, (`committee_stale`)
    when its inputs have changed since it was solved, (`note_required`) when places are missing and
    `note` gives no reason.
    """
    _staff_only(by, proposal)
    with transaction.atomic():
        program = SubProgram.objects.select_for_update(no_key=True).get(pk=proposal.sub_program_id)
        locked = CommitteeProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
        if locked.solved_at is None or locked.confirmed_at or locked.discarded_at:
            raise MoveNotAllowed("확정할 수 있는 배정안이 아닙니다.", code="committee_closed")
        if locked.placed < locked.wanted and not note.strip():
            raise MoveNotAllowed(
                "채우지 못한 자리가 있습니다. 그대로 확정하려면 사유를 적으세요.",
                code="note_required",
            )
        inputs = _gather_locked(locked)
        if inputs.sha256 != locked.inputs_sha256 or _overloaded(locked, inputs):
            raise MoveNotAllowed(
                "배정안을 만든 뒤 신청, 평가위원 정보나 이해관계가 바뀌었습니다. 배정안을 다시 만들어 주세요.",
                code="committee_stale",
            )
        _write(locked, program, by, now)
        CommitteeProposal.objects.filter(pk=locked.pk).update(
            confirmed_at=now, confirmed_by=by, note=note.strip()
        )
    proposal.refresh_from_db()
    return len(proposal.pairs)


def _gather_locked(proposal: CommitteeProposal) -> Inputs:
    # Of two proposals that are confirmed at once the second sees what the first has assigned.
    people = {assessor for assessor, _ in proposal.pairs}
    list(
        AssessorProfile.objects.select_for_update(no_key=True, of=("self",))
        .filter(user__in=people)
        .order_by("pk")
        .values_list("pk")
    )
    return gather(proposal)


def _overloaded(proposal: CommitteeProposal, inputs: Inputs) -> bool:
    """Return whether somebody has no room left for what is proposed.

    Assignments of other sub-programmes make a proposal stale only so.
    """
    wanted = Counter(assessor for assessor, _ in (*proposal.pairs, *inputs.taken))
    return any(
        wanted[assessor] > inputs.capacities.get(assessor, 0) for assessor, _ in proposal.pairs
    )


def discard(proposal: CommitteeProposal, *, note: str, by: User, now: datetime) -> None:
    """Discard a proposal without assigning anybody. Raises MoveNotAllowed."""
    _staff_only(by, proposal)
    if not note.strip():
        raise MoveNotAllowed("사유를 적으세요.", code="note_required")
    changed = CommitteeProposal.objects.filter(
        pk=proposal.pk, confirmed_at=None, discarded_at=None
    ).update(discarded_at=now, note=note.strip())
    if not changed:
        raise MoveNotAllowed("이미 확정하거나 폐기한 배정안입니다.", code="committee_closed")


def wish(
    application: Application,
    *,
    assessor: User,
    kind: str,
    reason: str,
    by: User,
    now: datetime,
) -> CommitteeWish:
    """Pin or forbid a pair for the next proposal; replaces an earlier wish for the same pair.

    Raises BadInput (`wish`, `assessor`), MoveNotAllowed (`tied`) for pinning a tied assessor.
    """
    _staff_only(by, application)
    if kind not in CommitteeWish.Kind.values or not reason.strip():
        raise BadInput("구분과 사유를 적으세요.", code="wish")
    if ASSESSOR not in roles_of(assessor):
        raise BadInput(f"{told_apart(assessor)}님은 평가위원이 아닙니다.", code="assessor")
    if kind == CommitteeWish.Kind.PIN and (tied := conflicts.ties(application, assessor)):
        raise MoveNotAllowed(f"이해관계가 있어 배정할 수 없습니다: {tied[0].message}", code="tied")
    with transaction.atomic():
        Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        _open_wishes(application, assessor).update(ended_at=now)
        return CommitteeWish.objects.create(
            application=application,
            assessor=assessor,
            kind=kind,
            reason=reason.strip(),
            by=by,
            at=now,
        )


def end_wish(application: Application, *, assessor: User, by: User, now: datetime) -> None:
    """End the wish for a pair. Raises MoveNotAllowed (`no_wish`) when there is none."""
    _staff_only(by, application)
    if not _open_wishes(application, assessor).update(ended_at=now):
        raise MoveNotAllowed("이미 거둔 배정 조건입니다.", code="no_wish")


def _open_wishes(application: Application, assessor: User) -> QuerySet[CommitteeWish]:
    return CommitteeWish.objects.filter(application=application, assessor=assessor, ended_at=None)


def fresh(application: Application) -> int:
    """Return how many assessors could assess this application anew.

    They have room, no sheet for it before and no tie, and nobody has forbidden the pair.
    """
    profiles = AssessorProfile.objects.filter(
        active=True, user__is_active=True, user__groups__name=ASSESSOR
    )
    known = profiles.exclude(user__in=application.sheets.values("assessor"))
    rows = list(known.select_related("user").order_by("user"))
    waiting = ScoreSheet.objects.waiting().filter(
        assessor__in=[row.user_id for row in rows], application__state=ApplicationState.ASSESSING
    )
    loads = Counter(waiting.values_list("assessor_id", flat=True))
    _, forbidden = _wishes([application.pk])
    ties = conflicts.ties_of(application, [row.user for row in rows])
    return sum(
        row.max_load > loads[row.user_id]
        and (row.user_id, application.pk) not in forbidden
        and not ties[row.user_id]
        for row in rows
    )


def gather(proposal: CommitteeProposal) -> Inputs:
    """Read everything an assignment is solved from, in a fixed number of queries."""
    program = proposal.sub_program
    places, fit = program.assessors, _fit(program)
    rows = list(
        _subjects(proposal)
        .order_by("pk")
        .values_list(
            "pk", "number", "company__industry_code", "region", "sub_program__code", "submitted_at"
        )
    )
    ids = [row[0] for row in rows]
    received = {row[0]: row[5] for row in rows}
    profiles = list(
        AssessorProfile.objects.filter(
            active=True, user__is_active=True, user__groups__name=ASSESSOR
        )
        .select_related("user")
        .order_by("user")
    )
    taken, elsewhere, ended = _sheets(ids, [row.user_id for row in profiles])
    pinned, forbidden = _wishes(ids)
    excluded = ended | forbidden | _tied(ids)
    known = {row.user_id: _profile(row) for row in profiles}
    costs = {}
    for pk, _, industry, region, code, _ in rows:
        subject = committee_rules.Subject(code, industry, region)
        for assessor, profile in known.items():
            if (assessor, pk) not in excluded:
                costs[assessor, pk] = committee_rules.cost(profile, subject, fit)
    here = Counter(assessor for assessor, _ in taken)
    capacities = {row.user_id: max(row.max_load - elsewhere[row.user_id], 0) for row in profiles}
    for assessor, count in here.items():
        capacities[assessor] = max(capacities.get(assessor, 0), count)
    filled = Counter(application for _, application in taken)
    return Inputs(
        needed={pk: max(places, filled[pk]) for pk in ids},
        minimum=min(places, program.minimum_sheets),
        # Assessors who have begun are not wasted; then by receipt, as ties of the ranking are settled.
        preferred=sorted(ids, key=lambda pk: (not filled[pk], received[pk], pk)),
        capacities=capacities,
        costs=costs,
        balance=fit.load,
        taken=frozenset(taken),
        pinned=frozenset(pair for pair in pinned if pair in costs),
        numbers={row[0]: row[1] or "" for row in rows},
        names={row.user_id: told_apart(row.user) for row in profiles},
        basis=[
            places,
            program.minimum_sheets,
            list(astuple(fit)),
            [[*row[:5], str(row[5])] for row in rows],
            [[row.user_id, row.max_load] for row in profiles],
            [[pk, sorted(row.programs), row.industries, row.region] for pk, row in known.items()],
            sorted(map(list, excluded)),
        ],
    )


def _subjects(proposal: CommitteeProposal) -> QuerySet[Application]:
    rows = Application.objects.filter(
        sub_program=proposal.sub_program_id, state=ApplicationState.ASSESSING
    )
    return rows.filter(pk=proposal.application_id) if proposal.application_id else rows


def _sheets(
    ids: Sequence[int], assessors: Sequence[int]
) -> tuple[set[Pair], Counter[int], set[Pair]]:
    """Return (pairs assigned here, open sheets of each assessor elsewhere, ended pairs).

    Of an application assessed anew the first panel has ended.
    """
    here = ScoreSheet.objects.filter(application__in=ids)
    anew = objection_queries.assessed_anew(ids)
    taken = {
        (assessor, application)
        for assessor, application, at in here.active().values_list(
            "assessor_id", "application_id", "assigned_at"
        )
        if at >= anew.get(application, at)
    }
    ended = set(here.values_list("assessor_id", "application_id")) - taken
    open_sheets = ScoreSheet.objects.waiting().filter(
        assessor__in=assessors, application__state=ApplicationState.ASSESSING
    )
    elsewhere = Counter(open_sheets.values_list("assessor_id", flat=True))
    elsewhere.subtract(Counter(here.waiting().values_list("assessor_id", flat=True)))
    return taken, elsewhere, ended


def _wishes(ids: Sequence[int]) -> tuple[set[Pair], set[Pair]]:
    pinned, forbidden = set[Pair](), set[Pair]()
    rows = CommitteeWish.objects.filter(application__in=ids, ended_at=None)
    for assessor, application, kind in rows.values_list("assessor_id", "application_id", "kind"):
        (pinned if kind == CommitteeWish.Kind.PIN else forbidden).add((assessor, application))
    return pinned, forbidden


def _tied(ids: Sequence[int]) -> set[Pair]:
    ties = ConflictOfInterest.objects.filter(application__in=ids, cleared_at=None)
    return set(ties.values_list("assessor_id", "application_id"))


def _fit(program: SubProgram) -> committee_rules.Fit:
    return committee_rules.Fit(
        program=program.fit_program,
        industry=program.fit_industry,
        region=program.fit_region,
        load=program.fit_load,
    )


def _profile(row: AssessorProfile) -> committee_rules.Profile:
    return committee_rules.Profile(
        frozenset(row.programs), tuple(map(str, row.industries)), row.region
    )


def _panels(inputs: Inputs) -> list[panels.Panel]:
    """Return what is known of each application's panel, in the order of preference."""
    permitted, held, pinned = (_by_application(rows) for rows in (
        inputs.costs, inputs.taken, inputs.pinned
    ))  # fmt: skip
    return [
        panels.Panel(
            task=pk,
            minimum=inputs.minimum,
            permitted=permitted[pk],
            held=frozenset(held[pk]),
            pinned=frozenset(pinned[pk]),
        )
        for pk in inputs.preferred
    ]


def _by_application(pairs: Iterable[Pair]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for assessor, application in pairs:
        found[application].append(assessor)
    return found


def _solve(inputs: Inputs, admission: panels.Admission, seed: int) -> matching.Solution:
    """Fill the places of the admitted applications, evenly and at the least cost.

    The solver spreads evenly before it looks at costs, and all minima can be met at once: so they are.
    """
    admitted = set(admission.admitted)
    options = [
        (*pair, cost)
        for pair, cost in inputs.costs.items()
        if pair not in inputs.taken and pair[1] in admitted
    ]
    nearest = _nearest(inputs, options, seed)  # a fraction of all pairs, and nearly always enough
    solution = _match(inputs, admitted, nearest, seed)
    if solution.complete or len(nearest) == len(options):
        return solution
    return _match(inputs, admitted, options, seed)


def _match(
    inputs: Inputs,
    admitted: Collection[int],
    options: Sequence[tuple[int, int, int]],
    seed: int,
) -> matching.Solution:
    pinned = {pair for pair in inputs.pinned if pair[1] in admitted}
    filled = Counter(application for _, application in inputs.taken)
    return matching.solve(
        [matching.Worker(pk, capacity) for pk, capacity in sorted(inputs.capacities.items())],
        [
            matching.Task(pk, needed if pk in admitted else filled[pk])
            for pk, needed in sorted(inputs.needed.items())
        ],
        options,
        seed=seed,
        pinned=inputs.taken | pinned,
        balance=inputs.balance,
    )


def _nearest(
    inputs: Inputs, options: Iterable[tuple[int, int, int]], seed: int
) -> list[tuple[int, int, int]]:
    by_task: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for option in options:
        by_task[option[1]].append(option)
    kept = []
    for application, rows in sorted(by_task.items()):
        most = NEAREST * inputs.needed[application]
        # Assessors of equal cost are shuffled by application, so that not all get the same ones.
        salt = (application * 7919 + seed) % 1_000_003 + 1
        rows.sort(key=partial(_tie_order, salt))
        kept += rows[:most]
    return kept


def _tie_order(salt: int, option: tuple[int, int, int]) -> tuple[int, int]:
    return option[2], option[0] * 104_729 * salt % 1_000_003


def _shortages(
    inputs: Inputs, admission: panels.Admission, solution: matching.Solution
) -> list[list[int | str]]:
    """Return [application, places, filled, permitted, reason] of all that are not full.

    Those without a panel come first, in the order of preference, with a reason of `NO_PANEL`.
    """
    permitted = Counter(application for _, application in {*inputs.costs, *inputs.taken})
    filled = Counter(application for _, application in inputs.taken)
    without: list[list[int | str]] = [
        [pk, inputs.needed[pk], filled[pk], permitted[pk], reason]
        for pk, reason in admission.lacking.items()
    ]
    return without + [
        [row.task, row.wanted, row.got, row.permitted, row.reason] for row in solution.shortages
    ]


def _explain(
    inputs: Inputs, admission: panels.Admission, solution: matching.Solution, placed: int
) -> list[str]:
    rows = _shortages(inputs, admission, solution)
    few = [row for row in rows if row[4] in ("people", "permitted")]
    taken = Counter(assessor for assessor, _ in inputs.taken)
    filled = Counter(application for _, application in inputs.taken)
    short = solution.deficit
    lines = committee_rules.explain(
        needed=sum(inputs.needed.values()) - len(inputs.taken),
        placed=placed,
        minimum=inputs.minimum,
        with_panel=len(admission.admitted),
        without_panel=len(admission.lacking),
        seats=sum(max(0, most - taken[pk]) for pk, most in inputs.capacities.items()),
        least_seats=sum(max(0, inputs.minimum - filled[pk]) for pk in inputs.needed),
        short_of_people=[
            (inputs.numbers[int(row[0])], int(row[1]), int(row[3])) for row in few[:LISTED]
        ],
        crowded=[inputs.names.get(pk, "") for pk in short.workers] if short else [],
        places=short.wanted if short else 0,
        capacity=short.room if short else 0,
        fixed=short.fixed if short else 0,
    )
    if len(few) > LISTED:
        lines.append(f"그 밖에 맡을 사람이 모자라는 신청이 {len(few) - LISTED:,}건 더 있습니다.")
    return lines


def _write(proposal: CommitteeProposal, program: SubProgram, by: User, now: datetime) -> None:
    rubric = rubrics.freeze(program, by=by, now=now)
    due_at = sheets.due_at(program, now)
    chosen = Application.objects.filter(pk__in={pair[1] for pair in proposal.pairs})
    note = f"배정안 #{proposal.pk} (시드 {proposal.seed})"
    move_many(chosen, ApplicationMoves.ASSIGN, by=by, now=now, note=note)
    bulk.insert(
        ScoreSheet,
        COLUMNS,
        [
            (application, assessor, rubric.pk, by.pk, now, due_at, "{}", "{}", "", 1, "", "")
            for assessor, application in proposal.pairs
        ],
    )
    counts = Counter(assessor for assessor, _ in proposal.pairs)
    for assessor in User.objects.filter(pk__in=counts):
        staff_notices.tell(
            "applications/sheet_assigned",
            user=assessor,
            about=program.pk,
            key=f"committee:{proposal.pk}:{assessor.pk}",
            now=now,
            program=program,
            count=counts[assessor.pk],
            due_at=due_at,
        )


def _staff_only(by: User, about: impartiality.Things) -> None:
    impartiality.require(
        by,
        [OFFICER, MANAGER],
        about=about,
        message="평가위원을 배정할 권한이 없습니다.",
        code="move_not_allowed",
    )
