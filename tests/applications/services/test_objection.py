"""Objections: once, in time, in writing; decided by other people; a win is a new linked run."""

from datetime import datetime, timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from applications.models import (
    Application,
    AssessorProfile,
    BonusClaim,
    Decision,
    DecisionChange,
    Objection,
)
from applications.queries import application as application_queries
from applications.queries.objection import barred, clock, objection_summary
from applications.queries.selection.decisions import award_of, changes_in_force
from applications.services import objection
from applications.services.assessment import committee, conflicts, scoring, sheets
from applications.services.intake import filing
from applications.services.screening import checks
from applications.services.selection import changes, reserve
from applications.states import BonusState, ChangeKind, ObjectionMoves, Remedy
from demo.samples import sample_pdf
from portal.core.clock import KST
from portal.core.errors import BadInput, Closed, MoveNotAllowed, RuleBroken
from portal.models import Notice, User
from portal.records.workflow import move
from programs.queries.ledger import balance
from tests.factories import staff
from tests.factories.applications import NOW, member_of

pytestmark = pytest.mark.django_db
EACH = 50_000_000
LATER = NOW + timedelta(days=3)


@pytest.fixture
def program():
    return staff.program(money=4 * EACH)


@pytest.fixture
def judges():
    return staff.assessors(3)


@pytest.fixture
def boss():
    return staff.manager()


@pytest.fixture
def other():
    """A manager who had no part in the decision."""
    return staff.manager()


@pytest.fixture
def two(program, judges, boss) -> list[Application]:
    """A selected one and one in reserve, four points behind."""
    rows = [(26, 34, 26), (24, 34, 24)]
    made = [staff.judged(program, marks, judges=judges, support=EACH) for marks in rows]
    BonusClaim.objects.create(
        application=made[1],
        code="covid",
        label="코로나19 대응 제품",
        claim="마스크",
        points=5,
        state=BonusState.REFUSED,
        reason="허가증을 찾지 못함",
    )
    staff.released(program, by=boss, places=1)
    return [Application.objects.get(pk=row.pk) for row in made]


def filed(application: Application) -> Objection:
    return objection.file(
        application, text="허가증을 냈습니다.", by=application.created_by, now=NOW
    )


def test_the_clock_counts_from_the_next_day_to_the_end_of_a_working_day(two) -> None:
    running = clock(two[1], NOW)  # released on the 10th; the 20th is a Saturday
    assert running.due_at == datetime(2021, 2, 23, 0, 0, tzinfo=KST)
    assert running.open
    assert not clock(two[1], running.due_at).open


def test_an_objection_is_filed_once_in_writing_with_its_evidence(two) -> None:
    upload = ContentFile(sample_pdf("허가증"), name="허가증.pdf")
    by = two[1].created_by
    made = objection.file(two[1], text=" 허가증이 있습니다. ", uploads=[upload], by=by, now=NOW)
    assert (made.text, made.papers.count()) == ("허가증이 있습니다.", 1)
    assert Notice.objects.filter(key=f"objection_filed:{made.pk}").exists()
    with pytest.raises(MoveNotAllowed) as again:
        objection.file(two[1], text="또", by=by, now=NOW)
    assert again.value.code == "objected_before"
    assert not clock(two[1], NOW).open


def test_too_late_or_without_text_or_before_a_result_is_refused(two, program, judges) -> None:
    by = two[1].created_by
    due = clock(two[1], NOW).due_at
    with pytest.raises(Closed):
        objection.file(two[1], text="늦음", by=by, now=due)
    with pytest.raises(BadInput):
        objection.file(two[1], text=" ", by=by, now=NOW)
    undecided = staff.judged(program, judges=judges)
    with pytest.raises(MoveNotAllowed):
        objection.file(undecided, text="아직", by=undecided.created_by, now=NOW)
    assert objection.file(two[1], text="제때", by=by, now=due - timedelta(seconds=1))


