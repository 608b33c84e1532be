"""Selection of members: frozen marks, one list, released at once, declined places filled."""

from datetime import timedelta

import pytest

from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.models import Notice
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from vouchers.models import Monitor, PanelApplication, PanelRound, SupplierTie
from vouchers.services import conflicts, members, recruitment, selection
from vouchers.states import MonitorState, PanelApplicationState

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=6)


def states(panel: PanelRound) -> list[str]:
    return list(panel.applications.order_by("pk").values_list("state", flat=True))


def test_a_release_creates_members_and_mails() -> None:
    by, panel = make.operator(), make.panel()
    make.marked(panel, by)
    made = selection.propose(panel, by=by, now=LATER)
    assert selection.recompute(made) == made.results_sha256
    assert set(states(panel)) == {"submitted"}
    assert selection.release(made, by=by, now=LATER) == {"selected": 6, "reserve": 2, "rejected": 1}
    assert states(panel) == ["selected"] * 6 + ["reserve"] * 2 + ["rejected"]
    assert list(panel.monitors.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert Notice.objects.filter(key__startswith="panel-result:").count() == 9


def test_the_same_marks_give_the_same_list() -> None:
    by, panel = make.operator(), make.panel()
    make.marked(panel, by)
    one = selection.propose(panel, by=by, now=LATER)
    two = selection.propose(panel, by=by, now=LATER)
    assert (one.inputs_sha256, one.results_sha256) == (two.inputs_sha256, two.results_sha256)


def test_nothing_is_proposed_before_the_end_or_with_somebody_unmarked() -> None:
    by, panel = make.operator(), make.panel()
    make.application(panel)
    with pytest.raises(RuleBroken) as refused:
        selection.propose(panel, by=by, now=NOW)
    assert {row.code for row in refused.value.findings} == {"round_open", "unmarked"}


def test_a_list_is_not_released_after_an_application_changed() -> None:
    by, panel = make.operator(), make.panel()
    rows = make.marked(panel, by)
    made = selection.propose(panel, by=by, now=LATER)
    recruitment.withdraw(rows[0], by=rows[0].user, now=LATER)
    with pytest.raises(RuleBroken) as refused:
        selection.release(made, by=by, now=LATER)
    assert refused.value.code == "changed"
    assert not Monitor.objects.exists()


def test_it_is_released_once() -> None:
    by, panel = make.operator(), make.panel()
    make.marked(panel, by)
    made = selection.propose(panel, by=by, now=LATER)
    selection.release(made, by=by, now=LATER)
    with pytest.raises(MoveNotAllowed):
        selection.release(made, by=by, now=LATER)


def test_a_declined_place_goes_to_the_next_in_reserve() -> None:
    by, panel = make.operator(), make.panel()
    rows = make.marked(panel, by)
    selection.release(selection.propose(panel, by=by, now=LATER), by=by, now=LATER)
    first = PanelApplication.objects.get(pk=rows[0].pk)
    risen = selection.decline(first, by=first.user, now=LATER)
    assert risen is not None
    assert (risen.number, risen.application_id) == (7, rows[6].pk)
    assert Monitor.objects.get(application=first).state == MonitorState.LEFT
    assert Notice.objects.filter(key=f"panel-moved-up:{rows[6].pk}").exists()


def test_a_reserve_who_is_tied_by_now_waits_for_a_decision() -> None:
    by, panel = make.operator(), make.panel()
    rows = make.marked(panel, by)
    selection.release(selection.propose(panel, by=by, now=LATER), by=by, now=LATER)
    host = rows[6].user.email.partition("@")[2]
    make.supplier(email=f"info@{host}")
    first = PanelApplication.objects.get(pk=rows[0].pk)
    assert selection.decline(first, by=first.user, now=LATER) is None
    assert PanelApplication.objects.get(pk=rows[6].pk).state == PanelApplicationState.RESERVE
    with pytest.raises(MoveNotAllowed):
        selection.fill(panel, by=by, now=LATER)
    tie = SupplierTie.objects.get(user=rows[6].user)
    proposal = conflicts.confirm(tie, reason="재직", by=by, now=LATER)
    members.confirm_exclusion(proposal, by=make.agency(), now=LATER)
    assert selection.fill(panel, by=by, now=LATER).application_id == rows[7].pk
    with pytest.raises(MoveNotAllowed) as refused:
        selection.fill(panel, by=by, now=LATER)
    assert refused.value.code == "full"


@pytest.mark.parametrize("holds", [True, False], ids=["tied", "not tied"])
def test_a_tie_found_before_the_proposal_is_decided_first(holds: bool) -> None:
    by, panel = make.operator(), make.panel()
    rows = make.marked(panel, by)
    make.supplier(email=f"info@{rows[0].user.email.partition('@')[2]}")
    with pytest.raises(RuleBroken) as refused:
        selection.propose(panel, by=by, now=LATER)
    assert [row.code for row in refused.value.findings] == ["undecided"]
    decide = conflicts.confirm if holds else conflicts.dismiss
    decide(SupplierTie.objects.get(), reason="확인함", by=by, now=LATER)
    made = selection.propose(panel, by=by, now=LATER)
    assert made.decisions.filter(application=rows[0]).exists() is not holds
    selection.release(made, by=by, now=LATER)


def test_marks_are_whole_within_bounds_and_reasoned() -> None:
    by, filed = make.operator(), make.application(make.panel())
    for points, reason in (
        ({"expertise": 51, "interest": 1}, "x"),
        ({"expertise": 1}, "x"),
        ({"expertise": 1, "interest": 1}, " "),
    ):
        with pytest.raises(BadInput):
            selection.mark(filed, points=points, reason=reason, by=by, now=NOW)


def test_roles_that_only_read_do_not_act() -> None:
    panel = make.panel()
    filed = make.application(panel)
    points = {"expertise": 1, "interest": 1}
    for reader in (make.ministry(), make.agency(), make.moderator(), make.person()):
        with pytest.raises(MoveNotAllowed):
            selection.mark(filed, points=points, reason="x", by=reader, now=NOW)
        with pytest.raises(MoveNotAllowed):
            selection.propose(panel, by=reader, now=LATER)
