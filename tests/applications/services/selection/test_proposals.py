"""Selections: the line, the money, the way back, and one release for all."""

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction

from applications.models import Application, ApplicationMove, Decision, Selection, SelectionMove
from applications.queries.application import result
from applications.queries.selection.decisions import award_of
from applications.services.assessment import scoring
from applications.services.intake import filing
from applications.services.selection import notices, proposals
from applications.states import Outcome
from portal.core.errors import BadInput, BudgetExceeded, MoveNotAllowed, PortalError, RuleBroken
from portal.jobs import queue
from portal.models import Job, JobState, Notice, User
from programs.models import LedgerEntry
from programs.queries.ledger import balance
from programs.services import ledger
from tests.factories import staff
from tests.factories.applications import NOW

pytestmark = pytest.mark.django_db
MAN = 10_000


@pytest.fixture
def program():
    return staff.program(money=20_000 * MAN)


@pytest.fixture
def officer(program):
    return staff.officer(program)


@pytest.fixture
def boss():
    return staff.manager()


@pytest.fixture
def judges():
    return staff.assessors(3)


@pytest.fixture
def five(program, judges) -> list[Application]:
    """Five in the order of their scores, 5,000만원 each; the last is below the floor."""
    marks = [(28, 36, 28), (26, 34, 26), (24, 32, 24), (22, 30, 22), (10, 20, 10)]
    return [staff.judged(program, row, judges=judges, support=5_000 * MAN) for row in marks]


def outcomes(made: Selection) -> list[str]:
    return list(made.decisions.order_by("rank").values_list("outcome", flat=True))


def states(applications: list[Application]) -> set[str]:
    ids = [row.pk for row in applications]
    return set(Application.objects.filter(pk__in=ids).values_list("state", flat=True))


def test_the_budget_stops_the_line_and_the_floor_is_below_it(program, officer, judges) -> None:
    for marks in ((28, 36, 28), (26, 34, 26), (24, 32, 24), (10, 20, 10)):
        staff.judged(program, marks, judges=judges, support=9_000 * MAN)
    made = staff.proposed(program, officer)
    assert outcomes(made) == ["selected", "selected", "reserve", "rejected"]
    assert made.cut["stopped_by"] == "budget"
    assert (made.cut["selected_count"], made.cut["left_won"]) == (2, 2_000 * MAN)
    assert made.cut["cut_total"] == "86.00"
    assert made.available_won == 20_000 * MAN


def test_a_smaller_one_further_down_does_not_jump_ahead(program, officer, judges) -> None:
    for marks, support in (((28, 36, 28), 15_000), ((26, 34, 26), 9_000), ((24, 32, 24), 1_000)):
        staff.judged(program, marks, judges=judges, support=support * MAN)
    assert outcomes(staff.proposed(program, officer)) == ["selected", "reserve", "reserve"]


@pytest.mark.parametrize(
    ("kind", "chosen", "stopped"),
    [("about", 2, "quota"), ("exact", 2, "quota"), ("at_least", 4, "end")],
)
def test_the_word_of_the_quota_decides_where_it_stops(
    program, officer, five, kind, chosen, stopped
) -> None:
    program.quota_count, program.quota_kind = 2, kind
    program.save()
    made = staff.proposed(program, officer)
    assert (made.cut["selected_count"], made.cut["stopped_by"]) == (chosen, stopped)
    assert made.cut["warnings"] == []


def test_another_number_of_places_is_kept_as_a_visible_warning(program, officer, five) -> None:
    program.quota_count, program.quota_kind = 2, "about"
    program.save()
    made = staff.proposed(program, officer, places=3, reserve_places=0)
    assert outcomes(made) == ["selected"] * 3 + ["rejected"] * 2
    assert {row["code"] for row in made.cut["warnings"]} == {"places_chosen", "quota_over"}


def test_a_target_that_is_not_reached_is_a_warning(program, officer, five) -> None:
    program.quota_count, program.quota_kind = 57, "at_least"
    program.save()
    assert [row["code"] for row in staff.proposed(program, officer).cut["warnings"]] == [
        "quota_short"
    ]