def test_who_refused_a_bonus_decides_no_objection_about_it(two, program, boss, other) -> None:
    refuser = staff.manager()
    claims = BonusClaim.objects.filter(application=two[1])
    claims.update(decided_by=refuser, decided_at=NOW)
    case = filed(two[1])
    assert refuser.pk in barred(case)
    for act in (
        lambda: objection.dismiss(case, note="유지", by=refuser, now=NOW),
        lambda: objection.uphold(
            case, remedy=Remedy.BONUS, bonuses=claims, note="x", by=refuser, now=NOW
        ),
    ):
        with pytest.raises(MoveNotAllowed) as refused:
            act()
        assert refused.value.code == "barred"
    with pytest.raises(IntegrityError, match="objection_by_other_people"), transaction.atomic():
        Objection.objects.filter(pk=case.pk).update(
            state="dismissed", decided_by=refuser, decided_at=NOW, answer="x"
        )
    objection.uphold(case, remedy=Remedy.BONUS, bonuses=claims, note="확인", by=other, now=LATER)
    objection.rescore(case, by=other, now=LATER)  # who granted it is not barred by that


def granted_anew(application: Application, other: User) -> Objection:
    """File an objection and uphold it for the bonus."""
    case = filed(application)
    claims = BonusClaim.objects.filter(application=application)
    words = {"bonuses": claims, "note": "확인", "by": other, "now": LATER}
    objection.uphold(case, remedy=Remedy.BONUS, **words)
    return Objection.objects.get(pk=case.pk)


def test_an_upheld_bonus_ends_with_the_application_and_its_draft_with_it(two, other) -> None:
    case = granted_anew(two[1], other)
    run = objection.rescore(case, by=other, now=LATER)
    scoring.compute(run, now=LATER)
    change = objection.conclude(run, now=LATER)
    objection.lapse(two[1], reason="협약을 포기했습니다.", now=LATER)
    case.refresh_from_db()
    change.refresh_from_db()
    assert (case.state, change.state) == ("lapsed", "discarded")
    assert case.answer == "확인 협약을 포기했습니다."
    assert case.moves.get(move="uphold").by == other


def test_no_bonus_is_granted_once_the_decision_is_carried_out(two, other) -> None:
    case = filed(two[1])
    Application.objects.filter(pk=two[1].pk).update(state="contracted")
    with pytest.raises(MoveNotAllowed) as refused:
        objection.uphold(
            case,
            remedy=Remedy.BONUS,
            bonuses=BonusClaim.objects.filter(application=two[1]),
            note="확인",
            by=other,
            now=LATER,
        )
    assert refused.value.code == "contracted"
    objection.dismiss(case, note="협약을 맺었습니다.", by=other, now=LATER)


def test_people_who_decided_or_assessed_the_case_are_barred(two, boss, other, judges) -> None:
    case = filed(two[1])
    selection = case.decision.selection
    people = {boss.pk, selection.confirmed_by_id, *[judge.pk for judge in judges]}
    assert barred(case) == people
    with pytest.raises(MoveNotAllowed) as refused:
        objection.dismiss(case, note="유지", by=boss, now=NOW)
    assert refused.value.code == "barred"
    for person in (boss, selection.confirmed_by, judges[0]):
        with pytest.raises(IntegrityError, match="objection_by_other_people"), transaction.atomic():
            Objection.objects.filter(pk=case.pk).update(
                state="dismissed", decided_by=person, decided_at=NOW, answer="x"
            )
    objection.dismiss(case, note="허가증의 품목이 다릅니다.", by=other, now=NOW)
    notice = Notice.objects.get(key=f"objection_decided:{case.pk}")
    assert "허가증의 품목이 다릅니다." in notice.body
    assert award_of(two[1]).outcome == "reserve"


def won_by_bonus(two, other) -> Objection:
    case = filed(two[1])
    claims = list(two[1].bonuses.all())
    objection.uphold(
        case, remedy=Remedy.BONUS, note="허가증을 확인함", bonuses=claims, by=other, now=NOW
    )
    run = objection.rescore(case, by=other, now=NOW)
    scoring.compute(run, now=NOW)
    objection.conclude(run, now=NOW)
    return case


