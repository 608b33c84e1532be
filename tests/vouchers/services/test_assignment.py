"""Assignment: never a tied member, numbers met or explained, the same seed the same result."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.core.errors import BadInput, Closed, MoveNotAllowed, RuleBroken
from portal.jobs import queue
from portal.models import DeclaredTie, FirmLink, JobState
from tests.factories import reports
from tests.factories import vouchers as make
from tests.factories.applications import NOW
from vouchers.models import (
    Assignment,
    AssignmentRun,
    PanelApplication,
    PanelRound,
    Wish,
)
from vouchers.services import assignment, conflicts
from vouchers.states import AssignmentState, MonitorState, TieStanding

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel() -> PanelRound:
    made = make.panel(load=4)
    owner = make.supplier()
    make.cover(made, [make.service(supplier=owner) for _ in range(4)])
    make.members(made, 6)
    return made


def run(panel: PanelRound, by=None, *, seed: int = 7) -> AssignmentRun:
    made = assignment.start(panel, seed=seed, by=by or make.operator(), now=NOW)
    return assignment.compute(made, now=NOW)


def confirmed(panel: PanelRound) -> AssignmentRun:
    by = make.operator()
    made = run(panel, by)
    assignment.confirm(made, by=by, now=NOW)
    return made


def test_each_service_gets_four_of_different_kinds_within_the_load(panel) -> None:
    made = confirmed(panel)
    assert (made.wanted, made.filled, made.added) == (16, 16, 16)
    for service in panel.covered.all():
        kinds = list(service.assignments.values_list("monitor__kind", flat=True))
        assert len(kinds) == 4
        assert set(kinds) == {"sme", "expert", "student"}
    for monitor in panel.monitors.all():
        assert monitor.assignments.count() <= monitor.load
    assert made.explanation[0]["text"] == "판매 중인 서비스 4개 가운데 4개를 체험합니다."
    assert [row["code"] for row in made.explanation] == ["coverage", "complete"]


def test_members_are_notified_once_each(panel) -> None:
    confirmed(panel)
    for monitor in panel.monitors.all():
        assert monitor.user.notices.count() == 1


def test_the_same_seed_gives_the_same_answer_and_it_can_be_computed_again(panel) -> None:
    one, two = run(panel), run(panel)
    assert (one.inputs_sha256, one.results_sha256) == (two.inputs_sha256, two.results_sha256)
    assert assignment.recompute(one) == one.results_sha256


def test_wishes_are_followed(panel) -> None:
    services = list(panel.covered.order_by("pk"))
    monitor = panel.monitors.first()
    monitor.load = 1
    monitor.save()
    assignment.set_wishes(monitor, codes=[services[2].code], by=monitor.user, now=NOW)
    pairs = {tuple(pair) for pair in run(panel).pairs}
    assert (monitor.pk, services[2].pk) in pairs


def test_pins_hold_and_forbidden_pairs_never_happen(panel) -> None:
    by = make.operator()
    one, two = panel.monitors.all()[:2]
    service = panel.covered.first()
    assignment.set_rule(one, service, kind="pin", reason="현장 경험", by=by, now=NOW)
    said = assignment.set_rule(two, service, kind="forbid", reason="지난해 체험", by=by, now=NOW)
    pairs = {tuple(pair) for pair in run(panel).pairs}
    assert (one.pk, service.pk) in pairs
    assert (two.pk, service.pk) not in pairs
    assert assignment.end_rule(said, by=by, now=NOW)
    assert not assignment.end_rule(said, by=by, now=NOW)


def test_a_proposal_with_changed_inputs_is_not_confirmed(panel) -> None:
    by = make.operator()
    made = run(panel, by)
    monitor = panel.monitors.first()
    assignment.set_wishes(monitor, codes=[panel.covered.first().code], by=monitor.user, now=NOW)
    with pytest.raises(RuleBroken) as refused:
        assignment.confirm(made, by=by, now=NOW)
    assert refused.value.code == "changed"
    assert not Assignment.objects.exists()


def test_a_leaving_member_is_replaced_and_nobody_else_moves(panel) -> None:
    make.members(panel, 3)
    confirmed(panel)
    gone = Assignment.objects.first().monitor
    before = set(Assignment.objects.exclude(monitor=gone).values_list("monitor_id", "service_id"))
    lost = gone.assignments.count()
    refilled = assignment.leave(gone, reason="이직", by=gone.user, now=NOW, owner=True)
    assignment.compute(refilled, now=NOW)
    assert refilled.added == lost
    assignment.confirm(refilled, by=make.operator(), now=NOW)
    active = Assignment.objects.filter(state=AssignmentState.ACTIVE)
    after = set(active.values_list("monitor_id", "service_id"))
    assert before <= after
    assert len(after) == 16
    assert gone.pk not in {monitor for monitor, _ in after}


def test_a_dropped_service_is_not_assigned_to_the_same_member(panel) -> None:
    make.members(panel, 3)
    confirmed(panel)
    row = Assignment.objects.select_related("round", "monitor").first()
    again = assignment.drop(row, reason="쓸 수 없음", by=row.monitor.user, now=NOW, owner=True)
    assignment.compute(again, now=NOW)
    assert [row.monitor_id, row.service_id] not in again.pairs


def test_a_shortage_is_explained(panel) -> None:
    panel.monitors.filter(kind="student").update(load=0)
    made = run(panel)
    codes = [row["code"] for row in made.explanation]
    assert codes[1] == "deficit" or "kind" in codes
    assert any("대학(원)생 1명이 필요하지만 0명입니다" in row["text"] for row in made.explanation)


def test_wishes_are_checked(panel) -> None:
    monitor = panel.monitors.first()
    codes = list(panel.covered.values_list("code", flat=True))
    assignment.set_wishes(
        monitor, codes=[codes[1], codes[0], codes[1], ""], by=monitor.user, now=NOW
    )
    assert list(monitor.wishes.values_list("service__code", flat=True)) == [codes[1], codes[0]]
    with pytest.raises(BadInput):
        assignment.set_wishes(monitor, codes=[make.service().code], by=monitor.user, now=NOW)
    late = panel.wishes_until
    with pytest.raises(Closed):
        assignment.set_wishes(monitor, codes=codes, by=monitor.user, now=late)
    assert Wish.objects.count() == 2


def test_only_the_operator_acts(panel) -> None:
    made = run(panel)
    monitor, service = panel.monitors.first(), panel.covered.first()
    for reader in (make.ministry(), make.agency(), make.moderator(), make.person()):
        with pytest.raises(MoveNotAllowed):
            assignment.start(panel, seed=1, by=reader, now=NOW)
        with pytest.raises(MoveNotAllowed):
            assignment.confirm(made, by=reader, now=NOW)
        with pytest.raises(MoveNotAllowed):
            assignment.set_rule(monitor, service, kind="pin", reason="x", by=reader, now=NOW)


def test_the_worker_computes_it(panel) -> None:
    made = assignment.start(panel, seed=3, by=make.operator(), now=NOW)
    assert queue.run(made.job_id) == JobState.DONE
    made.refresh_from_db()
    assert made.filled == 16


# --- Generated ownership graphs and wishes -------------------------------------------------------

FIRMS = [make.number(place) for place in range(7_000, 7_012)]
GRAPHS = st.fixed_dictionaries(
    {
        "suppliers": st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True),
        "links": st.lists(
            st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda p: p[0] != p[1]),
            max_size=8,
        ),
        "members": st.lists(
            st.tuples(st.integers(0, 2), st.integers(0, 11), st.integers(1, 3), st.booleans()),
            min_size=1,
            max_size=7,
        ),
        "services": st.integers(1, 4),
        "seed": st.integers(0, 1_000),
        "data": st.randoms(use_true_random=False),
    }
)


def reached(start: int, links: list[tuple[int, int]]) -> set[int]:
    """Follow links by hand, another way than the portal does."""
    found, edge = {start}, [start]
    while edge:
        here = edge.pop()
        for pair in links:
            if here in pair:
                other = pair[1] if pair[0] == here else pair[0]
                if other not in found:
                    found.add(other)
                    edge.append(other)
    return found


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(GRAPHS)
def test_no_conflict_ever_and_counts_met_or_explained(drawn: dict) -> None:
    with transaction.atomic():  # each example has the database to itself
        examine(drawn)
        transaction.set_rollback(True)


def examine(drawn: dict) -> None:
    panel = make.panel()
    owners = [make.supplier(business_number=FIRMS[firm]) for firm in drawn["suppliers"]]
    make.cover(
        panel,
        [make.service(supplier=owners[n % len(owners)]) for n in range(drawn["services"])],
    )
    for one, other in {tuple(sorted(pair)) for pair in drawn["links"]}:
        FirmLink.objects.create(
            one=FIRMS[one], other=FIRMS[other], kind="shares", origin="생성", recorded_at=NOW
        )
    services = list(panel.covered.order_by("pk"))
    tied: set[int] = set()
    for kind, firm, load, kin in drawn["members"]:
        monitor = make.monitor(
            panel, kind=make.KINDS[kind], load=load, filed={"business_number": FIRMS[firm]}
        )
        if kin:
            DeclaredTie.objects.create(
                user=monitor.user, kind="family", firm_name=owners[0].name, declared_at=NOW
            )
        if kin or reached(firm, drawn["links"]) & set(drawn["suppliers"]):
            tied.add(monitor.pk)
        chosen = drawn["data"].sample(services, k=min(2, len(services)))
        assignment.set_wishes(monitor, codes=[row.code for row in chosen], by=monitor.user, now=NOW)
    made = run(panel, seed=drawn["seed"])
    again = run(panel, seed=drawn["seed"]) if panel.monitors.filter(state="active") else made
    assigned = {monitor for monitor, _ in made.pairs}
    assert assigned & tied == set()
    assert again.results_sha256 == made.results_sha256
    waiting = panel.monitors.filter(user__supplier_ties__standing=TieStanding.FLAGGED)
    assert set(waiting.values_list("pk", flat=True)) == tied
    assert not panel.monitors.exclude(state=MonitorState.ACTIVE).exists()
    counts = {service.pk: 0 for service in services}
    for _, service in made.pairs:
        counts[service] += 1
    short = {pk for pk, count in counts.items() if count < panel.members_per_service}
    said = {pk for row in made.explanation if row["code"] == "short" for pk in row["services"]}
    assert short == said
    assert (
        made.filled
        == sum(counts.values())
        <= sum(row.load for row in panel.monitors.filter(state=MonitorState.ACTIVE))
    )


def test_without_the_recheck_a_tied_member_would_be_assigned(panel, monkeypatch) -> None:
    """The negative control: the property above fails as soon as ties are not read."""
    owner = panel.covered.first().supplier
    tied = make.monitor(panel, load=4, filed={"business_number": owner.business_number})
    monkeypatch.setattr(conflicts, "recheck", lambda **given: {})
    assert tied.pk in {monitor for monitor, _ in run(panel).pairs}
    monkeypatch.undo()
    assert tied.pk not in {monitor for monitor, _ in run(panel).pairs}


def test_a_member_whose_tie_is_not_decided_keeps_what_they_have(panel) -> None:
    assignment.confirm(run(panel), by=make.operator(), now=NOW)
    one = panel.monitors.filter(assignments__isnull=False).first()
    before = set(one.assignments.values_list("pk", flat=True))
    conflicts.link(
        panel.covered.first().supplier.business_number,
        make.number(7_777),
        kind="shares",
        origin="공시",
        by=make.operator(),
        now=NOW,
    )
    PanelApplication.objects.filter(monitor=one).update(business_number=make.number(7_777))
    make.cover(panel, [make.service() for _ in range(3)])
    made = run(panel)
    assert "undecided" in {row["code"] for row in made.explanation}
    assignment.confirm(made, by=make.operator(), now=NOW)
    kept = one.assignments.filter(state=AssignmentState.ACTIVE)
    assert set(kept.values_list("pk", flat=True)) == before


def test_nothing_is_dropped_once_a_report_was_submitted() -> None:
    report = reports.submitted()
    row, by = report.assignment, report.assignment.monitor.user
    with pytest.raises(MoveNotAllowed) as refused:
        assignment.drop(row, reason="바꾸고 싶음", by=by, now=NOW, owner=True)
    assert refused.value.code == "reported"
    row.refresh_from_db()
    assert row.state == AssignmentState.ACTIVE


def test_a_member_drops_nothing_after_the_due_date() -> None:
    """Otherwise a member could raise a score by giving back what was never written."""
    row = reports.assigned(reports.round())
    by, over = row.monitor.user, row.due_at()
    with pytest.raises(Closed) as refused:
        assignment.drop(row, reason="늦음", by=by, now=over, owner=True)
    assert refused.value.code == "activity_over"
    assignment.drop(row, reason="늦음", by=by, now=over - timedelta(seconds=1), owner=True)
    assert row.state == AssignmentState.DROPPED
