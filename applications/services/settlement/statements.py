"""Statements: compute and approve the settlement (two people), recover or pay, close."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import Max, Sum

from applications.models import (
    Agreement,
    Application,
    Instalment,
    IssuedDocument,
    Recovery,
    Settlement,
)
from applications.queries import delivery
from applications.rules import agreement as agreement_rules
from applications.rules import settlement as rules
from applications.services import documents
from applications.services.agreement import contracts, instalments, pending_steps
from applications.services.selection import reserve
from applications.services.settlement.spending import planned_items, used_won
from applications.states import (
    AgreementMoves,
    ApplicationMoves,
    CheckKind,
    FinalOutcome,
    InstalmentState,
    PayWhen,
    RecoveryState,
    SettlementState,
    SpendingState,
)
from portal.core import ranges
from portal.core.dates import due_text, korean_day
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.core.money import won
from portal.models import User
from portal.records import snapshot
from portal.records.workflow import move, set_state
from programs.queries.calendar import holidays
from programs.services import ledger


def propose(agreement: Agreement, *, by: User, now: datetime) -> Settlement:
    """Compute the settlement and propose it to a manager.

    Raises RuleBroken with everything that is not finished, MoveNotAllowed (`proposed`).
    """
    with transaction.atomic():
        move(agreement, AgreementMoves.PROPOSE_SETTLEMENT, by=by, now=now)
        if findings := unfinished(agreement):
            raise RuleBroken(findings, message="아직 정산할 수 없습니다.")
        made = _write(agreement, *compute(agreement), by=by, now=now)
        pending_steps.sync(agreement, now=now)
    return made


def send_back(settlement: Settlement, *, note: str, by: User, now: datetime) -> None:
    """Return a proposal to the officer with the reason.

    Raises MoveNotAllowed (`settlement_decided`).
    """
    agreement = settlement.agreement
    with transaction.atomic():
        move(agreement, AgreementMoves.RETURN_SETTLEMENT, by=by, now=now, note=note)
        proposed = Settlement.objects.filter(pk=settlement.pk, state=SettlementState.PROPOSED)
        words = {"note": note.strip(), "decided_by": by, "decided_at": now}
        if not set_state(proposed, SettlementState.RETURNED, **words):
            raise MoveNotAllowed("이미 처리한 정산안입니다.", code="settlement_decided")
        pending_steps.sync(agreement, now=now)


def approve(settlement: Settlement, *, by: User, now: datetime) -> None:
    """Approve a settlement that another person has proposed; the ledger follows at once.

    Commitments that are not used return to the pot, overpaid won are recovered. Raises
    MoveNotAllowed (`same_person`, `settlement_decided`), BudgetExceeded.
    """
    agreement = settlement.agreement
    if settlement.proposed_by_id == by.pk:
        raise MoveNotAllowed(
            "정산안을 만든 사람은 승인할 수 없습니다. 다른 결정권자가 해야 합니다.",
            code="same_person",
        )
    with transaction.atomic():
        move(agreement, AgreementMoves.SETTLE, by=by, now=now, changes={"settled_at": now})
        proposed = Settlement.objects.filter(pk=settlement.pk, state=SettlementState.PROPOSED)
        if not set_state(proposed, SettlementState.APPROVED, decided_by=by, decided_at=now):
            raise MoveNotAllowed("이미 처리한 정산안입니다.", code="settlement_decided")
        settlement.refresh_from_db()
        carry_out(agreement, settlement, by=by, now=now)


def void(
    agreement: Agreement, *, reason: str, asked_by: User, by: User, now: datetime
) -> Settlement:
    """Settle at 0 won after a cancelled selection, so that everything paid is recovered."""
    move(agreement, AgreementMoves.VOID, by=by, now=now, note=reason, changes={"settled_at": now})
    proposed = Settlement.objects.filter(agreement=agreement, state=SettlementState.PROPOSED)
    words = {"note": "선정취소", "decided_by": by, "decided_at": now}
    set_state(proposed, SettlementState.RETURNED, **words)
    held = contracts.holdings_of(agreement)
    reckoning = rules.Calculation(
        (), 0, 0, (("확정 지원금", 0, f"선정이 취소되어 전액을 환수합니다. {reason.strip()}"),)
    )
    result = rules.outcome(settled_won=0, paid_won=held.paid, committed_won=held.committed)
    made = _write(agreement, reckoning, result, by=asked_by, now=now)
    set_state(
        Settlement.objects.filter(pk=made.pk),
        SettlementState.APPROVED,
        decided_by=by,
        decided_at=now,
    )
    made.refresh_from_db()
    carry_out(agreement, made, by=by, now=now)
    return made


def carry_out(agreement: Agreement, settlement: Settlement, *, by: User, now: datetime) -> None:
    """Apply an approved settlement: ledger, instalments, recovery, PDF and notice."""
    subject, note = agreement.subject, f"정산 {agreement.number}"
    pot, key = contracts.pot_of(agreement), f"agreement:{agreement.pk}"
    if agreement.kind == rules.IN_KIND:
        instalments.cancel_rest(agreement)
        if settlement.balance_won:
            booking = ledger.Booking(settlement.balance_won, f"pay:{key}:in-kind", subject, note)
            ledger.pay(pot, booking, by=by, now=now)
    else:
        _plan_balance(agreement, settlement.balance_won)
    if settlement.release_won:
        booking = ledger.Booking(settlement.release_won, f"decommit:{key}", subject, note)
        ledger.decommit(pot, booking, by=by, now=now)
    lines = [f"확정 지원금은 {won(settlement.settled_won)}입니다."]
    if settlement.recover_won:
        due = agreement_rules.due(agreement.terms, "recovery_days", now, holidays())
        Recovery.objects.create(
            settlement=settlement, amount_won=settlement.recover_won, due_at=due
        )
        lines.append(f"{won(settlement.recover_won)}을 {due_text(due)}까지 돌려주셔야 합니다.")
    documents.request(agreement.application, kind=IssuedDocument.Kind.SETTLEMENT, now=now)
    pending_steps.notify(
        agreement,
        key=f"settlement:{settlement.pk}",
        title="정산이 확정되었습니다",
        lines=lines,
        now=now,
    )
    pending_steps.sync(agreement, now=now)


def record_recovery(
    recovery: Recovery, *, received_on: date, evidence: str, by: User, now: datetime
) -> None:
    """Record that a recovery was received, once, into the same pot.

    Raises BadInput (`evidence`, `received_on`), MoveNotAllowed (`recovered`).
    """
    if not evidence.strip():
        raise BadInput("입금을 확인한 근거를 적어 주세요.", code="evidence")
    decided = recovery.settlement.decided_at
    ranges.check(
        "received_on",
        received_on,
        today=korean_day(now),
        code="received_on",
        least=korean_day(decided) if decided else None,
        label="납부일(정산을 확정한 날부터 오늘까지)",
    )
    agreement = recovery.settlement.agreement
    with transaction.atomic():
        move(agreement, AgreementMoves.RECOVER, by=by, now=now, note=evidence)
        due = Recovery.objects.filter(pk=recovery.pk, state=RecoveryState.DUE)
        done = set_state(
            due,
            RecoveryState.RECEIVED,
            received_on=received_on,
            evidence=evidence.strip(),
            recorded_by=by,
            recorded_at=now,
        )
        if not done:
            raise MoveNotAllowed("이미 확인한 환수금입니다.", code="recovered")
        ledger.recover(
            contracts.pot_of(agreement),
            ledger.Booking(
                amount=recovery.amount_won,
                reference=f"recover:agreement:{agreement.pk}",
                subject=agreement.subject,
                note=f"환수 {agreement.number}",
            ),
            by=by,
            now=now,
        )
        pending_steps.sync(agreement, now=now)
    recovery.refresh_from_db()


def close(agreement: Agreement, *, by: User, now: datetime) -> None:
    """Close when nothing is committed and paid minus recovered equals the settled won.

    After an early end the reserve list moves up. Raises RuleBroken (`not_zero`), MoveNotAllowed.
    """
    early = pending_steps.ended_early(agreement)
    program = agreement.application.sub_program
    with transaction.atomic():
        reserve.lock_program(program)
        step = AgreementMoves.CLOSE_ENDED if early else AgreementMoves.CLOSE
        move(agreement, step, by=by, now=now, changes={"closed_at": now})
        settled = agreement.settlements.get(state=SettlementState.APPROVED)
        held = contracts.holdings_of(agreement)
        if (held.reserved, held.committed, held.paid) != (0, 0, settled.settled_won):
            raise RuleBroken(
                [
                    Finding(
                        "not_zero",
                        f"정산과 원장이 맞지 않습니다. 확정 지원금 {won(settled.settled_won)},"
                        f" 지급 후 남은 금액 {won(held.paid)}, 협약 잔액 {won(held.committed)}.",
                    )
                ]
            )
        application = Application.objects.get(pk=agreement.application_id)
        if early:
            ended = agreement.endings.filter(state="approved").latest("pk")
            move(application, ApplicationMoves.END, by=by, now=now, note=f"{ended}: {ended.reason}")
            reserve.fill(program, by=None, now=now)
        else:
            move(application, ApplicationMoves.CLOSE, by=by, now=now)
        pending_steps.notify(
            agreement,
            key=f"agreement-closed:{agreement.pk}",
            title="협약이 종료되었습니다",
            lines=[f"확정 지원금은 {won(settled.settled_won)}입니다."],
            now=now,
        )
        pending_steps.sync(agreement, now=now)


def unfinished(agreement: Agreement) -> list[Finding]:
    """Return everything that keeps a finished agreement from being settled."""
    findings = []
    if not pending_steps.ended_early(agreement) and _verdict(agreement) is None:
        findings.append(Finding("final_check", "최종점검이 끝나지 않았습니다."))
    if agreement.kind in pending_steps.WITH_SPENDING:
        if agreement.spending_at is None:
            findings.append(Finding("spending", "사용내역이 제출되지 않았습니다."))
        claimed = agreement.spendings.filter(removed_at=None, state=SpendingState.CLAIMED).count()
        if claimed:
            findings.append(Finding("claimed", f"확인하지 않은 사용내역이 {claimed}건 있습니다."))
    if agreement.kind == rules.IN_KIND:  # the won used is known once each is accepted or stopped
        findings += delivery.unfinished(agreement)
    if agreement.endings.filter(state="asked").exists():
        findings.append(Finding("ending", "중도 종료 요청을 먼저 처리하세요."))
    return findings


def compute(agreement: Agreement) -> tuple[rules.Calculation, rules.Outcome]:
    """Return the calculation and its consequences for the agreement as it is now."""
    early = pending_steps.ended_early(agreement)
    rows = agreement.spendings.filter(removed_at=None, state=SpendingState.ALLOWED)
    spends = [rules.Spend(row.item, row.allowed_won) for row in rows]
    found = rules.calculate(
        terms_of(agreement),
        spends,
        used_won=used_won(agreement),
        outcome_percent=_outcome_percent(agreement, early),
    )
    held = contracts.holdings_of(agreement)
    return found, rules.outcome(
        settled_won=found.settled_won,
        paid_won=held.paid,
        committed_won=held.committed,
        may_pay=not early or agreement.kind == rules.IN_KIND,
    )


def terms_of(agreement: Agreement) -> rules.Terms:
    """Return the terms in force for `rules.settlement`."""
    terms = agreement.terms
    text = agreement.versions.get(number=agreement.in_force).content["money"]
    return rules.Terms(
        kind=agreement.kind,
        grant_won=agreement.grant_won,
        items={row["code"]: row["won"] for row in text["items"]},
        own_won=text["own_won"] or 0,
        share_percent=terms["share_percent"],
        cap_won=terms["cap_won"] if agreement.kind in pending_steps.WITH_SPENDING else None,
        rounding_won=terms["rounding_won"],
        overrun_percent=terms["figures"]["overrun_percent"],
        labour=frozenset(terms["labour_items"]),
        labour_percent=terms["figures"]["labour_percent"],
    )


def _outcome_percent(agreement: Agreement, early: bool) -> int:
    verdict = _verdict(agreement)
    if early or verdict is None:
        return rules.WHOLE
    percent: int = agreement.terms["figures"][f"{verdict}_percent"]
    return percent


def _verdict(agreement: Agreement) -> str | None:
    rows = agreement.stage_checks.filter(kind=CheckKind.FINAL).exclude(outcome=FinalOutcome.HELD)
    found: str | None = rows.values_list("outcome", flat=True).first()
    return found


def _write(
    agreement: Agreement,
    reckoning: rules.Calculation,
    result: rules.Outcome,
    *,
    by: User,
    now: datetime,
) -> Settlement:
    labels = planned_items(agreement)
    content = snapshot.to_plain(
        {
            "agreement": agreement.number,
            "kind": agreement.kind,
            "text": agreement.in_force,
            "grant_won": agreement.grant_won,
            "verdict": _verdict(agreement),
            "ended_early": pending_steps.ended_early(agreement),
            "lines": [
                {
                    "item": line.item,
                    "label": labels.get(line.item, line.item),
                    "planned_won": line.planned_won,
                    "claimed_won": _claimed(agreement, line.item),
                    "allowed_won": line.claimed_won,
                    "eligible_won": line.eligible_won,
                    "reason": line.reason,
                }
                for line in reckoning.lines
            ],
            "uses": [[row.label, row.amount_won] for row in agreement.uses.all()],
            "reasons": [list(row) for row in reckoning.reasons],
            "eligible_won": reckoning.eligible_won,
            "settled_won": result.settled_won,
            "paid_won": result.paid_won,
            "balance_won": result.balance_won,
            "recover_won": result.recover_won,
            "release_won": result.release_won,
            "proposed_at": now,
        }
    )
    number = (agreement.settlements.aggregate(last=Max("number"))["last"] or 0) + 1
    try:
        with transaction.atomic():
            return Settlement.objects.create(
                agreement=agreement,
                number=number,
                content=content,
                sha256=snapshot.sha256_of_plain(content),
                eligible_won=reckoning.eligible_won,
                settled_won=result.settled_won,
                paid_won=result.paid_won,
                balance_won=result.balance_won,
                recover_won=result.recover_won,
                release_won=result.release_won,
                proposed_by=by,
                proposed_at=now,
            )
    except IntegrityError as there:
        raise MoveNotAllowed("승인을 기다리는 정산안이 있습니다.", code="proposed") from there


def _claimed(agreement: Agreement, item: str) -> int:
    rows = agreement.spendings.filter(removed_at=None, item=item)
    return rows.aggregate(sum=Sum("amount_won"))["sum"] or 0


def _plan_balance(agreement: Agreement, balance_won: int) -> None:
    # Exactly one instalment stays planned, of what is still owed; or none.
    last = agreement.instalments.filter(
        state=InstalmentState.PLANNED, after=PayWhen.SETTLEMENT
    ).last()
    if balance_won and last is not None:
        Instalment.objects.filter(pk=last.pk).update(amount_won=balance_won)
    rest = Instalment.objects.filter(
        agreement=agreement, state__in=[InstalmentState.PLANNED, InstalmentState.REQUESTED]
    )
    if balance_won and last is not None:
        rest = rest.exclude(pk=last.pk)
    set_state(rest, InstalmentState.CANCELLED)
    if balance_won and last is None:
        number = agreement.instalments.aggregate(last=Max("number"))["last"] or 0
        Instalment.objects.create(
            agreement=agreement,
            number=number + 1,
            label="잔금",
            after=PayWhen.SETTLEMENT,
            amount_won=balance_won,
        )