def test_an_objection_that_wins_is_a_new_linked_run_and_a_new_decision(
    program, two, boss, other
) -> None:
    case = won_by_bonus(two, other)
    case.refresh_from_db()
    assert case.run.previous == case.decision.selection.run
    assert case.run.rubric_sha256 == case.run.previous.rubric_sha256
    assert [row.application for row in case.run.results.all()] == [two[1]]
    draft = DecisionChange.objects.get(kind="objection")
    assert objection.conclude(case.run, now=NOW) == draft  # a job done twice drafts once
    first = case.decision.selection.confirmed_by
    with pytest.raises(MoveNotAllowed):
        changes.take_up(draft, by=first, now=NOW)
    changes.take_up(draft, by=staff.officer(program), now=NOW)
    with pytest.raises(MoveNotAllowed):
        changes.approve(draft, by=boss, now=NOW)
    made = changes.approve(draft, by=other, now=NOW)
    assert (made.outcome, made.rank, made.grant_won) == ("selected", 1, EACH)
    assert Decision.objects.get(pk=case.decision_id).outcome == "reserve"
    assert award_of(two[0]).outcome == "selected"  # nobody loses by another's objection
    assert balance(program.pot).reserved == 2 * EACH
    case.refresh_from_db()
    assert case.state == "closed"
    assert changes_in_force(program) == {"objection": 1}
    shown = application_queries.result(Application.objects.get(pk=two[1].pk))
    assert (shown["bonus"], len(shown["history"])) == (5, 2)


def test_a_new_assessment_counts_the_new_sheets_alone(program, two, other, judges) -> None:
    case, officer = filed(two[1]), staff.officer(program)
    objection.uphold(case, remedy=Remedy.SHEETS, note="평가 근거 없음", by=other, now=LATER)
    again = Application.objects.get(pk=two[1].pk)
    assert again.state == "assessing"
    assert award_of(again).outcome == "reserve"  # the old decision is in force until the new one
    with pytest.raises(RuleBroken):
        objection.rescore(case, by=officer, now=LATER)
    with pytest.raises(RuleBroken):
        scoring.start(
            program, by=officer, now=LATER, while_open=True
        )  # no case of the next whole run
    with pytest.raises(MoveNotAllowed):
        filing.withdraw(again, by=again.created_by, now=LATER, note="취하")
    for judge in staff.assessors(3):
        staff.locked_sheet(again, judge, (30, 38, 30), at=LATER)
    assert not sheets.candidates(again).filter(pk__in=[judge.pk for judge in judges]).exists()
    run = objection.rescore(case, by=officer, now=LATER)
    scoring.compute(run, now=LATER)
    assert str(run.results.get().total) == "98.00"
    draft = objection.conclude(run, now=LATER)
    changes.take_up(draft, by=officer, now=LATER)
    changes.approve(draft, by=other, now=LATER)
    again.refresh_from_db()
    assert (again.state, award_of(again).outcome) == ("released", "selected")


@pytest.mark.parametrize(
    ("places", "outcome"), [(None, "selected"), (2, "selected"), (1, "reserve")]
)
def test_an_application_that_reaches_the_floor_is_selected_where_all_above_it_were(
    program, judges, boss, other, places, outcome
) -> None:
    staff.judged(program, (28, 38, 28), judges=judges, support=EACH)
    low = staff.judged(program, (3, 4, 3), judges=judges, support=EACH)
    chosen = staff.released(program, by=boss, places=places)
    assert (chosen.cut["stopped_by"], award_of(low).outcome) == ("end", "rejected")
    case = filed(Application.objects.get(pk=low.pk))
    objection.uphold(case, remedy=Remedy.SHEETS, note="증빙 누락", by=other, now=LATER)
    for judge in staff.assessors(3):
        staff.locked_sheet(low, judge, (24, 32, 24), at=LATER)
    run = objection.rescore(case, by=staff.officer(program), now=LATER)
    scoring.compute(run, now=LATER)
    assert objection.conclude(run, now=LATER).outcome == outcome


@pytest.mark.parametrize("role", ["assessor", "officer", "auditor", "operator", "applicant"])
def test_only_a_manager_decides_an_objection(program, two, role) -> None:
    case = filed(two[1])
    who = two[1].created_by if role == "applicant" else staff.staff(role)
    with pytest.raises(MoveNotAllowed):
        objection.dismiss(case, note="유지", by=who, now=NOW)
    with pytest.raises(MoveNotAllowed):
        objection.uphold(case, remedy=Remedy.SHEETS, note="인용", by=who, now=NOW)


