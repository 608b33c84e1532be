"""When an application ends, everything agrees: at every stage, for every way to end, in any order.

`TABLE` is the specification: what each ending makes of an application at each stage. Every pair that
is not in it is refused and changes nothing. `agrees` holds what must then be true everywhere.
"""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory

from applications.models import (
    Agreement,
    Application,
    Decision,
    DecisionChange,
    Objection,
    Recovery,
    ScoreSheet,
    Selection,
    Supplement,
)
from applications.queries.application import timeline
from applications.queries.open_data import datasets
from applications.queries.selection import reserve as places
from applications.queries.selection.decisions import award_of, holding
from applications.queries.statistics import figures
from applications.services import objection
from applications.services.agreement import amendments, contracts, endings
from applications.services.intake import filing
from applications.services.screening import checks, supplements
from applications.services.selection import changes, proposals, reserve
from applications.services.settlement import statements
from applications.states import (
    PENDING_CHANGES,
    AmendmentState,
    ApplicationState,
    ChangeKind,
    EndingKind,
    EndingState,
    ObjectionState,
    PartnerState,
    SelectionState,
    SupplementState,
)
from portal.core.errors import PortalError
from portal.models import Notice
from programs.models import Budget, SubProgram
from programs.queries.ledger import balance, held
from programs.rules.ledger import Balance
from tests.factories import staff
from tests.factories.agreements import GRANT, World
from tests.factories.applications import (
    NOW,
    ApplicationFactory,
    CompanyFactory,
    PartnerFactory,
    member_of,
)
from tests.factories.applications import owner_of as owner

pytestmark = pytest.mark.django_db

S = ApplicationState
LATER = NOW + timedelta(days=400)
OVER = {S.WITHDRAWN, S.INELIGIBLE, S.ENDED}
STEPS = [
    {"code": code, "label": S(code).label, "actor": "담당자", "days": 10}
    | {"due_policy": "working_day_18"}
    for code in ("submitted", "screening", "assessing", "released", "contracted", "closed")
]
# Acts that staff may still do to an application that has ended, because they change nothing of it
# or bring it back.
# A file that ended still has somebody whom firms and colleagues can ask.
AFTERWARDS = {"print-sheets", "reinstate", "take", "give", "inquire"}


# --- What must agree -------------------------------------------------------------------------------


def ended(application: Application) -> bool:
    """Return whether the firm can get nothing from the application any more."""
    if application.state in OVER:
        return True
    award = award_of(application)
    gone = {"declined", "cancelled", "rejected"}
    return application.state == S.RELEASED and award is not None and award.outcome in gone


def agrees(program: SubProgram) -> None:
    """Hold that every place of the portal tells the same about the applications of a programme."""
    applications = list(Application.objects.filter(sub_program=program).order_by("pk"))
    money_agrees(program, applications)
    places_agree(program)
    figures_agree(program, applications)
    open_data_agrees(program)
    for row in applications:
        if ended(row):
            nothing_waits(row)


def money_agrees(program: SubProgram, applications: list[Application]) -> None:
    pot = Budget.objects.get(pk=program.pot_id)
    holdings = [held(pot, row.subject) for row in applications]
    for name in ("reserved", "committed", "paid"):
        assert getattr(balance(pot), name) == sum(getattr(row, name) for row in holdings)
    unreleased = Selection.objects.filter(sub_program=program, state=SelectionState.DECIDED)
    decided = Decision.objects.filter(selection__in=unreleased, outcome="selected")
    decided = decided.exclude(application__state=S.WITHDRAWN)
    promised = {row.application_id: row.grant_won for row in [*decided, *holding()]}
    for row, money in zip(applications, holdings, strict=True):
        if row.state not in {S.CONTRACTED, S.CLOSED, S.ENDED}:
            assert money.reserved == promised.get(row.pk, 0), row.state
        elif row.state == S.ENDED:
            assert (money.reserved, money.committed) == (0, 0)


def places_agree(program: SubProgram) -> None:
    """Hold that nobody waits on the reserve list beside a free place, and no place is taken twice."""
    for row in Selection.objects.filter(sub_program=program, state=SelectionState.RELEASED):
        found = places.status(row)
        assert found.stopped_by, "a reserve waits beside a free place"
        assert found.free is None or found.taken + found.pending + max(found.free, 0) >= row.places