def test_a_proposal_made_twice_is_made_once(program, officer, five) -> None:
    made = staff.proposed(program, officer)
    before = list(made.decisions.order_by("pk").values_list("pk", "outcome"))
    proposals.propose(Selection.objects.get(pk=made.pk), now=NOW)
    assert list(made.decisions.order_by("pk").values_list("pk", "outcome")) == before
    assert SelectionMove.objects.filter(thing=made, move="propose").count() == 1


def test_an_application_without_an_amount_stops_the_proposal_whole(
    program, officer, judges, five
) -> None:
    staff.judged(program, judges=judges, support=None)
    made = proposals.start(staff.scored(program, officer), by=officer, now=NOW)
    with pytest.raises(RuleBroken) as refused:
        proposals.propose(made, now=NOW)
    assert refused.value.code == "amount_unknown"
    assert not Decision.objects.exists()


def test_a_withdrawn_application_is_not_ranked(program, officer, five) -> None:
    run = staff.scored(program, officer)
    Application.objects.filter(pk=five[0].pk).update(state="withdrawn")
    made = proposals.start(run, by=officer, now=NOW)
    proposals.propose(made, now=NOW)
    assert made.decisions.count() == 4
    assert made.decisions.get(rank=1).application_id == five[1].pk


def test_one_selection_at_a_time_and_only_from_a_finished_run(program, officer, five) -> None:
    run = scoring.start(program, by=officer, now=NOW, while_open=True)
    with pytest.raises(MoveNotAllowed) as early:
        proposals.start(run, by=officer, now=NOW)
    assert early.value.code == "run_not_finished"
    scoring.compute(run, now=NOW)
    first = proposals.start(run, by=officer, now=NOW)
    with pytest.raises(MoveNotAllowed) as second:
        proposals.start(run, by=officer, now=NOW)
    assert second.value.code == "selection_live"
    proposals.discard(first, note="다시", by=officer, now=NOW)
    assert proposals.start(run, by=officer, now=NOW).pk != first.pk
    with pytest.raises(BadInput):
        proposals.start(run, by=officer, now=NOW, places=-1)


@pytest.mark.parametrize("role", ["assessor", "officer", "auditor", "operator"])
def test_only_a_manager_decides_takes_back_and_releases(program, officer, five, boss, role) -> None:
    who = officer if role == "officer" else staff.staff(role)
    made = staff.proposed(program, officer)
    staff.confirmed(made)
    with pytest.raises(MoveNotAllowed):
        proposals.decide(made, by=who, now=NOW)
    proposals.decide(made, by=boss, now=NOW)
    for act in (
        lambda: proposals.undecide(made, note="다시", by=who, now=NOW),
        lambda: proposals.release(made, by=who, now=NOW),
        lambda: proposals.schedule(made, "undecide", by=who, now=NOW, note="다시"),
        lambda: proposals.schedule_release(made, by=who, now=NOW),
    ):
        with pytest.raises(MoveNotAllowed):
            act()
    assert Selection.objects.get(pk=made.pk).state == "decided"
    jobs = Job.objects.filter(kind__in=[proposals.DECIDE_JOB, proposals.RELEASE_JOB])
    assert not jobs.exists()


def test_a_decision_reserves_for_each_selected_one_and_moves_all(
    program, officer, boss, five
) -> None:
    made = staff.proposed(program, officer)
    staff.decided(made, by=boss)
    assert balance(program.pot).reserved == 4 * 5_000 * MAN
    entry = LedgerEntry.objects.get(subject=f"application:{five[0].pk}")
    assert entry.reference == f"reserve:application:{five[0].pk}:{made.pk}"
    assert states(five) == {"decided"}
    assert ApplicationMove.objects.filter(move="decide", by=boss).count() == 5
    assert (made.state, made.decided_at) == ("decided", NOW)