def test_a_decided_objection_moves_no_more(two, other) -> None:
    case = filed(two[1])
    objection.dismiss(case, note="유지", by=other, now=NOW)
    for name in ObjectionMoves.by_name():
        with pytest.raises(MoveNotAllowed):
            move(case, case.MOVES[name], by=other, now=NOW, note="x")


# --- A change of the decision and an objection upheld ----------------------------------------------


def pending(kind: str, two, officer: User) -> tuple[Application, DecisionChange]:
    """Return an application that has objected, and a change of its decision that is pending."""
    mine = two[0] if kind == ChangeKind.CANCEL else two[1]
    filed(mine)
    if kind == ChangeKind.MOVE_UP:
        changes.decline(two[0], note="사정", by=two[0].created_by, now=NOW)
        return mine, mine.changes.get(kind=kind)
    words = {"outcome": "rejected", "reason": "사유", "by": officer, "now": NOW}
    return mine, changes.propose(mine, kind=kind, **words)


@pytest.mark.parametrize("kind", [ChangeKind.CANCEL, ChangeKind.REVERSAL, ChangeKind.MOVE_UP])
def test_two_outcomes_are_never_prepared_side_by_side(program, two, other, kind) -> None:
    officer = staff.officer(program)
    mine, change = pending(kind, two, officer)
    case = mine.objection
    anew = {"remedy": Remedy.SHEETS, "note": "재평가", "by": other, "now": LATER}
    with pytest.raises(MoveNotAllowed) as refused:
        objection.uphold(case, **anew)
    assert refused.value.code == "change_open"
    assert Application.objects.get(pk=mine.pk).state == "released"
    changes.discard(change, note="다시 봄", by=officer, now=NOW)
    objection.uphold(Objection.objects.get(pk=case.pk), **anew)
    words = {"kind": ChangeKind.REVERSAL, "outcome": "rejected", "reason": "사유", "by": officer}
    with pytest.raises(MoveNotAllowed) as refused:
        changes.propose(mine, **words, now=LATER)
    assert refused.value.code == "objection_upheld"


def test_the_reserve_list_waits_for_a_case_that_is_scored_again(
    program, two, judges, other
) -> None:
    """It moves up when the case stays in reserve, and never draws the job of the case into a refusal."""
    mine, officer = two[1], staff.officer(program)
    case = filed(mine)
    objection.uphold(case, remedy=Remedy.SHEETS, note="재평가", by=other, now=LATER)
    changes.decline(two[0], note="사정", by=two[0].created_by, now=LATER)
    assert reserve.fill(program, by=None, now=LATER) == []
    assert "다시 산정하는 이의신청" in reserve.why_none(program)
    for judge in staff.assessors(3):
        staff.locked_sheet(mine, judge, (24, 34, 24), at=LATER)
    run = objection.rescore(Objection.objects.get(pk=case.pk), by=officer, now=LATER)
    scoring.compute(run, now=LATER)
    draft = objection.conclude(run, now=LATER)
    assert draft.outcome == "reserve"
    changes.take_up(draft, by=officer, now=LATER)
    changes.approve(draft, by=other, now=LATER)
    assert mine.changes.get(kind=ChangeKind.MOVE_UP).state == "drafted"


# --- Against an exclusion --------------------------------------------------------------------------


@pytest.fixture
def screener(program) -> User:
    """An officer who confirms a check and is not the one who excludes."""
    return staff.officer(program)


@pytest.fixture
def excluder(program) -> User:
    return staff.officer(program)


@pytest.fixture
def excluded(program, screener, excluder) -> Application:
    made = staff.filed(program)
    checks.take_up(made, by=screener, now=NOW)
    check = made.checks.order_by("pk").first()
    checks.overrule(check, reason="확인서와 다름", by=screener, now=NOW)
    failed = [f"check:{check.code}"]
    staff.excluded(made, failed=failed, note="소기업이 아닙니다.", by=excluder, now=NOW)
    return Application.objects.get(pk=made.pk)


