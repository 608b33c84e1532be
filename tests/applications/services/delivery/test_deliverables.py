"""Delivering: every sub-programme's chapter, by the right side, to the certificate."""

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, transaction

from applications.models import (
    Agreement,
    Deliverable,
    InKindUse,
    IssuedDocument,
    LevelCertificate,
)
from applications.queries import delivery as queries
from applications.queries.statistics import figures
from applications.services.delivery import deliverables, experts
from applications.services.settlement import statements
from applications.states import AgreementState, DeliverableState
from demo.samples import sample_pdf
from portal.core.errors import BadInput, MoveNotAllowed, NotFound, PortalError, RuleBroken
from portal.models import Notice
from portal.records.workflow import allowed
from tests.factories import programs, staff
from tests.factories.applications import NOW, MemberFactory, UserFactory, member_of
from tests.factories.delivery import TODAY, expert, officer_of, part, under_way

pytestmark = pytest.mark.django_db
CHAPTERS = {
    ("build", "basic"): ["delivery", "inspection"],
    ("build", "kamp-cloud"): ["conversion", "yearly_use"],
    ("build", "digital-cluster"): ["members", "joint_model"],
    ("robot", ""): ["installation", "safety", "inspection"],
    ("meister", ""): ["dispatch"],
    ("aftercare", ""): ["fault", "repair", "proof"],
    ("capability", "basic"): ["basic_days"],
    ("capability", "advanced"): ["advanced_days"],
    ("capability", "one-point"): ["mentoring"],
    ("cloud", ""): ["development", "shared_use"],
    ("level-check", ""): ["self_diagnosis", "visit", "committee", "guideline"],
}


@pytest.fixture(autouse=True)
def catalogue() -> None:
    programs.load()


def pdf():
    return ContentFile(sample_pdf("증빙"), name="증빙.pdf")


def write(deliverable: Deliverable, by, *, days: int = 0, **changes):
    fields = {"on": TODAY - timedelta(days=days), "title": "제목", "body": "내용"}
    files = [pdf()] if deliverable.spec.get("files") else []
    return deliverables.add_entry(
        deliverable, **{**fields, **changes}, uploads=files, by=by, now=NOW
    )


def firm_of(agreement):
    return agreement.application.created_by


def doer(deliverable: Deliverable):
    """Somebody of the side that does it."""
    agreement = deliverable.agreement
    if deliverable.spec["by"] == "expert":
        if deliverable.expert is None:
            Deliverable.objects.filter(pk=deliverable.pk).update(
                expert=expert(deliverable.spec["pool"])
            )
            deliverable.refresh_from_db()
        return deliverable.expert.user
    if deliverable.spec["by"] == "staff":
        return officer_of(agreement)
    partner = agreement.application.partners.filter(state="accepted").first()
    if deliverable.spec["by"] == "supplier" and partner:
        return member_of(partner.company)
    return firm_of(agreement)


def judge(deliverable: Deliverable):
    """Somebody else of the side that confirms it."""
    agreement = deliverable.agreement
    if queries.confirming_side(deliverable) == "staff":
        return officer_of(agreement)
    return MemberFactory(company=agreement.company, role="editor").user


def do(agreement, code: str) -> Deliverable:
    """Deliver one thing from its first record to its confirmation."""
    row = part(agreement, code)
    by = doer(row)
    for turn in range(row.spec["wanted"] or 1):
        entry = write(row, by, days=turn, amount=2)
        row.refresh_from_db()
        if row.spec.get("confirmed"):
            deliverables.answer_entry(entry, agree=True, by=firm_of(agreement), now=NOW)
    level = "middle1" if row.spec.get("result") else ""
    deliverables.submit(row, by=by, now=NOW, level=level)
    deliverables.accept(row, by=judge(row), now=NOW)
    return row