def figures_agree(program: SubProgram, applications: list[Application]) -> None:
    living = [row for row in applications if row.submitted_at and row.state != S.WITHDRAWN]
    chosen = holding().filter(application__sub_program=program).count()
    tables = {row.code: row for row in figures.compute(program.round, public=True)}
    counts = dict(tables["programs"].rows)[program.name]
    assert counts == (len(living), chosen)
    assert sum(value or 0 for _, (value,) in tables["days"].rows) <= len(living)


def open_data_agrees(program: SubProgram) -> None:
    published = {
        (row["selection"], row["application"]): (row["now"], row["now_won"])
        for row in datasets.rows("results")
    }
    expected = {}
    for row in Decision.objects.filter(
        selection__state=SelectionState.RELEASED, selection__sub_program=program, next=None
    ).select_related("application", "selection"):
        name = datasets.pseudonym("application", row.selection.run_id, row.application_id)
        told: tuple[str, int | None] = (row.outcome, row.grant_won)
        if row.application.state == S.WITHDRAWN:
            told = ("withdrawn", 0)
        elif row.application.state == S.ENDED and row.outcome == "selected":
            told = ("ended", None)
        expected[row.selection_id, name] = told
    assert expected.items() <= published.items()


def nothing_waits(application: Application) -> None:
    """Hold that nobody is asked to do anything for an application that has ended."""
    assert not ScoreSheet.objects.waiting().filter(application=application).exists()
    assert not application.supplements.filter(state=SupplementState.OPEN).exists()
    moving = application.changes.filter(state__in=PENDING_CHANGES)
    assert not moving.exclude(kind__in=[ChangeKind.REVERSAL, ChangeKind.OBJECTION]).exists()
    if application.state in {S.WITHDRAWN, S.ENDED}:
        assert not application.objections.filter(state=ObjectionState.FILED).exists()
        assert not moving.exists()
    assert {step.state for step in timeline(application)} <= {"done", "stopped"}
    assert offered(application) <= AFTERWARDS
    agreement = Agreement.objects.filter(application=application).first()
    if agreement is not None:
        assert not agreement.pending_steps.filter(done_at=None).exists()
        assert offered(agreement) == set()
        if agreement.state == "ended":
            assert not agreement.endings.filter(state=EndingState.ASKED).exists()
            going = [AmendmentState.ASKED, AmendmentState.EXAMINED]
            assert not agreement.amendments.filter(state__in=going).exists()


def offered(thing: Application | Agreement) -> set[str]:
    """Return the acts that the pages of staff offer on this object, to anybody."""
    program = (thing if isinstance(thing, Application) else thing.application).sub_program
    names: set[str] = set()
    for person in (staff.officer(program), staff.manager()):
        request = RequestFactory().get("/")
        request.user = person
        screen = admin.site._registry[type(thing)]
        names |= {act.name for act, _ in screen.buttons(request, thing)}
    return names


# --- Before an agreement ---------------------------------------------------------------------------


class Stage:
    """Four applications of one programme; `first` is at the stage that a test asks for."""

    def __init__(self, name: str) -> None:
        self.program = staff.program(steps=STEPS, money=1_000_000_000)
        self.officer, self.manager, self.other = (
            staff.officer(self.program),
            staff.manager(),
            staff.manager(),
        )
        getattr(self, f"reach_{name}")()
        self.first = Application.objects.get(pk=self.first.pk)

    def reach_draft(self) -> None:
        self.first = ApplicationFactory(sub_program=self.program)

    def reach_submitted(self) -> None:
        self.first = staff.filed(self.program)

    def reach_screening(self) -> None:
        self.reach_submitted()
        checks.take_up(self.first, by=self.officer, now=NOW)

    def reach_asked(self) -> None:
        """Screening waits for an answer of the firm."""
        self.reach_screening()
        supplements.request(self.first, message="보완", by=self.officer, now=NOW)

    def reach_excluded(self) -> None:
        self.reach_screening()
        excluded(self)

    def reach_assessing(self) -> None:
        """Two sheets are handed in, one waits."""
        self.judges = staff.assessors(3)
        self.first = staff.judged(self.program, judges=self.judges[:2])
        staff.opened(self.first, self.judges[2], self.officer)

    def rank(self, place: int) -> None:
        judges = staff.assessors(3)
        marks = [(28, 36, 28), (24, 32, 24), (22, 30, 22)]
        rows = [staff.judged(self.program, row, judges=judges) for row in marks]
        self.selection = staff.decided(
            staff.proposed(self.program, self.officer, places=1), by=self.manager
        )
        self.first, self.rest = rows[place], [row for row in rows if row is not rows[place]]

    def reach_decided(self) -> None:
        self.rank(0)

    def reach_selected(self) -> None:
        self.rank(0)
        proposals.release(self.selection, by=self.manager, now=NOW)

    def reach_objected(self) -> None:
        """Selected, and the firm contests something of it."""
        self.reach_selected()
        self.first = Application.objects.get(pk=self.first.pk)
        objection.file(self.first, text="금액", by=owner(self.first.company), now=NOW)

    def reach_reserve(self) -> None:
        self.rank(1)
        proposals.release(self.selection, by=self.manager, now=NOW)

    def reach_moving_up(self) -> None:
        """The one in front has declined; the portal has drafted the move-up."""
        self.reach_reserve()
        front = Application.objects.get(pk=self.rest[0].pk)
        changes.decline(front, note="사정", by=owner(front.company), now=NOW)
        assert self.first.changes.get().state == "drafted"


