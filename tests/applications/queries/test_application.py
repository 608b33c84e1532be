"""The progress of an application, and its result, which nobody sees before the release."""

from datetime import datetime, timedelta

import pytest

from applications.models import Application, Decision, SelectionMove
from applications.queries.application import result, timeline
from applications.services.intake import filing
from applications.services.screening import supplements
from applications.services.selection import proposals
from applications.states import APPLICANT_LABELS, ApplicationMoves, ApplicationState
from portal.core.dates import KST
from portal.records.workflow import move
from tests.factories import drafts, programs, staff
from tests.factories.applications import NOW, ApplicationFactory, SupplementFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
STEPS = [
    {"code": code, "label": code, "actor": "담당자", "days": 10, "due_policy": "working_day_18"}
    for code in ("submitted", "screening", "assessing", "released", "contracted", "closed")
]


def states(application: Application) -> list[str]:
    return [step.state for step in timeline(Application.objects.get(pk=application.pk))]


def current(application: Application):
    steps = timeline(Application.objects.get(pk=application.pk))
    return next((step for step in steps if step.state in {"current", "stopped"}), None)


@pytest.fixture
def draft() -> Application:
    programs.load()
    return drafts.complete(programs.program("robot"))


def test_a_draft_waits_for_the_applicant_on_the_first_step(draft: Application) -> None:
    steps = timeline(draft)
    assert [step.label for step in steps] == [row["label"] for row in draft.sub_program.steps]
    assert states(draft) == ["current", *["todo"] * (len(steps) - 1)]


def test_each_act_of_staff_moves_the_way_on_with_its_date(draft: Application) -> None:
    officer = UserFactory(roles=["officer"])
    drafts.file(draft)
    filed = Application.objects.get(pk=draft.pk)
    first = timeline(filed)[0]
    assert (first.state, first.at) == ("done", NOW)
    assert states(filed)[1] == "current"
    waiting = current(filed)
    assert filed.sub_program.steps[1]["days"] == 14
    assert waiting.who == filed.sub_program.steps[1]["actor"]
    assert waiting.due == datetime(2021, 2, 24, 18, tzinfo=KST)
    move(filed, ApplicationMoves.TAKE_UP, by=officer, now=NOW + DAY)
    assert states(filed)[1] == "current"
    move(filed, ApplicationMoves.QUALIFY, by=officer, now=NOW + 2 * DAY)
    done = timeline(Application.objects.get(pk=filed.pk))[1]
    assert (done.state, done.at) == ("done", NOW + 2 * DAY)
    assert states(filed)[:3] == ["done", "done", "current"]


def test_an_open_request_waits_for_the_applicant_until_its_day() -> None:
    programs.load()
    application = ApplicationFactory(screening=True, sub_program=programs.program("robot"))
    asked = SupplementFactory(application=application)
    waiting = current(application)
    assert (waiting.who, waiting.due) == ("신청기업", asked.due_at)
    supplements.expire(asked.due_at + DAY)
    assert current(application).who != "신청기업"


@pytest.mark.parametrize("state", ["ineligible", "withdrawn"])
def test_an_ended_application_stops_and_nothing_is_current(draft: Application, state: str) -> None:
    drafts.file(draft)
    filed = Application.objects.get(pk=draft.pk)
    if state == "withdrawn":
        filing.withdraw(filed, by=draft.created_by, now=NOW + DAY, note="사정")
    else:
        officer = UserFactory(roles=["officer"])
        move(filed, ApplicationMoves.TAKE_UP, by=officer, now=NOW)
        move(filed, ApplicationMoves.EXCLUDE, by=officer, now=NOW, note="요건 미충족")
    assert "current" not in states(filed)
    assert "stopped" in states(filed)


def judged() -> tuple[Application, Application]:
    """A selected and a rejected one, decided and not yet released."""
    scheme, manager = staff.program(steps=STEPS), staff.manager()
    judges = staff.assessors(3)
    high = staff.judged(scheme, (24, 32, 24), judges=judges, bonus=True)
    low = staff.judged(scheme, (10, 20, 10), judges=judges)
    staff.decided(staff.proposed(scheme, manager), by=manager)
    return Application.objects.get(pk=high.pk), Application.objects.get(pk=low.pk)


def test_nothing_hints_at_a_decision_before_its_release() -> None:
    high, low = judged()
    assert {high.state, low.state} == {"decided"}
    assert result(high) is None
    assert result(low) is None
    assert high.applicant_label == low.applicant_label
    assert (
        APPLICANT_LABELS[ApplicationState.DECIDED] == APPLICANT_LABELS[ApplicationState.ASSESSING]
    )
    before = [(step.label, step.state, step.who) for step in timeline(high)]
    Application.objects.filter(pk=high.pk).update(state="assessing")
    again = timeline(Application.objects.get(pk=high.pk))
    assert [(step.label, step.state, step.who) for step in again] == before


def test_a_released_result_tells_rank_line_score_and_reasons() -> None:
    high, low = judged()
    chosen = Decision.objects.get(application=high).selection
    proposals.release(chosen, by=staff.manager(), now=NOW + DAY)
    found = result(Application.objects.get(pk=high.pk))
    other = result(Application.objects.get(pk=low.pk))
    assert (found["outcome"], found["label"], found["rank"], found["counted"]) == (
        "selected", "선정", 1, 2,
    )  # fmt: skip
    assert (str(found["raw"]), str(found["total"])) == ("80.00", "85.00")
    assert found["grant_won"] == 50_000_000
    assert found["gap"] == 0
    assert [row.reason for row in found["bonuses"]] == ["허가증 확인"]
    assert found["released_at"] == NOW + DAY
    assert (other["outcome"], other["grant_won"]) == ("rejected", 0)
    assert other["gap"] < 0
    assert other["reason"]
    assert found["cut"] == other["cut"]
    assert found["rubric_sha256"] == other["rubric_sha256"]
    assert found["inputs_sha256"] != other["inputs_sha256"]


def test_an_application_released_without_a_decision_has_no_result() -> None:
    assert result(ApplicationFactory(released=True)) is None
    assert not SelectionMove.objects.exists()