@pytest.mark.parametrize(("code", "track"), CHAPTERS)
def test_each_chapter_is_delivered_in_its_order(code: str, track: str) -> None:
    agreement = under_way(code, track=track)
    rows = list(agreement.deliverables.order_by("order"))
    assert [row.code for row in rows] == CHAPTERS[code, track]
    lasting = [row for row in rows if row.spec.get("outlasts")]
    assert len(queries.unfinished(agreement)) == len(rows) - len(lasting)
    for row in rows:
        assert do(agreement, row.code).state == DeliverableState.ACCEPTED
    assert queries.unfinished(agreement) == []


def test_where_no_supplier_has_joined_staff_confirm_what_the_firm_did() -> None:
    agreement = under_way("build", track="basic")
    row = part(agreement, "delivery")
    assert queries.status_of(row).judge == "사업 담당자"
    write(row, firm_of(agreement))
    row.refresh_from_db()
    deliverables.submit(row, by=firm_of(agreement), now=NOW)
    with pytest.raises(NotFound):
        deliverables.accept(row, by=firm_of(agreement), now=NOW)
    deliverables.accept(row, by=officer_of(agreement), now=NOW)


def test_what_waits_for_another_thing_cannot_begin() -> None:
    agreement = under_way("robot")
    row = part(agreement, "inspection")
    with pytest.raises(MoveNotAllowed) as refused:
        write(row, firm_of(agreement))
    assert refused.value.code == "waits"
    assert not row.entries.exists()


def test_an_expert_is_needed_first() -> None:
    agreement = under_way("meister")
    row = part(agreement, "dispatch")
    with pytest.raises(MoveNotAllowed) as refused:
        deliverables.begin(row, by=officer_of(agreement), now=NOW)
    assert refused.value.code == "no_expert"


def test_a_dispatch_lasts_about_three_months_and_can_be_extended__S14() -> None:
    agreement = under_way("meister")
    row = part(agreement, "dispatch")
    write(row, doer(row))
    row.refresh_from_db()
    assert (row.ends_on - row.starts_on).days in range(89, 93)
    officer, later = officer_of(agreement), row.ends_on + timedelta(days=14)
    with pytest.raises(BadInput):
        deliverables.extend(row, ends_on=row.ends_on, note="연장", by=officer, now=NOW)
    deliverables.extend(row, ends_on=later, note="설비 입고가 늦어짐", by=officer, now=NOW)
    assert row.moves.last().note.endswith("설비 입고가 늦어짐")
    assert Deliverable.objects.get(pk=row.pk).ends_on == later


def test_a_visit_counts_when_the_firm_has_confirmed_it() -> None:
    agreement = under_way("meister")
    row = part(agreement, "dispatch")
    meister = doer(row)
    entry = write(row, meister, outcome="조치함", amount=4)
    assert Notice.objects.filter(key=f"delivery_entry:{entry.pk}").exists()
    with pytest.raises(BadInput):
        deliverables.answer_entry(entry, agree=False, by=firm_of(agreement), now=NOW)
    deliverables.answer_entry(entry, agree=True, by=firm_of(agreement), now=NOW)
    with pytest.raises(MoveNotAllowed):
        deliverables.answer_entry(entry, agree=True, by=firm_of(agreement), now=NOW)
    row.refresh_from_db()
    with pytest.raises(RuleBroken) as lacking:
        deliverables.submit(row, by=meister, now=NOW)
    assert [finding.code for finding in lacking.value.findings] == ["entries_missing"]


def test_a_record_is_of_a_day_of_the_agreement() -> None:
    agreement = under_way("meister")
    meister = doer(part(agreement, "dispatch"))
    first = (TODAY - agreement.starts_on).days
    for days in (-1, first + 1):
        with pytest.raises(BadInput) as refused:
            write(part(agreement, "dispatch"), meister, days=days)
        assert refused.value.code == "entry_day"
    entry = write(part(agreement, "dispatch"), meister, days=first)
    assert entry.on == agreement.starts_on


def test_who_hands_in_does_not_confirm() -> None:
    agreement = under_way("level-check")
    do(agreement, "self_diagnosis")
    do(agreement, "visit")
    row = part(agreement, "committee")
    officer = officer_of(agreement)
    write(row, officer)
    row.refresh_from_db()
    deliverables.submit(row, by=officer, now=NOW, level="middle2")
    with pytest.raises(MoveNotAllowed) as refused:
        deliverables.accept(row, by=officer, now=NOW)
    assert refused.value.code == "own_work"