def excluded(stage: Stage) -> None:
    staff.excluded(stage.first, failed=["other"], note="서류 미비", by=stage.officer, now=NOW)


def withdrawn(stage: Stage) -> None:
    filing.withdraw(stage.first, by=owner(stage.first.company), now=NOW, note="사정")


def declined(stage: Stage) -> None:
    changes.decline(stage.first, note="사정", by=owner(stage.first.company), now=NOW)


def changed(stage: Stage, kind: ChangeKind, outcome: str) -> None:
    words = {"reason": "사유", "by": stage.officer, "now": NOW}
    change = changes.propose(stage.first, kind=kind, outcome=outcome, **words)
    if kind == ChangeKind.REVERSAL:
        changes.second(change, by=stage.manager, now=NOW)
    changes.approve(change, by=stage.other, now=NOW)


def cancelled(stage: Stage) -> None:
    changed(stage, ChangeKind.CANCEL, "")


def reversed_(stage: Stage) -> None:
    changed(stage, ChangeKind.REVERSAL, "rejected")


ENDINGS: dict[str, Callable[[Stage], None]] = {
    "withdraw": withdrawn,
    "exclude": excluded,
    "decline": declined,
    "cancel": cancelled,
    "reverse": reversed_,
}
STAGES = [name.removeprefix("reach_") for name in vars(Stage) if name.startswith("reach_")]
# (stage, ending): (state of the application, outcome that is published)
TABLE = {
    ("draft", "withdraw"): (S.WITHDRAWN, None),
    ("submitted", "withdraw"): (S.WITHDRAWN, None),
    ("screening", "withdraw"): (S.WITHDRAWN, None),
    ("asked", "withdraw"): (S.WITHDRAWN, None),
    ("assessing", "withdraw"): (S.WITHDRAWN, None),
    ("decided", "withdraw"): (S.WITHDRAWN, None),
    ("screening", "exclude"): (S.INELIGIBLE, None),
    ("selected", "decline"): (S.RELEASED, "declined"),
    ("selected", "cancel"): (S.RELEASED, "cancelled"),
    ("selected", "reverse"): (S.RELEASED, "rejected"),
    ("objected", "decline"): (S.RELEASED, "declined"),
    ("objected", "cancel"): (S.RELEASED, "cancelled"),
    ("objected", "reverse"): (S.RELEASED, "rejected"),
    ("reserve", "decline"): (S.RELEASED, "declined"),
    ("reserve", "reverse"): (S.RELEASED, "rejected"),
    ("moving_up", "decline"): (S.RELEASED, "declined"),
}
PAIRS = [(stage, ending) for stage in STAGES for ending in ENDINGS]


@pytest.mark.parametrize(("stage", "ending"), [pair for pair in PAIRS if pair in TABLE])
def test_whatever_ends_everything_agrees(stage: str, ending: str) -> None:
    world = Stage(stage)
    agrees(world.program)
    ENDINGS[ending](world)
    made = Application.objects.get(pk=world.first.pk)
    award = award_of(made)
    assert (made.state, award.outcome if award else None) == TABLE[stage, ending]
    if stage == "decided":  # released without it
        proposals.release(world.selection, by=world.manager, now=NOW)
        assert Notice.objects.filter(key__startswith="result:").count() == 2
    agrees(world.program)
    if stage in {"selected", "objected", "decided", "moving_up"}:
        draft = DecisionChange.objects.get(kind=ChangeKind.MOVE_UP, state="drafted")
        assert draft.application in world.rest


