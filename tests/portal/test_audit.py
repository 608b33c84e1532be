"""The audit chain: what is sealed, and that every row changed by hand is reported."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from applications.models import Application, Decision, ScoreSheet
from applications.services.assessment import sheets
from portal.core.clock import now as clock_now
from portal.models import AuditChain, AuditCheck, AuditSeal
from portal.records import audit
from programs.models import Budget, LedgerEntry, SubProgram
from programs.services import ledger
from tests.factories import staff
from tests.factories.applications import NOW
from tests.factories.programs import pot
from tests.faults.behind import by_hand

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def decided() -> SubProgram:
    """A programme with two applications decided: money, moves, sheets, results, decisions."""
    program, judges, boss = staff.program(), staff.assessors(3), staff.manager()
    for marks in ((30, 40, 30), (20, 30, 20)):
        staff.judged(program, marks, judges=judges)
    chosen = staff.proposed(program, boss)
    staff.decided(chosen, by=boss)
    return program


def faults() -> list[tuple[str, str, str]]:
    return [fault[:3] for fault in audit.verify(now=LATER).findings]


def test_what_was_sealed_and_left_alone_is_sound() -> None:
    decided()
    written = audit.seal(now=NOW)
    report = audit.verify(now=LATER)
    assert (report.faults, report.unsealed_count, report.rows) == (0, 0, written)
    assert written == sum(AuditChain.objects.values_list("rows", flat=True))
    assert AuditChain.objects.get(name="ledger").rows == LedgerEntry.objects.count()
    assert AuditChain.objects.get(name="decisions").rows == 2


def test_a_second_sweep_finds_nothing_and_a_third_only_what_is_new() -> None:
    box = pot()
    assert audit.seal(now=NOW) == 1
    assert audit.seal(now=NOW + timedelta(minutes=1)) == 0
    at = NOW + timedelta(minutes=2)
    ledger.reserve(box, amount=5, reference="r:1", subject="s", by=None, now=at)
    assert audit.seal(now=at) == 1
    first, second = AuditSeal.objects.filter(chain="ledger").order_by("number")
    assert second.previous == first.sha256 == audit.seal_sha256(first)
    assert audit.verify(now=at).faults == 0


def test_a_row_that_commits_out_of_turn_is_sealed_all_the_same() -> None:
    box = pot()
    ledger.reserve(box, amount=5, reference="r:1", subject="s", by=None, now=NOW)
    early = LedgerEntry.objects.order_by("pk").first()
    late = LedgerEntry.objects.order_by("pk").last()
    assert early.pk < late.pk
    # As a sweep sees it while the earlier transaction is still open.
    audit.seal(now=NOW)
    seal = AuditSeal.objects.get(chain="ledger")
    with by_hand() as run:
        run("DELETE FROM portal_auditseal WHERE id = %s", [seal.pk])
    columns = seal.columns
    row = LedgerEntry.objects.filter(pk=late.pk).values_list("pk", *columns).get()
    seal.pk, seal.pks, seal.count = None, [late.pk], 1
    seal.digests = audit.digest("ledger", row[0], columns, row[1:])
    seal.sha256 = audit.seal_sha256(seal)
    seal.save()
    AuditChain.objects.filter(name="ledger").update(head=seal.sha256, rows=1)
    assert audit.seal(now=NOW + timedelta(minutes=1)) == 1
    assert audit.verify(now=NOW + timedelta(minutes=2)).faults == 0


ROWS = [
    ("programs_ledgerentry", "amount_won = amount_won + 1"),
    ("applications_decision", "outcome = 'rejected', grant_won = 0"),
    ("applications_decision", "rank = 9"),
    ("applications_scoresheet", "comment = '고침'"),
    ("applications_scoreresult", "total = total + 1"),
    ("applications_submission", "support_won = 1"),
    ("applications_applicationmove", "note = '고침'"),
    ("applications_selectionmove", "by_id = NULL"),
    ("applications_scorerun", "scored = 9"),
]


@pytest.mark.parametrize(("table", "change"), ROWS)
def test_a_row_altered_by_hand_is_reported(table: str, change: str) -> None:
    decided()
    audit.seal(now=NOW)
    with by_hand() as run:
        run(f"UPDATE {table} SET {change} WHERE id = (SELECT MAX(id) FROM {table})"
            if table != "applications_submission"
            else f"UPDATE {table} SET {change} WHERE application_id ="
            f" (SELECT MAX(application_id) FROM {table})")  # fmt: skip
    named = [(where, what) for where, _, what in faults() if what == audit.ALTERED]
    assert named == [(table, audit.ALTERED)]


def test_the_named_row_is_the_altered_one_and_no_other() -> None:
    box = pot()
    for place in range(30):
        ledger.reserve(
            box, amount=1, reference=f"r:{place}", subject=f"s:{place}", by=None, now=NOW
        )
    audit.seal(now=NOW)
    victim = LedgerEntry.objects.get(reference="r:17")
    with by_hand() as run:
        run("UPDATE programs_ledgerentry SET subject = 's:18' WHERE id = %s", [victim.pk])
    assert faults() == [("programs_ledgerentry", str(victim.pk), audit.ALTERED)]


def test_a_row_removed_by_hand_is_reported() -> None:
    decided()
    audit.seal(now=NOW)
    gone = Decision.objects.order_by("pk").last()
    with by_hand() as run:
        run("DELETE FROM applications_decision WHERE id = %s", [gone.pk])
    assert faults() == [("applications_decision", str(gone.pk), audit.REMOVED)]


@pytest.mark.parametrize("backdated", [True, False])
def test_a_row_slipped_in_among_sealed_ones_is_named(backdated: bool) -> None:
    box = pot()
    ledger.reserve(box, amount=5, reference="r:1", subject="s", by=None, now=NOW)
    gap = LedgerEntry.objects.order_by("pk").first()
    hole = gap.pk - 1 if not backdated else LedgerEntry.objects.order_by("pk").last().pk + 50
    at = NOW - timedelta(days=3) if backdated else NOW
    audit.seal(now=NOW)
    audit.seal(now=LATER)
    with by_hand() as run:
        run(
            "INSERT INTO programs_ledgerentry"
            " (id, budget_id, kind, amount_won, reference, subject, note, at)"
            " VALUES (%s, %s, 'reserve', 7, 'hand:1', 's', '', %s)",
            [hole, box.pk, at],
        )
    audit.seal(now=LATER + timedelta(minutes=1))
    assert ("programs_ledgerentry", str(hole), audit.INSERTED) in faults()
    # The counters were not moved by hand as well: that is told on its own.
    assert ("programs_budget", str(box.pk), audit.MISFIT) in faults()


def test_a_new_row_is_reported_as_unsealed() -> None:
    box = pot()
    audit.seal(now=NOW)
    entry = ledger.reserve(box, amount=5, reference="r:1", subject="s", by=None, now=NOW)
    report = audit.verify(now=NOW)
    assert report.faults == 0
    assert report.unsealed == [("programs_ledgerentry", str(entry.pk))]
    assert report.oldest_unsealed_at == NOW


def test_a_changed_or_missing_seal_is_reported() -> None:
    box = pot()
    for turn in range(3):
        at = NOW + timedelta(minutes=turn)
        ledger.reserve(box, amount=1, reference=f"r:{turn}", subject="s", by=None, now=at)
        audit.seal(now=at)
    with by_hand() as run:
        run("DELETE FROM portal_auditseal WHERE chain_id = 'ledger' AND number = 2")
    found = faults()
    assert ("portal_auditseal", "ledger:3", audit.SEAL_BROKEN) in found
    with by_hand() as run:
        run("DELETE FROM portal_auditseal WHERE chain_id = 'ledger' AND number = 3")
    assert ("portal_auditchain", "ledger", audit.HEAD_BROKEN) in faults()


def test_a_rewritten_chain_differs_from_a_kept_hash() -> None:
    box = pot()
    audit.seal(now=NOW)
    kept = AuditSeal.objects.get(chain="ledger")
    assert audit.check_kept_seal("ledger", 1, kept.sha256) is None
    with by_hand() as run:
        run("UPDATE programs_ledgerentry SET note = '고침'")
        run("DELETE FROM portal_auditseal")
        run("DELETE FROM portal_auditchain")
    audit.seal(now=NOW)
    assert faults() == []
    assert audit.check_kept_seal("ledger", 1, kept.sha256).what == audit.SEAL_BROKEN
    assert box.pk


def test_a_state_moved_without_a_move_is_named() -> None:
    program = decided()
    audit.seal(now=NOW)
    thing = Application.objects.filter(sub_program=program).first()
    with by_hand() as run:
        run("UPDATE applications_application SET state = 'released' WHERE id = %s", [thing.pk])
    assert ("applications_application", str(thing.pk), audit.MISFIT) in faults()


def test_a_sheet_is_sealed_once_it_is_locked_and_not_before() -> None:
    program, (judge,) = staff.program(), staff.assessors(1)
    application = staff.judged(program, judges=[judge])
    open_one = ScoreSheet.objects.create(
        application=application, assessor=staff.assessors(1)[0], assigned_at=NOW
    )
    audit.seal(now=NOW)
    assert AuditChain.objects.get(name="score-sheets").rows == 1
    assert sheets.digest(open_one)


def test_the_command_fails_by_name_and_keeps_what_it_found(capsys) -> None:
    decided()
    call_command("verify_audit", "--seal")
    assert "어긋난 것 0개" in capsys.readouterr().out
    victim = LedgerEntry.objects.order_by("pk").last()
    with by_hand() as run:
        run("UPDATE programs_ledgerentry SET amount_won = 1 WHERE id = %s", [victim.pk])
    with pytest.raises(CommandError):
        call_command("verify_audit")
    assert f"programs_ledgerentry {victim.pk}: 봉인한 뒤" in capsys.readouterr().err
    good, bad = AuditCheck.objects.order_by("pk")
    assert (good.faults, bad.faults) == (0, 2)  # the pot's counters do not add up either
    with pytest.raises(CommandError):
        call_command("verify_audit", "--kept", f"ledger:1:{'0' * 64}")


def test_seals_and_verifications_are_only_ever_added() -> None:
    pot()
    audit.seal(now=NOW)
    for row in (AuditSeal.objects.get(), audit.record(audit.verify(now=NOW), by=None, now=NOW)):
        for act in (row.delete, lambda row=row: type(row).objects.update(id=9)):
            with pytest.raises(Exception, match="append-only"), transaction.atomic():
                act()


def test_an_auditor_sees_the_last_verification_and_may_ask_for_another(client: Client) -> None:
    pot()
    audit.seal(now=clock_now())
    audit.record(audit.verify(now=NOW), by=None, now=NOW)
    staff.enter(client, staff.auditor())
    page = client.get("/admin/portal/auditcheck/").content.decode()
    assert "이상 없음" in page
    assert AuditChain.objects.get(name="ledger").head in page
    answer = client.post("/admin/portal/auditcheck/verify/", follow=True)
    assert "검증을 시작했습니다" in answer.content.decode()
    assert (
        client.get(f"/admin/portal/auditcheck/{AuditCheck.objects.get().pk}/change/").status_code
        == 200
    )
    staff.enter(client, staff.officer())
    assert client.get("/admin/portal/auditcheck/").status_code == 404
    assert client.post("/admin/portal/auditcheck/verify/").status_code == 404


def test_verifying_costs_the_same_queries_for_three_rows_as_for_thirty() -> None:
    counts = []
    for size in (3, 30):
        box = pot()
        for place in range(size):
            ledger.reserve(
                box, amount=1, reference=f"{size}:{place}", subject="s", by=None, now=NOW
            )
        with by_hand() as run:
            run("DELETE FROM portal_auditseal")
            run("DELETE FROM portal_auditchain")
        audit.seal(now=NOW)
        with CaptureQueriesContext(connection) as asked:
            audit.verify(now=NOW)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert Budget.objects.count() == 2