def test_the_committee_s_finding_becomes_a_certificate() -> None:
    agreement = under_way("level-check")
    for code in ("self_diagnosis", "visit", "committee"):
        do(agreement, code)
    made = LevelCertificate.objects.get()
    assert made.number == f"2021-수준-{agreement.application_id:06d}"
    assert made.valid_until.year == made.issued_on.year + 3
    assert IssuedDocument.objects.filter(
        application=agreement.application, kind="certificate"
    ).exists()
    with pytest.raises(DatabaseError), transaction.atomic():
        LevelCertificate.objects.filter(pk=made.pk).update(level="advanced")
    assert queries.levels(type(agreement).objects.all()) == [(agreement.pk, "middle1", "middle1")]
    round = agreement.application.sub_program.round
    found = next(row for row in figures.compute(round, public=False) if row.code == "levels-found")
    assert dict(found.rows)["중간1 (실시간 수집·분석)"] == (1, 1)
    public = next(row for row in figures.compute(round, public=True) if row.code == "levels-found")
    assert dict(public.rows)["중간1 (실시간 수집·분석)"] == (None, None)


def test_a_level_found_after_the_work_stands_beside_the_one_filed() -> None:
    agreement = under_way("build", track="basic")
    filed = agreement.application.submission
    before = filed.content["answers"]["current_level"]
    assert before != "middle2"
    row = agreement.deliverables.order_by("order").last()
    Deliverable.objects.filter(pk=row.pk).update(
        **{"state": DeliverableState.ACCEPTED}, result={"level": "middle2"}, finished_at=NOW
    )
    everything = type(agreement).objects.all()
    assert queries.levels(everything) == [(agreement.pk, before, "middle2")]
    told = figures.compute(agreement.application.sub_program.round, public=False)
    found = dict(next(row for row in told if row.code == "levels-found").rows)
    assert found["중간2 (실시간 제어)"] == (0, 1)
    assert sum(column[0] for column in found.values()) == 1


def test_an_early_end_counts_what_was_done_of_support_in_kind() -> None:
    agreement = under_way("meister")
    row = part(agreement, "dispatch")
    meister = doer(row)
    for turn in range(2):
        entry = write(row, meister, days=turn)
        deliverables.answer_entry(entry, agree=True, by=firm_of(agreement), now=NOW)
        row.refresh_from_db()
    deliverables.stop(row, note="기업 사정", by=officer_of(agreement), now=NOW)
    assert InKindUse.objects.get().amount_won == agreement.grant_won * 2 // 6


def test_a_full_dispatch_uses_the_whole_plan() -> None:
    agreement = under_way("meister")
    do(agreement, "dispatch")
    assert InKindUse.objects.get().amount_won == agreement.grant_won


@pytest.mark.parametrize("act", ["begin", "add_entry", "hand_in", "accept", "give_back", "stop"])
def test_a_stranger_finds_nothing(act: str) -> None:
    agreement = under_way("robot")
    row = part(agreement, "installation")
    stranger = UserFactory()
    calls = {
        "begin": lambda: deliverables.begin(row, by=stranger, now=NOW),
        "add_entry": lambda: write(row, stranger),
        "hand_in": lambda: deliverables.submit(row, by=stranger, now=NOW),
        "accept": lambda: deliverables.accept(row, by=stranger, now=NOW),
        "give_back": lambda: deliverables.send_back(row, note="x", by=stranger, now=NOW),
        "stop": lambda: deliverables.stop(row, note="x", by=stranger, now=NOW),
    }
    with pytest.raises(NotFound):
        calls[act]()


def test_an_officer_of_another_programme_finds_nothing() -> None:
    agreement = under_way("robot")
    other = staff.officer(programs.program("meister"))
    with pytest.raises(PortalError) as refused:
        deliverables.stop(part(agreement, "installation"), note="x", by=other, now=NOW)
    assert refused.value.status == 404