def test_nothing_of_a_decision_is_seen_before_it_is_released(program, officer, boss, five) -> None:
    made = staff.proposed(program, officer)
    staff.decided(made, by=boss)
    winner = Application.objects.get(pk=five[0].pk)
    assert result(winner) is None
    assert winner.applicant_label == "평가 중"
    assert not Notice.objects.filter(key__startswith="result:").exists()


def test_a_decision_taken_back_gives_the_money_back_and_may_be_made_again(
    program, officer, boss, five
) -> None:
    made = staff.proposed(program, officer)
    for times in (1, 2):
        staff.decided(made, by=boss)
        assert balance(program.pot).reserved == 4 * 5_000 * MAN, times
        proposals.undecide(made, note="자료 확인", by=boss, now=NOW)
        assert balance(program.pot).reserved == 0, times
        assert balance(program.pot).available == 20_000 * MAN
        assert states(five) == {"assessing"}
    assert made.decided_at is None
    with pytest.raises(MoveNotAllowed):
        proposals.undecide(made, note="또", by=boss, now=NOW)


def test_a_pot_that_has_shrunk_refuses_the_whole_decision(program, officer, boss, five) -> None:
    made = staff.proposed(program, officer)
    ledger.reduce(program.pot, ledger.Booking(amount=1, reference="cut"), by=None, now=NOW)
    with pytest.raises(BudgetExceeded):
        staff.decided(made, by=boss)
    assert Selection.objects.get(pk=made.pk).state == "confirmed"
    assert states(five) == {"assessing"}
    assert balance(program.pot).reserved == 0


def test_an_application_that_left_meanwhile_refuses_the_decision(
    program, officer, boss, five
) -> None:
    made = staff.proposed(program, officer)
    Application.objects.filter(pk=five[2].pk).update(state="withdrawn")
    with pytest.raises(RuleBroken) as refused:
        staff.decided(made, by=boss)
    assert refused.value.findings[0].code == "applications_gone"
    assert balance(program.pot).reserved == 0
    assert states(five[:2]) == {"assessing"}


def test_a_release_shows_every_result_and_writes_one_notice_each(
    program, officer, boss, five
) -> None:
    made = staff.proposed(program, officer)
    staff.decided(made, by=boss)
    assert proposals.release(made, by=boss, now=NOW) == {"decisions": 5, "notices": 5}
    assert proposals.release(made, by=boss, now=NOW) == {"decisions": 5, "notices": 5}
    sent = Notice.objects.filter(key__startswith="result:")
    assert sent.count() == 5
    assert states(five) == {"released"}
    for application in Application.objects.filter(pk__in=[row.pk for row in five]):
        shown = result(application)
        notice = sent.get(key=f"result:{made.pk}:{application.pk}")
        assert shown["label"] in notice.body
        assert application.number in notice.subject
    assert {Outcome(row).label for row in outcomes(made)} == {"선정", "탈락"}


class KilledError(Exception):
    """The worker was killed."""


def test_a_release_that_was_killed_writes_the_missing_notices_only(
    program, officer, boss, five, monkeypatch
) -> None:
    monkeypatch.setattr(proposals, "CHUNK", 2)
    made = staff.proposed(program, officer)
    staff.decided(made, by=boss)

    def die(done: int, total: int) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        proposals.release(made, by=boss, now=NOW, progress=die)
    assert states(five) == {"released"}  # all results became public together
    assert Notice.objects.filter(key__startswith="result:").count() == 2
    assert proposals.release(made, by=boss, now=NOW)["notices"] == 5
    assert Notice.objects.filter(key__startswith="result:").count() == 5


def test_a_release_with_fewer_notices_than_decisions_says_so(
    program, officer, boss, five, monkeypatch
) -> None:
    made = staff.proposed(program, officer)
    staff.decided(made, by=boss)
    monkeypatch.setattr(proposals, "_notify", lambda *given: 4)
    with pytest.raises(PortalError) as refused:
        proposals.release(made, by=boss, now=NOW)
    assert refused.value.code == "notices_missing"


