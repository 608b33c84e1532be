"""From spending to zero: claimed, judged, settled by four eyes, recovered or paid, closed."""

from datetime import date, datetime
from typing import Any

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
from applications.rules import settlement as rules
from applications.services import deadlines, documents
from applications.services.agreement import contracts as agreements
from applications.services.agreement import instalments, pending_steps
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
from portal.core.clock import KST
from portal.core.errors import BadInput, Finding, MoveNotAllowed, RuleBroken
from portal.core.money import won
from portal.models import User
from portal.records import snapshot
from portal.records.workflow import move, set_state
from programs.services import ledger


def propose(agreement: Agreement, *, by: User, now: datetime) -> Settlement:
    """Reckon the settlement and put it before a manager.

    Raises RuleBroken with everything that is still open, MoveNotAllowed.
    """
    with transaction.atomic():
        move(agreement, AgreementMoves.PROPOSE_SETTLEMENT, by=by, now=now)
        if findings := open_ends(agreement):
            raise RuleBroken(findings, message="아직 정산할 수 없습니다.")
        made = _write(agreement, *reckoned(agreement), by=by, now=now)
        pending_steps.follow(agreement, now=now)
    return made


def send_back(settlement: Settlement, *, note: str, by: User, now: datetime) -> None:
    """Send a proposal back to the officer with the reason. Raises MoveNotAllowed."""
    agreement = settlement.agreement
    with transaction.atomic():
        move(agreement, AgreementMoves.RETURN_SETTLEMENT, by=by, now=now, note=note)
        proposed = Settlement.objects.filter(pk=settlement.pk, state=SettlementState.PROPOSED)
        words = {"note": note.strip(), "decided_by": by, "decided_at": now}
        if not set_state(proposed, SettlementState.RETURNED, **words):
            raise MoveNotAllowed("이미 처리한 정산안입니다.", code="settlement_decided")
        pending_steps.follow(agreement, now=now)