def test_the_table_of_moves_is_closed() -> None:
    people = {"officer": staff.officer(), "manager": staff.manager(), "stranger": UserFactory()}
    for name, step in Deliverable.MOVES.items():
        for state in DeliverableState:
            for who, person in people.items():
                may = allowed(step, state=state, by=person)
                assert may == (state in step.source and who in step.roles), (name, state, who)


def visited(agreement, *, days: int) -> Deliverable:
    """Record days of a dispatch that the firm has confirmed."""
    meister = doer(part(agreement, "dispatch"))
    for turn in range(days):
        entry = write(part(agreement, "dispatch"), meister, days=turn)
        deliverables.answer_entry(entry, agree=True, by=firm_of(agreement), now=NOW)
    return part(agreement, "dispatch")


def test_support_in_kind_is_not_settled_while_something_is_still_to_be_delivered() -> None:
    agreement = under_way("meister")
    visited(agreement, days=2)
    Agreement.objects.filter(pk=agreement.pk).update(**{"state": AgreementState.SETTLING})
    agreement.refresh_from_db()
    open_ones = [finding.code for finding in statements.unfinished(agreement)]
    assert "undelivered:dispatch" in open_ones
    deliverables.stop(part(agreement, "dispatch"), note="미완료", by=officer_of(agreement), now=NOW)
    assert "undelivered:dispatch" not in [row.code for row in statements.unfinished(agreement)]


@pytest.mark.parametrize("state", [AgreementState.SETTLED, AgreementState.ENDED])
def test_nothing_is_delivered_for_an_agreement_that_is_over(state: str) -> None:
    agreement = under_way("meister")
    meister = doer(part(agreement, "dispatch"))
    entry = write(part(agreement, "dispatch"), meister)
    officer, row = officer_of(agreement), part(agreement, "dispatch")
    later = row.ends_on + timedelta(days=14)
    assert experts.load_of(row.expert) == 1
    over = NOW if state == AgreementState.ENDED else None
    Agreement.objects.filter(pk=agreement.pk).update(**{"state": state}, closed_at=over)

    def now_there() -> Deliverable:
        return part(agreement, "dispatch")

    acts = [
        lambda: write(now_there(), meister),
        lambda: deliverables.answer_entry(entry, agree=True, by=firm_of(agreement), now=NOW),
        lambda: deliverables.submit(now_there(), by=meister, now=NOW),
        lambda: deliverables.extend(now_there(), ends_on=later, note="지연", by=officer, now=NOW),
        lambda: experts.assign(now_there(), expert=expert(), by=officer, now=NOW, note="교체"),
    ]
    handed_in = [
        lambda: deliverables.accept(now_there(), by=judge(row), now=NOW),
        lambda: deliverables.send_back(now_there(), note="다시", by=judge(row), now=NOW),
    ]
    for act in acts:
        with pytest.raises(MoveNotAllowed) as refused:
            act()
        assert refused.value.code == "agreement_closed"
    Deliverable.objects.filter(pk=row.pk).update(**{"state": DeliverableState.HANDED_IN})
    for act in handed_in:
        with pytest.raises(MoveNotAllowed) as refused:
            act()
        assert refused.value.code == "agreement_closed"
    assert experts.load_of(row.expert) == 0


def test_what_is_under_way_is_finished_while_the_agreement_is_checked() -> None:
    agreement = under_way("robot")
    row = part(agreement, "installation")
    supplier = doer(row)
    write(row, supplier)
    Agreement.objects.filter(pk=agreement.pk).update(**{"state": AgreementState.SETTLING})
    deliverables.submit(part(agreement, "installation"), by=supplier, now=NOW)
    deliverables.accept(part(agreement, "installation"), by=judge(row), now=NOW)
    with pytest.raises(MoveNotAllowed) as refused:  # nothing new is begun
        write(part(agreement, "safety"), supplier)
    assert refused.value.code == "agreement_closed"