@pytest.mark.parametrize(("stage", "ending"), [pair for pair in PAIRS if pair not in TABLE])
def test_any_other_ending_is_refused_and_changes_nothing(stage: str, ending: str) -> None:
    world = Stage(stage)
    before = (Application.objects.values().get(pk=world.first.pk), Decision.objects.count())
    with pytest.raises(PortalError):
        ENDINGS[ending](world)
    after = (Application.objects.values().get(pk=world.first.pk), Decision.objects.count())
    assert after == before
    agrees(world.program)


def test_whoever_waited_for_a_withdrawn_application_is_told() -> None:
    world = Stage("assessing")
    partner = PartnerFactory(
        application=world.first, state=PartnerState.ACCEPTED, company=CompanyFactory()
    )
    partner.answered_by = member_of(partner.company)
    partner.save()
    withdrawn(world)
    closed = ScoreSheet.objects.get(assessor=world.judges[2])
    assert (closed.withdrawn_at, closed.locked_at) == (NOW, None)
    assert ScoreSheet.objects.counted().count() == 2
    told = {row.to_email: row for row in Notice.objects.exclude(key__startswith="assigned")}
    assert set(told) == {
        world.judges[2].email,
        partner.answered_by.email,
        owner(world.first.company).email,
    }
    assert "취하" in told[partner.answered_by.email].body
    assert "취하" in told[world.judges[2].email].body


def test_sheets_that_wait_when_the_results_are_out_are_closed() -> None:
    world = Stage("decided")
    late = staff.assessors(1)[0]
    ScoreSheet.objects.create(application=world.first, assessor=late, assigned_at=NOW)
    proposals.release(world.selection, by=world.manager, now=NOW)
    assert not ScoreSheet.objects.waiting().exists()
    assert Notice.objects.filter(to_email=late.email, key__startswith="sheet-closed").exists()


def test_a_request_that_was_closed_is_neither_answered_nor_overdue() -> None:
    world = Stage("asked")
    asked = Supplement.objects.get()
    withdrawn(world)
    asked.refresh_from_db()
    assert asked.state == SupplementState.CLOSED
    with pytest.raises(PortalError):
        supplements.answer(asked, answer="늦은 답", by=owner(world.first.company), now=NOW)
    assert supplements.expire(asked.due_at) == 0


def test_withdrawing_and_filing_again_counts_once() -> None:
    world = Stage("submitted")
    withdrawn(world)
    again = staff.filed(world.program, company=world.first.company, site=world.first.site)
    figures_agree(world.program, list(Application.objects.all()))
    assert again.site == world.first.site
    tables = {row.code: row for row in figures.compute(world.program.round, public=False)}
    assert dict(tables["programs"].rows)[world.program.name] == (1, 0)
    assert sum(count for _, (count,) in tables["days"].rows) == 1


def test_the_receipt_of_a_withdrawn_application_says_so(client: Client) -> None:
    world = Stage("submitted")
    filed = world.first.submission
    filed_at = f"/receipts/?number={filed.number}&sha256={filed.sha256}"
    assert "확인된 접수증입니다" in client.get(filed_at).content.decode()
    withdrawn(world)
    page = client.get(filed_at).content.decode()
    assert "취하된 신청의 접수증입니다" in page
    assert "확인된 접수증입니다" not in page
    client.force_login(owner(world.first.company))
    for path in ("review/", "documents/receipt/"):
        assert "취하" in client.get(f"/applications/{world.first.pk}/{path}").content.decode()


# --- From the agreement on -------------------------------------------------------------------------


def prepared() -> World:
    return World()


def papers_in() -> World:
    world = World()
    world.papers()
    return world


def concluded() -> World:
    return World().conclude()


def changing() -> World:
    """A change of the agreement is asked for."""
    world = World().conclude()
    late = (world.agreement.ends_on + timedelta(days=30)).isoformat()
    amendments.request(
        world.fresh(),
        kind="period",
        proposal={"ends_on": late},
        reason="납품이 늦습니다.",
        by=world.owner,
        now=world.now,
    )
    return world


def paid() -> World:
    world = World().conclude()
    world.pay(1)
    return world