def test_an_exclusion_is_contested_once_and_in_time(excluded) -> None:
    made = excluded.exclusions.get()
    running = clock(excluded, NOW)
    assert (running.exclusion, running.decision, running.open) == (made.pk, None, True)
    assert running.due_at == datetime(2021, 2, 23, 0, 0, tzinfo=KST)
    assert "2월 22일" in Notice.objects.get(key__startswith="ineligible:").body
    with pytest.raises(Closed):
        objection.file(excluded, text="늦음", by=excluded.created_by, now=running.due_at)
    case = filed(excluded)
    assert (case.exclusion, case.decision, case.due_at) == (made, None, running.due_at)
    assert all(text in case.contested for text in (*made.messages, made.reason))
    with pytest.raises(MoveNotAllowed) as again:
        filed(excluded)
    assert again.value.code == "objected_before"
    assert Notice.objects.filter(key=f"objection_filed:{case.pk}").count() == 1


def test_who_screened_or_excluded_decides_no_objection(excluded, screener, excluder, other) -> None:
    case = filed(excluded)
    proposer = case.exclusion.proposal.proposed_by
    assert barred(case) == {screener.pk, excluder.pk, proposer.pk}
    for person in (screener, excluder, proposer):
        person.groups.add(*other.groups.all())  # was made a manager since
        for act in (
            lambda by: objection.dismiss(case, note="유지", by=by, now=LATER),
            lambda by: objection.uphold(case, remedy=Remedy.SCREENING, note="x", by=by, now=LATER),
        ):
            with pytest.raises(MoveNotAllowed) as refused:
                act(person)
            assert refused.value.code == "barred"
        with pytest.raises(IntegrityError, match="objection_by_other_people"), transaction.atomic():
            Objection.objects.filter(pk=case.pk).update(
                state="dismissed", decided_by=person, decided_at=LATER, answer="x"
            )


def test_a_dismissed_objection_leaves_the_exclusion(excluded, other) -> None:
    case = filed(excluded)
    manager = staff.manager()
    with pytest.raises(MoveNotAllowed) as refused:
        checks.reinstate(excluded, note="다시", by=manager, now=LATER)
    assert refused.value.code == "objection_open"
    objection.dismiss(case, note="확인서가 없습니다.", by=other, now=LATER)
    assert Application.objects.get(pk=excluded.pk).state == "ineligible"
    letter = Notice.objects.get(key=f"objection_decided:{case.pk}")
    assert "기각" in letter.body
    assert "확인서가 없습니다." in letter.body
    assert not clock(excluded, LATER).open
    assert not Notice.objects.filter(key__startswith="reinstated").exists()
    checks.reinstate(excluded, note="직권", by=manager, now=LATER)
    assert excluded.state == "screening"


@pytest.mark.parametrize("remedy", [Remedy.BONUS, Remedy.SHEETS])
def test_nothing_is_scored_again_after_an_exclusion(excluded, other, remedy) -> None:
    with pytest.raises(BadInput) as refused:
        objection.uphold(filed(excluded), remedy=remedy, note="x", by=other, now=LATER)
    assert refused.value.code == "remedy"


def test_an_exclusion_contested_with_success_is_screened_again(
    program, excluded, screener, excluder, other
) -> None:
    colleague = member_of(excluded.company, role="editor")
    case = filed(excluded)
    objection.uphold(case, remedy=Remedy.SCREENING, note="확인서 확인", by=other, now=LATER)
    again = Application.objects.get(pk=excluded.pk)
    case.refresh_from_db()
    assert (again.state, case.state, case.run) == ("screening", "closed", None)
    assert clock(again, LATER) is None
    letter = Notice.objects.get(key=f"objection_decided:{case.pk}").body
    assert "요건을 다시 검토" in letter
    assert "재결정" not in letter
    told = Notice.objects.filter(key__startswith="reinstated:").values_list("to_email", flat=True)
    assert set(told) == {excluded.created_by.email, colleague.email}
    told_to_the_firm = objection_summary(again, LATER)
    assert (told_to_the_firm["state"], told_to_the_firm["open"]) == ("closed", False)
    with pytest.raises(RuleBroken):  # what was found unmet is judged again before it goes on
        checks.qualify(again, by=screener, now=LATER)
    assert not changes_in_force(program)
    # A second exclusion is another thing, and so is a result.
    staff.excluded(again, failed=["other"], note="휴업", by=excluder, now=LATER)
    again = Application.objects.get(pk=excluded.pk)
    assert clock(again, LATER).open
    second = objection.file(again, text="영업합니다.", by=again.created_by, now=LATER)
    objection.uphold(second, remedy=Remedy.SCREENING, note="확인", by=other, now=LATER)
    assert again.objections.filter(state="closed").count() == 2


