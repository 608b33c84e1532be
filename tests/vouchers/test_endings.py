"""When something of the panel ends, everything agrees: assignments, counts, fees, mails, open data.

Every stage of a member's work is tried with every ending; `agrees` holds what must then be true.
"""

from collections.abc import Callable

import pytest

from portal.core.errors import MoveNotAllowed
from portal.models import Notice
from portal.paper.charts import Chart
from programs.queries import ledger
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from vouchers.models import Assignment, ExclusionProposal, Monitor, PanelRound, Service
from vouchers.queries import dashboard, open_data
from vouchers.queries import panel as panel_queries
from vouchers.queries.rewards import activity
from vouchers.services import assignment, members, recruitment, selection
from vouchers.services.catalogue import sale
from vouchers.services.reports import writing
from vouchers.services.rewards import awards, fees
from vouchers.states import AssignmentState, PanelApplicationState, ReportState

pytestmark = pytest.mark.django_db


class World:
    """A member with one service, at a stage of the work, beside a member who has done theirs."""

    def __init__(self, stage: str) -> None:
        self.round = make.round()
        self.assigned = make.assigned(self.round)
        make.published(make.assigned(self.round, service=panel.service()))
        panel.cover(self.round, [row.service for row in Assignment.objects.all()])
        STAGES[stage](self.assigned)

    @property
    def member(self) -> Monitor:
        return Monitor.objects.select_related("user", "application").get(
            pk=self.assigned.monitor_id
        )


STAGES: dict[str, Callable[[Assignment], object]] = {
    "nothing": lambda row: None,
    "draft": lambda row: writing.start(row, by=row.monitor.user, now=NOW),
    "submitted": make.submitted,
    "accepted": make.accepted,
    "published": make.published,
}


def give_back(world: World) -> None:
    assignment.drop(
        make.fresh_assignment(world.assigned),
        reason="쓸 수 없음",
        by=world.member.user,
        now=NOW,
        owner=True,
    )


def leave(world: World) -> None:
    assignment.leave(world.member, reason="이직", by=world.member.user, now=NOW, owner=True)


def decline(world: World) -> None:
    selection.decline(world.member.application, by=world.member.user, now=NOW)


def exclude(world: World) -> None:
    application = world.member.application
    words = {"reason": "이해관계", "by": panel.operator(), "now": NOW}
    proposal = members.propose_exclusion(application, **words)
    assignment.exclude(
        ExclusionProposal.objects.select_related("application__round").get(pk=proposal.pk),
        by=panel.agency(),
        now=NOW,
    )


def suspend(world: World) -> None:
    panel.suspended(Service.objects.get(pk=world.assigned.service_id))


ENDINGS = {"give_back": give_back, "leave": leave, "decline": decline, "exclude": exclude}
# Whoever has handed in a report keeps what it earned, except by an exclusion.
REFUSED = {("submitted", "give_back"), ("accepted", "give_back"), ("published", "give_back")}


def charted(chart: Chart) -> dict[str, int]:
    return {label: int("".join(filter(str.isdigit, value))) for label, value in chart.rows}


def agrees(world: World) -> None:
    """Hold that desk, public page, open data and budget tell the same."""
    round = PanelRound.objects.get(pk=world.round.pk)
    shown = dashboard.of_round(round, NOW)
    active = Assignment.objects.filter(round=round, state=AssignmentState.ACTIVE)
    states = charted(shown["reports_chart"])
    assert states["쓰기 전"] == active.filter(report=None).count()
    writable = active.filter(report__state__in=[ReportState.DRAFT, ReportState.RETURNED])
    assert states[ReportState.DRAFT.label] + states[ReportState.RETURNED.label] == writable.count()
    for row in shown["coverage"]["rows"]:
        service = Service.objects.get(pk=row.service_id)
        assert row.published == service.report_count
        assert row.assigned == active.filter(service=service).count()
    told = panel_queries.coverage(round)
    assert told["covered"] + told["rest"] == told["on_sale"]
    assert told["covered"] == round.covered.filter(state="on_sale").count()
    balance = ledger.balance(round.fee_pot)
    assert balance == ledger.recomputed(round.fee_pot)
    assert balance.committed == 50_000 * shown["open_fees"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("ending", ENDINGS)
def test_whatever_ends_everything_agrees(stage: str, ending: str) -> None:
    world = World(stage)
    agrees(world)
    if (stage, ending) in REFUSED:
        with pytest.raises(MoveNotAllowed):
            ENDINGS[ending](world)
        agrees(world)
        return
    ENDINGS[ending](world)
    agrees(world)
    member = world.member
    expected = {"give_back": "active", "leave": "left", "decline": "left", "exclude": "excluded"}
    assert member.state == expected[ending]
    assert not member.assignments.filter(state=AssignmentState.ACTIVE).exists()
    assert not Notice.objects.filter(key__startswith="report-due:", user=member.user).exists()
    # A free place is looked after, whatever freed it.
    assert world.round.runs.filter(number=2, state="preparing").exists()
    told = Notice.objects.filter(key__startswith="panel-excluded:", user=member.user).count()
    assert told == (1 if ending == "exclude" else 0)
    with pytest.raises(MoveNotAllowed):
        writing.start(make.fresh_assignment(world.assigned), by=member.user, now=NOW)
    earned = stage in {"accepted", "published"}
    paid = 50_000 * (1 + (earned and ending != "exclude"))
    assert fees.pay_due(world.round, by=panel.operator(), now=NOW)[1] == paid
    agrees(world)
    if earned and ending == "exclude":  # its money waits for the operator, who returns it
        fee = member.assignments.get().report.fee
        fees.withhold(fee, note="제외된 단원", by=panel.operator(), now=NOW)
        agrees(world)
    if ending != "give_back":
        assert member.pk not in {
            row.monitor_id
            for row in awards.propose(world.round, by=panel.operator(), now=NOW).awards.all()
        }
        assert member.state != "active"


@pytest.mark.parametrize("stage", STAGES)
def test_a_suspension_leaves_the_members_work_and_is_told_everywhere(stage: str) -> None:
    world = World(stage)
    suspend(world)
    agrees(world)
    service = Service.objects.get(pk=world.assigned.service_id)
    told = {row[0]: row[6] for row in open_data.services()}
    assert told[service.code] == "판매 중지"
    assert world.member.assignments.filter(state=AssignmentState.ACTIVE).exists()
    assert activity.scores(world.round, world.member)
    sale.resume(service, reason="확인", by=panel.agency(), now=NOW)
    agrees(world)


def test_a_withdrawn_application_is_in_no_count_and_no_list() -> None:
    round = make.round()
    left = panel.application(round)
    panel.application(round)
    before = charted(dashboard.of_round(round, NOW)["funnel"])
    recruitment.withdraw(left, by=left.user, now=NOW)
    after = charted(dashboard.of_round(round, NOW)["funnel"])
    for step in ("제출", "자격 있음"):
        assert after[step] == before[step] - 1
    assert left.pk not in {row.id for row in selection.candidates_of(round)}
    assert left.state == PanelApplicationState.WITHDRAWN