AGREEMENTS = {row.__name__: row for row in (prepared, papers_in, concluded, changing, paid)}
# (stage, kind): whether anything is left to settle before it is over
LIVES = {
    ("prepared", EndingKind.DECLINE): False,
    ("prepared", EndingKind.LAPSE): False,
    ("prepared", EndingKind.CANCEL): False,
    ("papers_in", EndingKind.DECLINE): False,
    ("papers_in", EndingKind.LAPSE): False,
    ("papers_in", EndingKind.CANCEL): False,
    ("concluded", EndingKind.DECLINE): False,
    ("concluded", EndingKind.TERMINATE): False,
    ("concluded", EndingKind.CANCEL): False,
    ("changing", EndingKind.DECLINE): False,
    ("changing", EndingKind.TERMINATE): False,
    ("changing", EndingKind.CANCEL): False,
    ("paid", EndingKind.DECLINE): True,
    ("paid", EndingKind.TERMINATE): True,
    ("paid", EndingKind.CANCEL): True,
}


def end(world: World, kind: str) -> None:
    if kind == EndingKind.LAPSE:
        world.now = world.agreement.sign_due_at
    by = world.owner if kind == EndingKind.DECLINE else world.officer
    asked = endings.request(world.fresh(), kind=kind, reason="사정", by=by, now=world.now)
    endings.approve(asked, note="확인", by=world.manager, now=world.now)
    world.fresh()


@pytest.mark.parametrize("stage", AGREEMENTS)
@pytest.mark.parametrize("kind", list(EndingKind))
def test_an_agreement_ends_and_everything_agrees(stage: str, kind: EndingKind) -> None:
    world = AGREEMENTS[stage]()
    if (stage, kind) not in LIVES:
        with pytest.raises(PortalError):
            end(world, kind)
        return
    end(world, kind)
    program = world.application.sub_program
    if LIVES[stage, kind]:
        assert world.agreement.state in {"settling", "settled"}
        if kind == EndingKind.CANCEL:
            recovery = Recovery.objects.select_related("settlement__agreement").get()
            statements.record_recovery(
                recovery, received_on=world.day, evidence="입금", by=world.officer, now=world.now
            )
            world.close()
        else:
            return
    money_agrees(program, [Application.objects.get(pk=world.application.pk)])
    assert world.money.reserved == world.money.committed == 0
    figures_agree(program, list(Application.objects.filter(sub_program=program)))
    application = Application.objects.get(pk=world.application.pk)
    assert (application.state, world.fresh().state) == (S.ENDED, "ended")
    nothing_waits(application)
    assert pages_offer_nothing(world)


@pytest.mark.parametrize("how", ["decline", "cancel"])
def test_a_decision_that_goes_takes_the_agreement_in_preparation_with_it(how: str) -> None:
    world = World()
    asked = endings.request(
        world.fresh(), kind=EndingKind.CANCEL, reason="사정", by=world.officer, now=world.now
    )
    if how == "decline":
        changes.decline(world.application, note="사정", by=world.owner, now=world.now)
    else:
        change = changes.propose(
            world.application,
            kind=ChangeKind.CANCEL,
            outcome="",
            reason="거짓",
            by=world.officer,
            now=world.now,
        )
        changes.approve(change, by=world.manager, now=world.now)
    nothing_waits(Application.objects.get(pk=world.application.pk))
    assert pages_offer_nothing(world)
    contracts.drop_orphans(LATER)
    assert world.money == Balance()
    asked.refresh_from_db()
    assert asked.state == EndingState.REFUSED
    assert Application.objects.get(pk=world.application.pk).state == S.ENDED
    nothing_waits(Application.objects.get(pk=world.application.pk))


def pages_offer_nothing(world: World) -> bool:
    """Return whether the firm's pages offer no act on the application or its agreement."""
    browser = Client()
    browser.force_login(world.owner)
    pk = world.application.pk
    texts = [
        browser.get(f"/applications/{pk}/{path}").content.decode()
        for path in ("", "agreement/", "agreement/sign/")
    ]
    acts = ("포기하기", "포기 신청", "올리기", "서명하기", "취하하기", "협약변경 신청")
    return not [(act, place) for place, text in enumerate(texts) for act in acts if act in text]


# --- In any order ----------------------------------------------------------------------------------