# --- A new assessment that cannot be finished -----------------------------------------------------


@pytest.fixture
def anew(two, other) -> Objection:
    """Upheld by a new assessment with one sheet handed in and one open."""
    case = filed(two[1])
    objection.uphold(case, remedy=Remedy.SHEETS, note="다시 평가", by=other, now=LATER)
    one, another = staff.assessors(2)
    staff.locked_sheet(two[1], one, (20, 20, 20), at=LATER)
    sheets.assign(
        Application.objects.get(pk=two[1].pk),
        assessor=another,
        by=staff.officer(two[1].sub_program),
        now=LATER,
    )
    return case


def test_another_manager_takes_a_new_assessment_back_and_the_firm_is_told(anew, two, other) -> None:
    third, then = staff.manager(), LATER + timedelta(days=5)
    with pytest.raises(MoveNotAllowed) as refused:
        objection.take_back(anew, note="사람이 없음", by=other, now=then)
    assert refused.value.code == "same_person"
    with pytest.raises(MoveNotAllowed):
        objection.take_back(anew, note=" ", by=third, now=then)
    objection.take_back(anew, note="사람이 없음", by=third, now=then)
    anew.refresh_from_db()
    application = Application.objects.get(pk=two[1].pk)
    assert (anew.state, anew.decided_by, anew.answer, anew.remedy) == ("filed", None, "", "")
    assert application.state == "released"
    assert award_of(application).outcome == "reserve"
    ended = application.sheets.filter(assigned_at__gte=LATER)
    assert {row.end_reason for row in ended} == {"재평가를 거두었습니다: 사람이 없음"}
    assert application.sheets.counted().count() == 3
    told = Notice.objects.get(key=f"objection_taken_back:{anew.pk}:1")
    assert "사람이 없음" in told.body
    assert anew.answer_due_at > then


def test_an_objection_is_answered_again_after_that_and_the_answer_is_sent(anew, two) -> None:
    third = staff.manager()
    objection.take_back(anew, note="사람이 없음", by=third, now=LATER)
    anew.refresh_from_db()
    objection.dismiss(anew, note="유지합니다", by=third, now=LATER)
    mails = Notice.objects.filter(key__startswith=f"objection_decided:{anew.pk}")
    assert sorted("유지합니다" in mail.body for mail in mails) == [False, True]


def test_what_was_scored_or_has_no_new_assessment_is_not_taken_back(two, other, anew) -> None:
    with_bonus = Objection.objects.get(pk=anew.pk)
    with_bonus.remedy = Remedy.BONUS
    scored = Objection.objects.get(pk=anew.pk)
    scored.run_id = two[0].results.get().run_id
    for case in (with_bonus, scored):
        with pytest.raises(MoveNotAllowed) as refused:
            objection.take_back(case, note="사유", by=staff.manager(), now=LATER)
        assert refused.value.code == "no_reassessment"


def test_free_assessors_are_those_with_room_without_tie_and_without_a_sheet(two, judges) -> None:
    application = Application.objects.get(pk=two[1].pk)
    free, full, tied, barred_one, idle = staff.assessors(5)
    for judge in (free, tied, barred_one, *judges):
        AssessorProfile.objects.create(user=judge, max_load=1)
    AssessorProfile.objects.create(user=full, max_load=0)
    AssessorProfile.objects.create(user=idle, active=False)
    conflicts.declare_tie(
        tied, kind="family", firm_name=application.company.name, business_number="", note="",
        by=tied, now=NOW,
    )  # fmt: skip
    officer = staff.officer(application.sub_program)
    committee.wish(
        application, assessor=barred_one, kind="forbid", reason="사정", by=officer, now=NOW
    )
    assert committee.fresh(application) == 1
