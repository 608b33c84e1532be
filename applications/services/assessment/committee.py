"""Assessors assigned by solving, not by clicking: proposed, looked at, confirmed all at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from applications.models import (
    Application,
    AssessorProfile,
    ConflictOfInterest,
    PanelProposal,
    PanelWish,
    ScoreSheet,
)
from applications.roles import ASSESSOR
from applications.rules.assessment import committee as rules
from applications.services.assessment import conflicts, rubrics, sheets
from applications.states import ApplicationMoves, ApplicationState
from portal.access.roles import roles_of
from portal.assignment import matching
from portal.core.errors import BadInput, MoveNotAllowed
from portal.jobs import queue
from portal.jobs.progress import Progress, no_progress
from portal.models import User
from portal.notices import outbox
from portal.records import bulk, snapshot
from portal.records.workflow import move_many
from programs.models import SubProgram
from programs.roles import MANAGER, OFFICER

JOB = "applications.panel"
STAGES = 4
NEAREST = 6  # assessors looked at for each place before all of them are
TOLD = 20  # applications named one by one in an explanation
COLUMNS = [
    "application_id", "assessor_id", "rubric_id", "assigned_by_id", "assigned_at", "due_at",
    "marks", "reasons", "comment", "version", "sha256", "end_reason",
]  # fmt: skip

Pair = tuple[int, int]  # assessor, application


@dataclass(frozen=True)
class Inputs:
    """Everything an assignment is solved from; its hash names it."""

    wanted: Mapping[int, int]  # application: places, those taken included
    rooms: Mapping[int, int]  # assessor: how many of these applications they can have in all
    costs: Mapping[Pair, int]  # every permitted pair
    balance: int  # cost of each further application of one assessor
    taken: frozenset[Pair]  # sheets that stand
    pinned: frozenset[Pair]
    numbers: Mapping[int, str]
    names: Mapping[int, str]

    basis: Sequence[object]  # the same in plain values, before costs were worked out

    @property
    def sha256(self) -> str:
        """The hash of all that decides."""
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
) -> PanelProposal:
    """Ask for an assignment of everything under assessment, or of one application's free places.

    Sheets that stand are never moved. Raises MoveNotAllowed, also while another proposal waits.
    """
    _staff_only(by)
    try:
        with transaction.atomic():
            made = PanelProposal.objects.create(
                sub_program=sub_program,
                application=application,
                seed=seed,
                requested_by=by,
                requested_at=now,
            )
            made.job = queue.enqueue(JOB, key=f"panel:{made.pk}", by=by, proposal=made.pk)
            made.save(update_fields=["job"])
    except IntegrityError as open_one:
        raise MoveNotAllowed(
            "아직 확정하거나 폐기하지 않은 배정안이 있습니다.", code="panel_open"
        ) from open_one
    return made


def solve(proposal: PanelProposal, *, now: datetime, progress: Progress = no_progress) -> None:
    """Find the ties anew, solve, and keep pairs, hash of the inputs and what is short, in words.

    A solved or discarded proposal is left alone; the same inputs and seed give the same pairs.
    """
    if proposal.solved_at is not None or proposal.discarded_at is not None:
        return
    applications = _subjects(proposal)
    progress(0, STAGES)
    conflicts.refresh(applications, now=now)
    progress(1, STAGES)
    inputs = gather(proposal)
    progress(2, STAGES)
    found = _solved(inputs, proposal.seed)
    progress(3, STAGES)
    fresh = [pair for pair in found.pairs if pair not in inputs.taken]
    wanted = sum(inputs.wanted.values()) - len(inputs.taken)
    PanelProposal.objects.filter(pk=proposal.pk, solved_at=None, discarded_at=None).update(
        solved_at=now,
        inputs_sha256=inputs.sha256,
        pairs=fresh,
        wanted=wanted,
        placed=len(fresh),
        shortages=[
            [row.task, row.wanted, row.got, row.permitted, row.reason] for row in found.shortages
        ],
        explanation=_explained(inputs, found, wanted, len(fresh)),
    )
    proposal.refresh_from_db()
    progress(STAGES, STAGES)


def confirm(proposal: PanelProposal, *, by: User, now: datetime, note: str = "") -> int:
    """Assign everything as proposed, with one letter to each assessor. Returns how many sheets.

    Raises MoveNotAllowed when the proposal is not there to be confirmed, when anything it was
    solved from has changed since (`panel_stale`), or, without a reason, when places are missing.
    """
    _staff_only(by)
    with transaction.atomic():
        program = SubProgram.objects.select_for_update(no_key=True).get(pk=proposal.sub_program_id)
        locked = PanelProposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
        if locked.solved_at is None or locked.confirmed_at or locked.discarded_at:
            raise MoveNotAllowed("확정할 수 있는 배정안이 아닙니다.", code="panel_closed")
        if locked.placed < locked.wanted and not note.strip():
            raise MoveNotAllowed(
                "채우지 못한 자리가 있습니다. 그대로 확정하려면 사유를 적으세요.",
                code="note_required",
            )
        if gather(locked).sha256 != locked.inputs_sha256:
            raise MoveNotAllowed(
                "배정안을 만든 뒤 신청, 평가위원 정보나 이해관계가 바뀌었습니다. 배정안을 다시 만들어 주세요.",
                code="panel_stale",
            )
        _write(locked, program, by, now)
        PanelProposal.objects.filter(pk=locked.pk).update(
            confirmed_at=now, confirmed_by=by, note=note.strip()
        )
    proposal.refresh_from_db()
    return len(proposal.pairs)


def discard(proposal: PanelProposal, *, note: str, by: User, now: datetime) -> None:
    """Throw a proposal away; nobody was assigned by it. Raises MoveNotAllowed."""
    _staff_only(by)
    if not note.strip():
        raise MoveNotAllowed("사유를 적으세요.", code="note_required")
    changed = PanelProposal.objects.filter(
        pk=proposal.pk, confirmed_at=None, discarded_at=None
    ).update(discarded_at=now, note=note.strip())
    if not changed:
        raise MoveNotAllowed("이미 확정하거나 폐기한 배정안입니다.", code="panel_closed")


def wish(
    application: Application,
    *,
    assessor: User,
    kind: str,
    reason: str,
    by: User,
    now: datetime,
) -> PanelWish:
    """Pin or forbid a pair for the next solving; a new wish takes the place of the old.

    Raises BadInput, MoveNotAllowed for pinning somebody with a tie.
    """
    _staff_only(by)
    if kind not in PanelWish.Kind.values or not reason.strip():
        raise BadInput("구분과 사유를 적으세요.", code="wish")
    if ASSESSOR not in roles_of(assessor):
        raise BadInput(f"{assessor}님은 평가위원이 아닙니다.", code="assessor")
    if kind == PanelWish.Kind.PIN and (tied := conflicts.ties(application, assessor)):
        raise MoveNotAllowed(f"이해관계가 있어 배정할 수 없습니다: {tied[0].message}", code="tied")
    with transaction.atomic():
        Application.objects.select_for_update(no_key=True).get(pk=application.pk)
        end_wish(application, assessor=assessor, by=by, now=now)
        return PanelWish.objects.create(
            application=application,
            assessor=assessor,
            kind=kind,
            reason=reason.strip(),
            by=by,
            at=now,
        )


def end_wish(application: Application, *, assessor: User, by: User, now: datetime) -> bool:
    """Take a wish back. Returns whether there was one."""
    _staff_only(by)
    standing = PanelWish.objects.filter(application=application, assessor=assessor, ended_at=None)
    return bool(standing.update(ended_at=now))


def gather(proposal: PanelProposal) -> Inputs:
    """Read everything an assignment is solved from, in a fixed number of queries."""
    program = proposal.sub_program
    places, fit = program.assessors, _fit(program)
    rows = list(
        _subjects(proposal)
        .order_by("pk")
        .values_list("pk", "number", "company__industry_code", "region", "sub_program__code")
    )
    ids = [row[0] for row in rows]
    profiles = list(
        AssessorProfile.objects.filter(
            active=True, user__is_active=True, user__groups__name=ASSESSOR
        )
        .select_related("user")
        .order_by("user")
    )
    taken, elsewhere, gone = _sheets(ids, [row.user_id for row in profiles])
    pinned, forbidden = _wishes(ids)
    barred = gone | forbidden | _tied(ids)
    known = {row.user_id: _profile(row) for row in profiles}
    costs = {}
    for pk, _, industry, region, code in rows:
        subject = rules.Subject(code, industry, region)
        for assessor, profile in known.items():
            if (assessor, pk) not in barred:
                costs[assessor, pk] = rules.cost(profile, subject, fit)
    here = Counter(assessor for assessor, _ in taken)
    rooms = {row.user_id: max(row.max_load - elsewhere[row.user_id], 0) for row in profiles}
    for assessor, count in here.items():
        rooms[assessor] = max(rooms.get(assessor, 0), count)
    filled = Counter(application for _, application in taken)
    return Inputs(
        wanted={pk: max(places, filled[pk]) for pk in ids},
        rooms=rooms,
        costs=costs,
        balance=fit.load,
        taken=frozenset(taken),
        pinned=frozenset(pair for pair in pinned if pair in costs),
        numbers={row[0]: row[1] or "" for row in rows},
        names={row.user_id: str(row.user) for row in profiles},
        basis=[
            places,
            list(astuple(fit)),
            [list(row) for row in rows],
            sorted(rooms.items()),
            [[pk, sorted(row.programs), row.industries, row.region] for pk, row in known.items()],
            sorted(map(list, barred)),
        ],
    )


def _subjects(proposal: PanelProposal) -> QuerySet[Application]:
    rows = Application.objects.filter(
        sub_program=proposal.sub_program_id, state=ApplicationState.ASSESSING
    )
    return rows.filter(pk=proposal.application_id) if proposal.application_id else rows


def _sheets(
    ids: Sequence[int], assessors: Sequence[int]
) -> tuple[set[Pair], Counter[int], set[Pair]]:
    """Pairs that stand here, how much each assessor has elsewhere, and pairs that ended."""
    here = ScoreSheet.objects.filter(application__in=ids)
    taken = set(here.active().values_list("assessor_id", "application_id"))
    ended = set(here.values_list("assessor_id", "application_id")) - taken
    waiting = ScoreSheet.objects.waiting().filter(
        assessor__in=assessors, application__state=ApplicationState.ASSESSING
    )
    elsewhere = Counter(waiting.values_list("assessor_id", flat=True))
    elsewhere.subtract(Counter(here.waiting().values_list("assessor_id", flat=True)))
    return taken, elsewhere, ended


def _wishes(ids: Sequence[int]) -> tuple[set[Pair], set[Pair]]:
    pinned, forbidden = set[Pair](), set[Pair]()
    rows = PanelWish.objects.filter(application__in=ids, ended_at=None)
    for assessor, application, kind in rows.values_list("assessor_id", "application_id", "kind"):
        (pinned if kind == PanelWish.Kind.PIN else forbidden).add((assessor, application))
    return pinned, forbidden


def _tied(ids: Sequence[int]) -> set[Pair]:
    standing = ConflictOfInterest.objects.filter(application__in=ids, cleared_at=None)
    return set(standing.values_list("assessor_id", "application_id"))


def _fit(program: SubProgram) -> rules.Fit:
    return rules.Fit(
        program=program.fit_program,
        industry=program.fit_industry,
        region=program.fit_region,
        load=program.fit_load,
    )


def _profile(row: AssessorProfile) -> rules.Profile:
    return rules.Profile(frozenset(row.programs), tuple(map(str, row.industries)), row.region)


def _solved(inputs: Inputs, seed: int) -> matching.Solution:
    """Solve over the nearest assessors of each application; over all, where that falls short."""
    options = [(*pair, cost) for pair, cost in inputs.costs.items() if pair not in inputs.taken]
    few = _nearest(inputs, options, seed)
    found = _match(inputs, few, seed)
    return found if found.complete or len(few) == len(options) else _match(inputs, options, seed)


def _match(inputs: Inputs, options: Sequence[tuple[int, int, int]], seed: int) -> matching.Solution:
    return matching.solve(
        [matching.Worker(pk, room) for pk, room in sorted(inputs.rooms.items())],
        [matching.Task(pk, wanted) for pk, wanted in sorted(inputs.wanted.items())],
        options,
        seed=seed,
        pinned=inputs.taken | inputs.pinned,
        balance=inputs.balance,
    )


def _nearest(
    inputs: Inputs, options: Iterable[tuple[int, int, int]], seed: int
) -> list[tuple[int, int, int]]:
    """The cheapest assessors of each application; among equals, others for other applications."""
    by_task: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for option in options:
        by_task[option[1]].append(option)
    kept = []
    for application, rows in sorted(by_task.items()):
        most = NEAREST * inputs.wanted[application]
        turn = (application * 7919 + seed) % 1_000_003 + 1
        rows.sort(key=partial(_turned, turn))
        kept += rows[:most]
    return kept


def _turned(turn: int, option: tuple[int, int, int]) -> tuple[int, int]:
    """Cheapest first; equals in an order of this turn's own."""
    return option[2], option[0] * 104_729 * turn % 1_000_003