class Round:
    """Staff and firms who act at random; what is refused changes nothing."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.program = staff.program(steps=STEPS, money=3 * GRANT)
        judges = staff.assessors(3)
        marks = [(28, 36, 28), (26, 34, 26), (24, 32, 24), (22, 30, 22), (10, 10, 10)]
        self.ids = [
            staff.judged(self.program, row, judges=judges, support=GRANT).pk for row in marks
        ]
        self.officer, self.second = staff.officer(self.program), staff.officer(self.program)
        self.managers = [staff.manager() for _ in range(3)]
        self.done: list[str] = []

    def act(self) -> None:
        name = self.dice.choice([name for name in dir(self) if name.startswith("do_")])
        try:
            getattr(self, name)()
            self.done.append(name)
        except PortalError:
            pass

    def one(self) -> Application:
        return Application.objects.select_related("sub_program", "company").get(
            pk=self.dice.choice(self.ids)
        )

    def latest(self) -> Selection:
        found = Selection.objects.filter(sub_program=self.program).order_by("-pk").first()
        if found is None:
            raise PortalError("nothing is proposed")
        return found

    def pick(self, rows: list) -> object:
        if not rows:
            raise PortalError("nothing is open")
        return self.dice.choice(rows)

    def do_next(self) -> None:
        """Take the selection one step further; one that cannot be approved is made again."""
        found = Selection.objects.filter(sub_program=self.program).order_by("-pk").first()
        state = found.state if found else SelectionState.DISCARDED
        if state == SelectionState.DISCARDED:
            self.propose()
        elif state == SelectionState.PROPOSED:
            proposals.confirm(found, by=self.officer, now=NOW)
        elif state == SelectionState.CONFIRMED:
            try:
                proposals.decide(found, by=self.managers[0], now=NOW)
            except PortalError:
                again = Selection.objects.get(pk=found.pk)
                proposals.discard(again, note="다시", by=self.officer, now=NOW)
        elif state == SelectionState.DECIDED:
            proposals.release(found, by=self.managers[0], now=NOW)

    do_next_again = do_next_too = do_next

    def reach_release(self) -> None:
        for _ in range(8):
            if not Selection.objects.filter(state=SelectionState.RELEASED).exists():
                self.do_next()

    def propose(self) -> None:
        made = proposals.start(
            staff.scored(self.program, self.officer), by=self.officer, now=NOW, places=2
        )
        proposals.propose(made, now=NOW)

    def do_undecide(self) -> None:
        if self.dice.random() < 0.3:
            proposals.undecide(self.latest(), note="다시", by=self.managers[0], now=NOW)

    def do_withdraw(self) -> None:
        if self.dice.random() < 0.2:
            row = self.one()
            filing.withdraw(row, by=owner(row.company), now=NOW, note="사정")

    def do_decline(self) -> None:
        if self.dice.random() < 0.5:
            row = self.one()
            changes.decline(row, note="사정", by=owner(row.company), now=NOW)

    def do_change(self) -> None:
        kind = self.dice.choice([ChangeKind.CANCEL, ChangeKind.REVERSAL])
        outcome = self.dice.choice(["reserve", "rejected"])
        changes.propose(
            self.one(), kind=kind, outcome=outcome, reason="사유", by=self.second, now=NOW
        )

    def do_go_on(self) -> None:
        change = self.pick(list(DecisionChange.objects.filter(state__in=PENDING_CHANGES)))
        act = self.dice.choice([changes.take_up, changes.second, changes.approve])
        by = self.officer if act is changes.take_up else self.dice.choice(self.managers)
        act(change, by=by, now=NOW)

    do_go_on_again = do_go_on

    def do_object(self) -> None:
        row = self.one()
        objection.file(row, text="이의", by=owner(row.company), now=NOW)

    def do_dismiss(self) -> None:
        case = self.pick(list(Objection.objects.all()))
        objection.dismiss(case, note="유지", by=self.dice.choice(self.managers), now=NOW)

    def do_fill(self) -> None:
        reserve.fill(self.program, by=None, now=NOW)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_in_whatever_order_everything_agrees(seed: int) -> None:
    crowd = Round(seed)
    for turn in range(60):
        before = len(crowd.done)
        crowd.act() if turn != 20 else crowd.reach_release()
        if len(crowd.done) > before:
            agrees(crowd.program)
    assert Selection.objects.filter(state=SelectionState.RELEASED).exists()
    assert len(set(crowd.done)) > 5
