"""Rows on money and publication are in the audit chain; a row changed behind the portal is named."""

from datetime import timedelta

import pytest
from django.db import connection

from portal.models import AuditChain, User
from portal.records import audit
from tests.factories import reports as make
from tests.factories import vouchers as panel
from tests.factories.applications import NOW
from tests.faults.behind import by_hand
from vouchers.models import Certificate, PanelRound, ReportFee, Supplier, SupplierTie
from vouchers.models.audit import AUDITED
from vouchers.services import assignment, conflicts, corrections, members, selection
from vouchers.services.reports import moderation
from vouchers.services.rewards import awards as awards_services
from vouchers.services.rewards import fees

pytestmark = [pytest.mark.django_db, pytest.mark.pdf]
SEALED = make.LATER + timedelta(days=30)
VERIFIED = SEALED + timedelta(hours=1)


def story() -> None:
    """A panel from its selection to its certificates, with a case that was answered."""
    operator, agency, moderator = panel.operator(), panel.agency(), panel.moderator()
    round = make.round()
    panel.marked(round, operator)
    chosen = selection.propose(round, by=operator, now=NOW + timedelta(days=6))
    selection.release(chosen, by=operator, now=NOW + timedelta(days=6))
    panel.cover(round, [panel.service()])
    run = assignment.start(round, seed=1, by=operator, now=NOW + timedelta(days=16))
    assignment.confirm(
        assignment.compute(run, now=NOW + timedelta(days=16)),
        by=operator,
        now=NOW + timedelta(days=16),
    )
    first = round.assignments.first()
    report = make.accepted(make.fresh_assignment(first), by=moderator, now=NOW)
    seller = make.desk(first.service.supplier)
    moderation.comment(report, text="고맙습니다.", by=seller, now=NOW)
    moderation.publish(make.fresh(report), by=moderator, now=make.LATER)
    case = make.raised(make.fresh(report))
    corrections.verify(case, finding="열리지 않음", by=agency, now=make.LATER)
    corrections.request(case, text="고쳐 주세요.", by=agency, now=make.LATER)
    corrections.answer(
        case, text="고침", uploads=[make.picture("증빙.png")], by=seller, now=make.LATER
    )
    fees.pay(ReportFee.objects.get(), by=operator, now=make.LATER)
    panel.suspended(case.service)
    excluded_later(round, case.service.supplier, operator, agency)
    awards = awards_services.propose(round, by=operator, now=make.LATER)
    awards_services.approve(awards, by=agency, now=make.LATER)
    awards_services.pay(awards, by=operator, now=make.LATER)
    awards_services.render(Certificate.objects.get(), now=make.LATER)


def excluded_later(round: PanelRound, supplier: Supplier, operator: User, agency: User) -> None:
    """Exclude a member who has no assignment by two people."""
    member = panel.monitor(round, filed={"business_number": supplier.business_number})
    conflicts.recheck(now=make.LATER)
    tie = SupplierTie.objects.get(user=member.user)
    proposal = conflicts.confirm(tie, reason="재직 중", by=operator, now=make.LATER)
    members.confirm_exclusion(proposal, by=agency, now=make.LATER)


# A change that the database itself would let through, for every sealed table.
CHANGES = {
    "service-moves": "note = '고침'",
    "panel-moves": "note = '고침'",
    "panel-selection-moves": "by_id = NULL",
    "panel-selections": "inputs_sha256 = results_sha256",
    "panel-decisions": "total = total + 1",
    "monitor-moves": "note = '고침'",
    "tie-decisions": "reason = '고침'",
    "exclusion-proposals": "reason = '고침'",
    "assignment-run-moves": "by_id = NULL",
    "assignment-runs": "seed = seed + 1",
    "assignment-moves": "",
    "report-moves": "note = '고침'",
    "report-versions": "sha256 = 'f' || substr(sha256, 2, 62) || 'x'",
    "supplier-comments": "text = '나쁨'",
    "good-case-moves": "",
    "issues": "text = '없던 말'",
    "correction-moves": "note = '고침'",
    "suspension-moves": "note = '고침'",
    "correction-answers": "text = '고치지 않음'",
    "correction-proofs": "sha256 = 'f' || substr(sha256, 2, 62) || 'x'",
    "report-fees": "amount_won = amount_won + 1",
    "fee-settlements": "note = '고침'",
    "award-moves": "by_id = NULL",
    "award-rounds": "pool_won = pool_won - 1",
    "awards": "amount_won = amount_won - 1",
    "certificates": "number = number || '-1'",
    "panel-round-changes": "",
}


def test_every_row_changed_by_hand_is_named_and_no_other() -> None:
    story()
    audit.seal(now=SEALED)
    assert audit.verify(now=VERIFIED).faults == 0
    counts = dict(AuditChain.objects.values_list("name", "rows"))
    assert {table.name for table in AUDITED} == set(CHANGES)
    assert {name for name in CHANGES if not counts[name]} == {
        name for name, change in CHANGES.items() if not change
    }
    changed = {table.table: CHANGES[table.name] for table in AUDITED if CHANGES[table.name]}
    altered = set()
    with by_hand() as run, connection.cursor() as cursor:
        for table, change in changed.items():
            cursor.execute(f"SELECT MAX(id) FROM {table}")
            pk = cursor.fetchone()[0]
            run(f"UPDATE {table} SET {change} WHERE id = %s", [pk])
            altered.add((table, str(pk), audit.ALTERED))
    assert {fault[:3] for fault in audit.verify(now=VERIFIED).findings} == altered


def test_a_state_set_by_hand_is_detected_from_the_last_move() -> None:
    report = make.submitted()
    audit.seal(now=NOW)
    with by_hand() as run:
        run(
            "UPDATE vouchers_consumerreport SET state = 'returned' WHERE id = %s",
            [report.pk],
        )
    (fault,) = audit.verify(now=NOW).findings
    assert fault[:3] == ("vouchers_consumerreport", str(report.pk), audit.MISFIT)