def _explained(inputs: Inputs, found: matching.Solution, wanted: int, placed: int) -> list[str]:
    few = [row for row in found.shortages if row.reason == "permitted"]
    told = [(inputs.numbers[row.task], row.wanted, row.permitted) for row in few[:TOLD]]
    short = found.deficit
    words = rules.explain(
        wanted=wanted,
        placed=placed,
        short_of_people=told,
        crowded=[inputs.names.get(pk, "") for pk in short.workers] if short else [],
        places=short.wanted if short else 0,
        room=short.room if short else 0,
        fixed=short.fixed if short else 0,
    )
    if len(few) > TOLD:
        words.append(f"그 밖에 맡을 사람이 모자라는 신청이 {len(few) - TOLD:,}건 더 있습니다.")
    return words


def _write(proposal: PanelProposal, program: SubProgram, by: User, now: datetime) -> None:
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
        outbox.write(
            "applications/sheet_assigned",
            to_email=assessor.email,
            user=assessor,
            key=f"panel:{proposal.pk}:{assessor.pk}",
            now=now,
            program=program,
            count=counts[assessor.pk],
            due_at=due_at,
        )


def _staff_only(by: User) -> None:
    if not roles_of(by) & {OFFICER, MANAGER}:
        raise MoveNotAllowed("평가위원을 배정할 권한이 없습니다.")
