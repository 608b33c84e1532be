"""Assignment by solving: as many as needed, nobody tied, nobody overloaded, repeatable, explained."""

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from applications.models import Application, AssessorProfile, CommitteeProposal, ScoreSheet
from applications.rules.assessment import committee as rules
from applications.services import objection
from applications.services.assessment import committee, conflicts, sheets
from applications.states import Remedy
from portal.core.errors import BadInput, MoveNotAllowed
from portal.jobs import queue
from portal.models import News, User
from programs.models import SubProgram
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def program():
    return staff.program(assessors=3)


@pytest.fixture
def officer(program):
    return staff.officer(program)


def people(count: int, **fields) -> list[User]:
    judges = staff.assessors(count)
    for judge in judges:
        AssessorProfile.objects.create(user=judge, **{"max_load": 10, **fields})
    return judges


def tied_to(judge: User, application) -> None:
    """Let an assessor declare the applicant."""
    conflicts.declare_tie(
        judge, kind="family", firm_name=application.company.name, business_number="", note="",
        by=judge, now=NOW,
    )  # fmt: skip


def solved(program, officer, *, seed: int = 1, application=None) -> CommitteeProposal:
    made = committee.propose(program, seed=seed, by=officer, now=NOW, application=application)
    committee.solve(made, now=NOW)
    return made


def confirmed(program, officer, **names) -> CommitteeProposal:
    made = solved(program, officer, **names)
    committee.confirm(made, by=officer, now=NOW)
    return made


def test_everybody_gets_as_many_as_needed_and_nobody_who_is_tied(program, officer) -> None:
    rows = [staff.judged(program, judges=[]) for _ in range(4)]
    judges = people(5)
    tied_to(judges[0], rows[0])
    made = solved(program, officer)
    assert (made.wanted, made.placed, made.shortages) == (12, 12, [])
    assert [judges[0].pk, rows[0].pk] not in made.pairs
    assert made.explanation == ["필요한 12자리를 모두 채웠습니다."]
    assert committee.confirm(made, by=officer, now=NOW) == 12
    for row in rows:
        assert row.sheets.count() == 3
        assert row.moves.filter(move="assign").count() == 1
    notices = News.objects.filter(key__startswith=f"committee:{made.pk}:")
    assert notices.count() == len({pair[0] for pair in made.pairs})
    assert ScoreSheet.objects.filter(rubric=None).count() == 0


def test_the_same_seed_gives_the_same_pairs(program, officer) -> None:
    for _ in range(5):
        staff.judged(program, judges=[])
    people(8)
    first = solved(program, officer, seed=7)
    committee.discard(first, note="다시", by=officer, now=NOW)
    second = solved(program, officer, seed=7)
    assert (second.pairs, second.inputs_sha256) == (first.pairs, first.inputs_sha256)


def test_work_is_shared_and_limits_hold(program, officer) -> None:
    for _ in range(4):
        staff.judged(program, judges=[])
    people(6, max_load=2)
    made = solved(program, officer)
    loads = [sum(pair[0] == who for pair in made.pairs) for who in {p[0] for p in made.pairs}]
    assert loads == [2] * 6


def test_a_shortage_is_explained_with_its_number(program, officer) -> None:
    first, *rest = [staff.judged(program, judges=[]) for _ in range(3)]
    people(4, max_load=2)
    made = solved(program, officer)
    assert (made.wanted, made.placed) == (9, 6)
    assert made.shortages == [[rest[1].pk, 3, 0, 4, "seats"]]
    assert first.pk in {pair[1] for pair in made.pairs}
    assert made.explanation[0] == "필요한 9자리 가운데 3자리를 채우지 못했습니다."
    assert "3건 가운데 2건에 3명 이상을 배정하고, 1건은 배정하지 못했습니다" in made.explanation[1]
    assert "9자리가 더 필요한데 평가위원이 더 맡을 수 있는 자리는 8자리" in made.explanation[2]
    with pytest.raises(MoveNotAllowed) as refused:
        committee.confirm(made, by=officer, now=NOW)
    assert refused.value.code == "note_required"
    assert committee.confirm(made, by=officer, now=NOW, note="한 건은 뒤에 채움") == 6


def test_few_seats_fill_whole_panels_in_the_order_of_receipt(officer) -> None:
    program = staff.program(assessors=5)
    rows = [staff.judged(program, judges=[]) for _ in range(6)]
    for place, row in enumerate(rows):
        received = NOW - timedelta(hours=place)
        Application.objects.filter(pk=row.pk).update(submitted_at=received)
    people(5, max_load=2)  # ten seats: three panels of three, and one seat over
    made = solved(program, officer)
    filled = Counter(pair[1] for pair in made.pairs)
    assert set(filled) == {row.pk for row in rows[3:]}
    assert sorted(filled.values()) == [3, 3, 4]
    assert [row[0] for row in made.shortages if row[4] == "seats"] == [
        row.pk for row in reversed(rows[:3])
    ]