def test_a_release_is_requested_once_and_ties_the_job_to_the_page(
    program, officer, boss, five
) -> None:
    made = staff.proposed(program, officer)
    with pytest.raises(MoveNotAllowed):
        proposals.schedule_release(made, by=boss, now=NOW)
    staff.decided(made, by=boss)
    job = proposals.schedule_release(made, by=boss, now=NOW)
    assert proposals.schedule_release(made, by=boss, now=NOW) == job
    assert Selection.objects.get(pk=made.pk).job == job


def test_every_act_of_a_selection_leaves_who_when_from_to_and_why(
    program, officer, boss, five
) -> None:
    made = staff.proposed(program, officer)
    proposals.confirm(made, by=officer, now=NOW)
    proposals.decide(made, by=boss, now=NOW)
    proposals.undecide(made, note="오류 확인", by=boss, now=NOW)
    proposals.discard(made, note="다시 만듦", by=officer, now=NOW)
    rows = SelectionMove.objects.filter(thing=made).values_list(
        "move", "source", "target", "by", "at", "note"
    )
    assert list(rows) == [
        ("propose", "preparing", "proposed", None, NOW, ""),
        ("confirm", "proposed", "confirmed", officer.pk, NOW, ""),
        ("decide", "confirmed", "decided", boss.pk, NOW, ""),
        ("undecide", "decided", "proposed", boss.pk, NOW, "오류 확인"),
        ("discard", "proposed", "discarded", officer.pk, NOW, "다시 만듦"),
    ]