def approve(settlement: Settlement, *, by: User, now: datetime) -> None:
    """Fix a settlement that another person has proposed; the money follows at once.

    What will not be used returns to the pot; what was overpaid is to be paid back. Raises
    MoveNotAllowed (`same_person`), BudgetExceeded.
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
    """Fix a settlement of nothing: the selection was cancelled, all that was paid comes back."""
    move(agreement, AgreementMoves.VOID, by=by, now=now, note=reason, changes={"settled_at": now})
    standing = Settlement.objects.filter(agreement=agreement, state=SettlementState.PROPOSED)
    words = {"note": "선정취소", "decided_by": by, "decided_at": now}
    set_state(standing, SettlementState.RETURNED, **words)
    held = agreements.held(agreement)
    reckoning = rules.Reckoning(
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
    """Let money, instalments and paper follow a settlement that is approved."""
    words: dict[str, Any] = {
        "subject": agreement.subject,
        "by": by,
        "now": now,
        "note": f"정산 {agreement.number}",
    }
    pot, key = agreements.pot_of(agreement), f"agreement:{agreement.pk}"
    if agreement.kind == rules.IN_KIND:
        instalments.cancel_rest(agreement)
        if settlement.balance_won:
            amount = settlement.balance_won
            ledger.pay(pot, amount=amount, reference=f"pay:{key}:in-kind", **words)
    else:
        _plan_balance(agreement, settlement.balance_won)
    if settlement.release_won:
        amount = settlement.release_won
        ledger.decommit(pot, amount=amount, reference=f"decommit:{key}", **words)
    lines = [f"확정 지원금은 {won(settlement.settled_won)}입니다."]
    if settlement.recover_won:
        days = agreement.terms["figures"]["recovery_days"]
        due = deadlines.after_days(now, days)
        Recovery.objects.create(
            settlement=settlement, amount_won=settlement.recover_won, due_at=due
        )
        until = due.astimezone(KST)
        lines.append(
            f"{won(settlement.recover_won)}을 {until.year}. {until.month}. {until.day}."
            "까지 돌려주셔야 합니다."
        )
    documents.request(agreement.application, kind=IssuedDocument.Kind.SETTLEMENT, now=now)
    pending_steps.tell(
        agreement,
        key=f"settlement:{settlement.pk}",
        title="정산이 확정되었습니다",
        lines=lines,
        now=now,
    )
    pending_steps.follow(agreement, now=now)


def record_recovery(
    recovery: Recovery, *, received_on: date, evidence: str, by: User, now: datetime
) -> None:
    """Record that a recovery has come in: once, into the same pot.

    Raises BadInput (`evidence`, `received_on`), MoveNotAllowed (`recovered`).
    """
    if not evidence.strip():
        raise BadInput("입금을 확인한 근거를 적어 주세요.", code="evidence")
    if received_on > now.astimezone(KST).date():
        raise BadInput("납부일은 오늘보다 뒤일 수 없습니다.", code="received_on")
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
            agreements.pot_of(agreement),
            amount=recovery.amount_won,
            reference=f"recover:agreement:{agreement.pk}",
            subject=agreement.subject,
            by=by,
            now=now,
            note=f"환수 {agreement.number}",
        )
        pending_steps.follow(agreement, now=now)
    recovery.refresh_from_db()


def close(agreement: Agreement, *, by: User, now: datetime) -> None:
    """Close at zero difference: nothing committed, and paid − recovered is what was settled.

    An early end leaves its place to the reserve list.

    Raises RuleBroken (`not_zero`), MoveNotAllowed.
    """
    early = pending_steps.ended_early(agreement)
    program = agreement.application.sub_program
    with transaction.atomic():
        reserve.hold(program)
        step = AgreementMoves.CLOSE_ENDED if early else AgreementMoves.CLOSE
        move(agreement, step, by=by, now=now, changes={"closed_at": now})
        settled = agreement.settlements.get(state=SettlementState.APPROVED)
        held = agreements.held(agreement)
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
        pending_steps.tell(
            agreement,
            key=f"agreement-closed:{agreement.pk}",
            title="협약이 종료되었습니다",
            lines=[f"확정 지원금은 {won(settled.settled_won)}입니다."],
            now=now,
        )
        pending_steps.follow(agreement, now=now)


def open_ends(agreement: Agreement) -> list[Finding]:
    """Everything that keeps a finished agreement from being settled."""
    findings = []
    if not pending_steps.ended_early(agreement) and _verdict(agreement) is None:
        findings.append(Finding("final_check", "최종점검이 끝나지 않았습니다."))
    if agreement.kind in pending_steps.SPENT:
        if agreement.spending_at is None:
            findings.append(Finding("spending", "사용내역이 제출되지 않았습니다."))
        claimed = agreement.spendings.filter(removed_at=None, state=SpendingState.CLAIMED).count()
        if claimed:
            findings.append(Finding("claimed", f"확인하지 않은 사용내역이 {claimed}건 있습니다."))
    if agreement.endings.filter(state="asked").exists():
        findings.append(Finding("ending", "중도 종료 요청을 먼저 처리하세요."))
    return findings


def reckoned(agreement: Agreement) -> tuple[rules.Reckoning, rules.Outcome]:
    """What the agreement comes to as it stands now, by the pure rule."""
    early = pending_steps.ended_early(agreement)
    rows = agreement.spendings.filter(removed_at=None, state=SpendingState.ALLOWED)
    spends = [rules.Spend(row.item, row.allowed_won) for row in rows]
    found = rules.reckon(
        terms_of(agreement),
        spends,
        used_won=used_won(agreement),
        outcome_percent=_percent(agreement, early),
    )
    held = agreements.held(agreement)
    return found, rules.outcome(
        settled_won=found.settled_won,
        paid_won=held.paid,
        committed_won=held.committed,
        may_pay=not early or agreement.kind == rules.IN_KIND,
    )


def terms_of(agreement: Agreement) -> rules.Terms:
    """The terms in force, for `rules.settlement`."""
    terms = agreement.terms
    text = agreement.versions.get(number=agreement.in_force).content["money"]
    return rules.Terms(
        kind=agreement.kind,
        grant_won=agreement.grant_won,
        items={row["code"]: row["won"] for row in text["items"]},
        own_won=text["own_won"] or 0,
        share_percent=terms["share_percent"],
        cap_won=terms["cap_won"] if agreement.kind in pending_steps.SPENT else None,
        rounding_won=terms["rounding_won"],
        overrun_percent=terms["figures"]["overrun_percent"],
        labour=frozenset(terms["labour_items"]),
        labour_percent=terms["figures"]["labour_percent"],
    )


def _percent(agreement: Agreement, early: bool) -> int:
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
    reckoning: rules.Reckoning,
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
    """Leave exactly one part to pay, of what is still owed; or none."""
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