def test_a_panel_that_has_begun_is_completed_before_an_earlier_application(officer) -> None:
    program = staff.program(assessors=3)
    earlier, begun = (staff.judged(program, judges=[]) for _ in range(2))
    judges = people(3, max_load=1)
    sheets.assign(begun, assessor=judges[0], by=staff.officer(program), now=NOW)
    made = solved(program, officer)
    assert {pair[1] for pair in made.pairs} == {begun.pk}
    assert [row[0] for row in made.shortages] == [earlier.pk]


def test_a_pin_of_an_application_without_a_panel_assigns_nobody(program, officer) -> None:
    first, second = (staff.judged(program, judges=[]) for _ in range(2))
    judges = people(3, max_load=1)
    committee.wish(second, assessor=judges[0], kind="pin", reason="전문", by=officer, now=NOW)
    made = solved(program, officer)
    assert {pair[1] for pair in made.pairs} == {first.pk}
    assert made.placed == 3


def test_an_application_assessed_anew_gets_a_panel_of_other_people(program, officer) -> None:
    first = people(3)
    case = staff.judged(program, judges=first)
    boss = staff.manager()
    staff.released(program, by=boss, places=1)
    case.refresh_from_db()
    filed = objection.file(case, text="다시", by=case.created_by, now=NOW)
    objection.uphold(filed, remedy=Remedy.SHEETS, note="인용", by=staff.manager(), now=LATER)
    fresh = people(3)
    made = solved(program, officer)
    assert {pair[0] for pair in made.pairs} == {judge.pk for judge in fresh}


def test_ties_that_leave_too_few_are_explained_for_the_application(program, officer) -> None:
    row = staff.judged(program, judges=[])
    judges = people(3)
    tied_to(judges[0], row)
    made = solved(program, officer)
    assert (made.pairs, made.shortages) == ([], [[row.pk, 3, 0, 2, "people"]])
    assert any(row.number in line and "1명이 부족합니다" in line for line in made.explanation)


def test_expertise_comes_first(program, officer) -> None:
    row = staff.judged(program, judges=[])
    people(5)
    fit = people(3, programs=[program.code], industries=[row.company.industry_code[:2]])
    made = solved(program, officer)
    assert {pair[0] for pair in made.pairs} == {judge.pk for judge in fit}