def test_the_confirming_person_does_not_approve(program, officer, boss, five) -> None:
    both = staff.staff("manager", program)
    both.groups.add(Group.objects.get(name="officer"))
    made = staff.proposed(program, officer)
    with pytest.raises(MoveNotAllowed):
        proposals.decide(made, by=boss, now=NOW)  # nobody has confirmed it
    proposals.confirm(made, by=both, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        proposals.decide(made, by=both, now=NOW)
    assert refused.value.code == "same_person"
    with pytest.raises(IntegrityError), transaction.atomic():
        Selection.objects.filter(pk=made.pk).update(decided_by=both, decided_at=NOW)
    proposals.decide(made, by=boss, now=NOW)
    assert (made.confirmed_by, made.decided_by) == (both, boss)


def test_the_database_wants_both_signatures_of_a_decided_selection(program, officer, five) -> None:
    made = staff.proposed(program, officer)
    for state in ("confirmed", "decided", "released"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Selection.objects.filter(pk=made.pk).update(state=state, released_at=NOW)


def test_a_change_after_the_confirmation_undoes_it(program, officer, boss, five) -> None:
    made = staff.decided(staff.proposed(program, officer), by=boss)
    proposals.undecide(made, note="점수 확인", by=boss, now=NOW)
    assert (made.state, made.confirmed_by, made.decided_by) == ("proposed", None, None)
    proposals.confirm(made, by=officer, now=NOW)
    proposals.unconfirm(made, note="다시 봄", by=officer, now=NOW)
    proposals.confirm(made, by=officer, now=NOW)
    other = proposals.revise(
        made, places=2, reserve_places=None, note="규모 변경", by=officer, now=NOW
    )
    proposals.propose(other, now=NOW)
    assert Selection.objects.get(pk=made.pk).state == "discarded"
    assert (other.state, other.places, other.confirmed_by) == ("proposed", 2, None)
    with pytest.raises(MoveNotAllowed):
        proposals.decide(other, by=boss, now=NOW)


def test_a_withdrawal_before_the_release_frees_the_money_and_gets_no_result(
    program, officer, boss, five
) -> None:
    made = staff.decided(staff.proposed(program, officer), by=boss)
    withdrawn = Application.objects.get(pk=five[1].pk)
    filing.withdraw(withdrawn, by=withdrawn.created_by, now=NOW, note="사업을 접습니다")
    assert balance(program.pot).reserved == 3 * 5_000 * MAN
    assert proposals.release(made, by=boss, now=NOW) == {"decisions": 4, "notices": 4}
    assert not Notice.objects.filter(key=f"result:{made.pk}:{withdrawn.pk}").exists()
    assert award_of(withdrawn) is None
    assert result(Application.objects.get(pk=withdrawn.pk)) is None
    assert balance(program.pot).reserved == 3 * 5_000 * MAN


def test_taking_the_approval_back_gives_a_withdrawn_ones_money_back_once(
    program, officer, boss, five
) -> None:
    made = staff.decided(staff.proposed(program, officer), by=boss)
    withdrawn = Application.objects.get(pk=five[1].pk)
    filing.withdraw(withdrawn, by=withdrawn.created_by, now=NOW, note="사업을 접습니다")
    proposals.undecide(made, note="다시", by=boss, now=NOW)
    assert balance(program.pot).reserved == 0
    proposals.confirm(made, by=officer, now=NOW)
    with pytest.raises(RuleBroken):
        proposals.decide(made, by=boss, now=NOW)  # its list names one who is withdrawn


def test_notices_are_previewed_before_the_release_and_sent_unchanged(
    program, officer, boss, five
) -> None:
    made = staff.decided(staff.proposed(program, officer), by=boss)
    rows = list(notices.announced(made).order_by("rank").select_related("application"))
    before = dict(notices.compose(made, rows, now=NOW))
    assert not Notice.objects.filter(key__startswith="result:").exists()
    proposals.release(made, by=boss, now=NOW)
    after = {row.key: row.body for row in Notice.objects.filter(key__startswith="result:")}
    assert after == {key: notice["body"] for key, notice in before.items()}
    first = after[f"result:{made.pk}:{five[0].pk}"]
    for expected in ("1위로 예산과 선정 수 안에", "합계 92.00점", "선정선:", "이의신청"):
        assert expected in first


def test_a_decision_without_anybody_to_write_to_stops_the_release(
    program, officer, boss, five
) -> None:
    made = staff.decided(staff.proposed(program, officer), by=boss)
    User.objects.filter(pk=five[0].submission.submitted_by_id).update(email="gone")
    for act in (proposals.schedule_release, proposals.release):
        with pytest.raises(RuleBroken) as refused:
            act(made, by=boss, now=NOW)
        assert refused.value.findings[0].code == "notices_short"
    assert states(five) == {"decided"}


def test_a_job_that_decides_is_of_one_person_and_of_one_confirmation(
    program, officer, boss, five
) -> None:
    made = staff.confirmed(staff.proposed(program, officer))
    first = proposals.schedule(made, "decide", by=boss, now=NOW)
    assert proposals.schedule(made, "decide", by=boss, now=NOW) == first
    other = proposals.schedule(made, "decide", by=staff.manager(), now=NOW)
    assert other != first  # a job never runs in the name of somebody else
    proposals.unconfirm(made, note="다시", by=boss, now=NOW)
    staff.confirmed(made)
    assert queue.run(first.pk) == JobState.DONE  # asked for before the new confirmation
    assert Selection.objects.get(pk=made.pk).state == "confirmed"
    again = proposals.schedule(made, "decide", by=boss, now=NOW)
    assert again != first
    assert queue.run(again.pk) == JobState.DONE
    assert Selection.objects.get(pk=made.pk).decided_by == boss


def test_who_takes_back_or_releases_by_a_job_is_who_asked(program, officer, boss, five) -> None:
    made = staff.decided(staff.proposed(program, officer), by=boss)
    second = staff.manager()
    for act in (
        lambda by: proposals.schedule(made, "undecide", by=by, now=NOW, note=str(by.pk)),
        lambda by: proposals.schedule_release(made, by=by, now=NOW),
    ):
        jobs = [act(boss), act(second)]
        assert [job.requested_by for job in jobs] == [boss, second]


def test_who_confirmed_is_refused_when_a_long_list_is_approved(program, officer, five) -> None:
    both = staff.staff("officer", program)
    both.groups.add(*staff.manager().groups.all())
    made = staff.proposed(program, officer)
    proposals.confirm(made, by=both, now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:
        proposals.schedule(made, "decide", by=both, now=NOW)
    assert refused.value.code == "same_person"
    assert not Job.objects.filter(kind=proposals.DECIDE_JOB).exists()