def test_pins_and_bans_are_kept(program, officer) -> None:
    row = staff.judged(program, judges=[])
    judges = people(5)
    for judge, kind in ((judges[0], "forbid"), (judges[1], "pin")):
        committee.wish(row, assessor=judge, kind=kind, reason="사정", by=officer, now=NOW)
    for seed in range(3):
        made = solved(program, officer, seed=seed)
        chosen = {pair[0] for pair in made.pairs}
        assert judges[0].pk not in chosen
        assert judges[1].pk in chosen
        committee.discard(made, note="다시", by=officer, now=NOW)
    with pytest.raises(BadInput):
        committee.wish(row, assessor=officer, kind="pin", reason="x", by=officer, now=NOW)
    tied_to(judges[2], row)
    with pytest.raises(MoveNotAllowed):
        committee.wish(row, assessor=judges[2], kind="pin", reason="x", by=officer, now=NOW)
    committee.end_wish(row, assessor=judges[0], by=officer, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        committee.end_wish(row, assessor=judges[0], by=officer, now=NOW)
    assert refused.value.code == "no_wish"


def test_one_place_is_filled_anew_without_moving_the_others(program, officer) -> None:
    rows = [staff.judged(program, judges=[]) for _ in range(3)]
    people(6)
    confirmed(program, officer)
    ended = rows[0].sheets.first()
    sheets.declare(ended, tied=True, words="친족", by=ended.assessor, now=NOW)
    before = set(ScoreSheet.objects.active().values_list("pk", flat=True))
    made = solved(program, officer, application=rows[0])
    assert (made.wanted, made.placed) == (1, 1)
    assert made.pairs[0][0] != ended.assessor_id
    committee.confirm(made, by=officer, now=NOW)
    after = set(ScoreSheet.objects.active().values_list("pk", flat=True))
    assert before < after
    assert rows[0].sheets.active().count() == 3


def test_a_proposal_is_stale_once_its_inputs_change(program, officer) -> None:
    row = staff.judged(program, judges=[])
    judges = people(5)
    made = solved(program, officer)
    tied = User.objects.get(pk=made.pairs[0][0])
    tied_to(tied, row)
    conflicts.refresh(conflicts.watched(), now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        committee.confirm(made, by=officer, now=NOW)
    assert refused.value.code == "committee_stale"
    assert not ScoreSheet.objects.exists()
    assert judges


@pytest.mark.parametrize(
    ("known", "region", "chosen"), [(400, 50, "neighbour"), (50, 400, "stranger")]
)
def test_what_counts_how_much_is_a_figure_of_the_programme(officer, known, region, chosen) -> None:
    program = staff.program(assessors=1, minimum_sheets=1, fit_program=known, fit_region=region)
    row = staff.judged(program, judges=[])
    Application.objects.filter(pk=row.pk).update(region="seoul")
    (neighbour,) = people(1, programs=[program.code], region="seoul")
    (stranger,) = people(1, region="jeju")
    made = solved(program, staff.officer(program))
    expected = {"neighbour": neighbour, "stranger": stranger}[chosen]
    assert made.pairs == [[expected.pk, row.pk]]


def test_a_proposal_is_stale_once_what_counts_has_changed(program, officer) -> None:
    staff.judged(program, judges=[])
    people(4)
    made = solved(program, officer)
    SubProgram.objects.filter(pk=program.pk).update(fit_load=program.fit_load + 1)
    with pytest.raises(MoveNotAllowed) as refused:
        committee.confirm(CommitteeProposal.objects.get(pk=made.pk), by=officer, now=NOW)
    assert refused.value.code == "committee_stale"


def test_one_proposal_at_a_time_and_each_once(program, officer) -> None:
    staff.judged(program, judges=[])
    people(4)
    made = solved(program, officer)
    with pytest.raises(MoveNotAllowed) as refused:
        committee.propose(program, seed=2, by=officer, now=NOW)
    assert refused.value.code == "committee_open"
    committee.confirm(made, by=officer, now=NOW)
    for again in (
        lambda: committee.confirm(made, by=officer, now=NOW),
        lambda: committee.discard(made, note="x", by=officer, now=NOW),
    ):
        with pytest.raises(MoveNotAllowed):
            again()


@pytest.mark.parametrize("role", ["assessor", "auditor", "operator"])
def test_only_officers_and_managers_assign(program, role) -> None:
    with pytest.raises(MoveNotAllowed):
        committee.propose(program, seed=1, by=staff.staff(role), now=NOW)


def test_nobody_without_a_profile_or_set_inactive_is_offered(program, officer) -> None:
    staff.judged(program, judges=[])
    staff.assessors(3)
    people(3, active=False)
    made = solved(program, officer)
    assert made.placed == 0
    assert any("3명이 부족합니다" in line for line in made.explanation)


def test_the_job_solves(program, officer) -> None:
    staff.judged(program, judges=[])
    people(4)
    made = committee.propose(program, seed=1, by=officer, now=NOW)
    assert queue.run(made.job_id) == "done"
    made.refresh_from_db()
    assert made.placed == 3


@given(
    st.sets(st.sampled_from(["build", "robot"])),
    st.lists(st.sampled_from(["25", "28", "1"]), max_size=3),
    st.sampled_from(["", "seoul"]),
)
def test_knowing_more_never_costs_more(programs, industries, region) -> None:
    subject = rules.Subject("build", "C25924", "seoul")
    fit = rules.Fit(program=400, industry=200, region=50, load=40)
    less = rules.cost(rules.Profile(frozenset(programs), tuple(industries), region), subject, fit)
    more = rules.cost(
        rules.Profile(frozenset(programs | {"build"}), (*industries, "25"), region), subject, fit
    )
    assert 0 <= more <= less


@pytest.mark.parametrize(("load", "stale"), [(2, False), (1, True)])
def test_assignments_elsewhere_make_a_proposal_stale_only_where_they_take_its_room(
    program, officer, load: int, stale: bool
) -> None:
    staff.judged(program, judges=[])
    people(3, max_load=load)
    made = solved(program, officer)
    elsewhere = staff.program()
    busy = User.objects.get(pk=made.pairs[0][0])
    sheets.assign(
        staff.judged(elsewhere, judges=[]), assessor=busy, by=staff.officer(elsewhere), now=NOW
    )
    if not stale:
        assert committee.confirm(made, by=officer, now=NOW) == 3
        return
    with pytest.raises(MoveNotAllowed) as refused:
        committee.confirm(made, by=officer, now=NOW)
    assert refused.value.code == "committee_stale"
