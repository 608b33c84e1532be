"""Changing a concluded agreement (협약변경): asked by the firm, examined, approved, signed again."""

import copy
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from applications.models import Agreement, AgreementVersion, ChangeRequest, Company, Instalment
from applications.rules import agreement as rules
from applications.rules.settlement import REQUESTED, SHARE
from applications.services import deadlines
from applications.services.agreement import contracts as agreements
from applications.services.agreement import pending_steps
from applications.services.selection import aid
from applications.states import (
    AgreementMoves,
    AmendmentState,
    InstalmentState,
    MemberRole,
    PartnerState,
)
from applications.states import AmendmentKind as K
from portal.core.clock import KST
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.core.money import checked_won
from portal.core.validators import check_digit, row_number
from portal.models import User
from portal.records.workflow import move, set_state
from programs.services import ledger

OPEN = [AmendmentState.ASKED, AmendmentState.EXAMINED]


def ask(
    agreement: Agreement,
    *,
    kind: str,
    proposal: dict[str, Any],
    reason: str,
    by: User,
    now: datetime,
) -> ChangeRequest:
    """Ask for a change, early enough before the end; one at a time.

    `proposal` holds for `lead` {company}, `supplier` {role, name, business_number}, `sums`
    {grant_won, own_won, items}, `period` {ends_on}. Raises RuleBroken with everything that speaks
    against it, BadInput, MoveNotAllowed (`change_open`, `not_owner`).
    """
    if not agreement.company.members.filter(user=by, role=MemberRole.OWNER).exists():
        raise MoveNotAllowed("주관기업의 대표 담당자만 신청할 수 있습니다.", code="not_owner")
    if kind not in K.values:
        raise BadInput("무엇을 바꿀지 고르세요.", code="kind")
    clean = _read(agreement, kind, proposal)
    _check(agreement, kind, clean, now)
    try:
        with transaction.atomic():
            move(agreement, AgreementMoves.ASK_CHANGE, by=by, now=now, owner=True, note=reason)
            if agreement.in_force < agreement.version:
                raise MoveNotAllowed("서명을 기다리는 협약서가 있습니다.", code="change_open")
            made = ChangeRequest.objects.create(
                agreement=agreement,
                kind=kind,
                proposal=clean,
                reason=reason.strip(),
                asked_by=by,
                asked_at=now,
            )
            pending_steps.follow(agreement, now=now)
    except IntegrityError as refused:
        raise MoveNotAllowed(
            "아직 끝나지 않은 협약변경이 있습니다.", code="change_open"
        ) from refused
    return made


def examine(change: ChangeRequest, *, opinion: str, by: User, now: datetime) -> None:
    """Examine a request as an officer and pass it on to a manager. Raises MoveNotAllowed."""
    with transaction.atomic():
        move(change.agreement, AgreementMoves.EXAMINE_CHANGE, by=by, now=now, note=opinion)
        _mark(
            change,
            AmendmentState.ASKED,
            AmendmentState.EXAMINED,
            opinion=opinion.strip(),
            examined_by=by,
            examined_at=now,
        )
        pending_steps.follow(change.agreement, now=now)


def refuse(change: ChangeRequest, *, note: str, by: User, now: datetime) -> None:
    """Refuse a request with the reason. Raises MoveNotAllowed."""
    with transaction.atomic():
        move(change.agreement, AgreementMoves.REFUSE_CHANGE, by=by, now=now, note=note)
        open_ones = ChangeRequest.objects.filter(pk=change.pk, state__in=OPEN)
        words = {"note": note.strip(), "decided_by": by, "decided_at": now}
        if not set_state(open_ones, AmendmentState.REFUSED, **words):
            raise MoveNotAllowed("이미 처리한 협약변경입니다.", code="change_decided")
        _tell(change, "협약변경이 승인되지 않았습니다", [f"사유: {note.strip()}"], now)
        pending_steps.follow(change.agreement, now=now)
    change.refresh_from_db()


def approve(change: ChangeRequest, *, note: str, by: User, now: datetime) -> AgreementVersion:
    """Approve as another person than the examiner: a new text is written.

    Where the catalogue says so (lead, sums) both sides sign it before it is in force; otherwise
    the approval puts it in force. Raises RuleBroken, MoveNotAllowed (`same_person`).
    """
    agreement = change.agreement
    if change.examined_by_id == by.pk:
        raise MoveNotAllowed(
            "검토한 사람은 승인할 수 없습니다. 다른 결정권자가 해야 합니다.", code="same_person"
        )
    # Asked in time is in time; money and parties are looked at as they stand now.
    _check(agreement, change.kind, change.proposal, change.asked_at)
    with transaction.atomic():
        number = agreement.version + 1
        move(
            agreement,
            AgreementMoves.APPROVE_CHANGE,
            by=by,
            now=now,
            note=note,
            changes={"version": number},
            where={"version": agreement.version},
        )
        text = agreement.versions.get(number=agreement.in_force)
        content = _changed(agreement, text.content, change, number)
        made = agreements.write_version(
            agreement, number, content, reason=change.reason[:300], by=by, now=now
        )
        _mark(
            change,
            AmendmentState.EXAMINED,
            AmendmentState.APPROVED,
            note=note.strip(),
            decided_by=by,
            decided_at=now,
            version=made,
        )
        signs = change.kind in agreement.terms["resign"]
        ends = "새 협약서에 서명해 주세요." if signs else "승인과 함께 효력이 생겼습니다."
        _tell(change, "협약변경이 승인되었습니다", [ends], now)
        if not signs:
            _put_in_force(agreement, made, change, by=by, now=now)
        pending_steps.follow(agreement, now=now)
    return made


def amend(
    agreement: Agreement, *, name: str, sha256: str, agreed: bool, by: User, now: datetime
) -> None:
    """Sign a changed text for the ministry: it is in force, and its money follows at once.

    Raises MoveNotAllowed (`unsigned`, `pay_first`), StaleVersion, BudgetExceeded, RuleBroken.
    """
    with transaction.atomic():
        move(agreement, AgreementMoves.AMEND, by=by, now=now, where={"version": agreement.version})
        text = agreement.versions.get(number=agreement.version)
        if agreement.in_force == agreement.version:
            raise MoveNotAllowed("서명을 기다리는 협약서가 없습니다.", code="nothing_to_sign")
        if not text.signatures.filter(side="firm").exists():
            raise MoveNotAllowed("기업이 아직 서명하지 않았습니다.", code="unsigned")
        agreements.sign_amendment(
            agreement, name=name, sha256=sha256, agreed=agreed, by=by, now=now
        )
        change = ChangeRequest.objects.select_related("agreement").get(version=text)
        _put_in_force(agreement, text, change, by=by, now=now)
        pending_steps.follow(agreement, now=now)


def last_day(agreement: Agreement) -> date:
    """The last day on which a change may be asked for."""
    if agreement.ends_on is None:
        raise MoveNotAllowed("협약을 맺은 뒤에 신청할 수 있습니다.")
    return deadlines.months_on(agreement.ends_on, -agreement.terms["figures"]["change_months"])


def _read(agreement: Agreement, kind: str, proposal: dict[str, Any]) -> dict[str, Any]:
    if kind == K.LEAD:
        wanted = row_number(str(proposal.get("company", "")))
        found = None if wanted is None else Company.objects.filter(pk=wanted).first()
        if found is None or not _may_lead(agreement, found):
            raise BadInput("참여를 수락한 참여기관 가운데 고르세요.", code="company")
        return {"company": found.pk, "name": found.name, "business_number": found.business_number}
    if kind == K.SUPPLIER:
        number = str(proposal.get("business_number", "")).replace("-", "")
        if not number.isdecimal() or len(number) != 10 or str(check_digit(number[:9])) != number[9]:
            raise BadInput("사업자등록번호가 올바르지 않습니다.", code="business_number")
        if number == agreement.company.business_number:
            raise BadInput("주관기업과 다른 기업이어야 합니다.", code="business_number")
        name = str(proposal.get("name", "")).strip()
        if not name:
            raise BadInput("새 공급기업의 이름을 적어 주세요.", code="name")
        return {"role": "supplier", "name": name[:100], "business_number": number}
    if kind == K.PERIOD:
        return {"ends_on": str(proposal.get("ends_on", ""))}
    if agreement.kind not in (SHARE, REQUESTED):
        raise BadInput("사업비가 없는 협약이어서 바꿀 금액이 없습니다.", code="kind")
    codes = {row["code"] for row in agreement.application.sub_program.cost_items}
    items = {
        code: checked_won(amount) for code, amount in proposal.get("items", {}).items() if amount
    }
    if set(items) - codes:
        raise BadInput("없는 비목입니다.", code="items")
    return {
        "grant_won": checked_won(proposal.get("grant_won"), label="지원금"),
        "own_won": checked_won(proposal.get("own_won"), label="기업부담금"),
        "items": items,
    }


def _may_lead(agreement: Agreement, company: Company) -> bool:
    if company.pk == agreement.company_id:
        return False
    application = agreement.application
    took_part = application.partners.filter(company=company, state=PartnerState.ACCEPTED).exists()
    return took_part or company.pk == application.company_id


def _check(agreement: Agreement, kind: str, proposal: dict[str, Any], on: datetime) -> None:
    ends = None
    if kind == K.PERIOD:
        try:
            ends = date.fromisoformat(proposal["ends_on"])
        except ValueError as wrong:
            raise BadInput("날짜를 고르세요.", code="ends_on") from wrong
    found = rules.refuse_change(
        rules.Change(
            kind=kind,
            on=on.astimezone(KST).date(),
            last_day=last_day(agreement),
            grant_won=proposal.get("grant_won", 0),
            own_won=proposal.get("own_won", 0),
            items=proposal.get("items", {}),
            award_won=agreement.award_won,
            paid_won=agreements.held(agreement).paid,
            starts_on=agreement.starts_on,
            ends_on=ends,
            share_percent=agreement.terms["share_percent"],
        )
    )
    if found:
        raise RuleBroken(found)


def _changed(
    agreement: Agreement, content: dict[str, Any], change: ChangeRequest, number: int
) -> dict[str, Any]:
    new, proposal = copy.deepcopy(content), change.proposal
    new["version"] = number
    new["change"] = {"kind": change.kind, "reason": change.reason}
    new["period"] = {"starts_on": agreement.starts_on, "ends_on": agreement.ends_on}
    if change.kind == K.LEAD:
        company = Company.objects.get(pk=proposal["company"])
        new["lead"] |= {
            "name": company.name,
            "business_number": company.business_number,
            "representative": company.representative,
            "address": company.address,
        }
    elif change.kind == K.SUPPLIER:
        label = next((row["label"] for row in new["partners"] if row["role"] == "supplier"), "")
        others = [row for row in new["partners"] if row["role"] != "supplier"]
        new["partners"] = [*others, {**proposal, "label": label or "공급기업"}]
    elif change.kind == K.PERIOD:
        new["period"]["ends_on"] = proposal["ends_on"]
    else:
        _change_sums(agreement, new, proposal)
    return new


def _change_sums(agreement: Agreement, new: dict[str, Any], proposal: dict[str, Any]) -> None:
    labels = {row["code"]: row["label"] for row in agreement.application.sub_program.cost_items}
    grant, own = proposal["grant_won"], proposal["own_won"]
    new["money"] |= {
        "grant_won": grant,
        "own_won": own,
        "total_won": grant + own,
        "items": [
            {"code": code, "label": labels[code], "won": amount}
            for code, amount in proposal["items"].items()
        ],
    }
    amounts = iter(_resplit(agreement, grant))
    new["instalments"] = [
        {
            "label": part.label,
            "after": part.after,
            "percent": part.percent,
            "won": part.amount_won if part.state == InstalmentState.PAID else next(amounts),
        }
        for part in agreement.instalments.exclude(state=InstalmentState.CANCELLED)
    ]


def _resplit(agreement: Agreement, grant_won: int) -> list[int]:
    parts = list(agreement.instalments.exclude(state=InstalmentState.CANCELLED))
    paid = sum(part.amount_won for part in parts if part.state == InstalmentState.PAID)
    left = [part.amount_won for part in parts if part.state != InstalmentState.PAID]
    return rules.resplit(left, grant_won - paid, unit=agreement.terms["rounding_won"])


def _put_in_force(
    agreement: Agreement, text: AgreementVersion, change: ChangeRequest, *, by: User, now: datetime
) -> None:
    changes: dict[str, Any] = {"in_force": text.number}
    program = agreement.application.sub_program
    if change.kind == K.LEAD:
        held = {agreement.application_id: agreement.grant_won}
        aid.bind(program, held, firm=change.proposal["company"])
        changes["company_id"] = change.proposal["company"]
    elif change.kind == K.PERIOD:
        changes["ends_on"] = date.fromisoformat(change.proposal["ends_on"])
    elif change.kind == K.SUMS:
        changes["grant_won"] = change.proposal["grant_won"]
        if change.proposal["grant_won"] > agreement.grant_won:
            aid.bind(program, {agreement.application_id: change.proposal["grant_won"]})
        _move_money(agreement, change, by=by, now=now)
    Agreement.objects.filter(pk=agreement.pk).update(**changes)
    agreement.refresh_from_db()
    if change.kind == K.PERIOD:
        agreements.open_reports(agreement)
        for report in agreement.reports.all():
            agreement.turns.filter(done_at=None, step=report.kind).update(due_at=report.due_at)
    agreements.request_text(agreement, now=now)


def _move_money(agreement: Agreement, change: ChangeRequest, *, by: User, now: datetime) -> None:
    """Commit or give back the difference, and share it over the parts that are not paid."""
    if agreement.instalments.filter(state=InstalmentState.REQUESTED).exists():
        raise MoveNotAllowed(
            "요청한 지급을 먼저 지급하거나 반려한 뒤에 체결하세요.", code="pay_first"
        )
    _check(agreement, change.kind, change.proposal, change.asked_at)
    grant = change.proposal["grant_won"]
    amounts = _resplit(agreement, grant)
    planned = agreement.instalments.filter(state=InstalmentState.PLANNED)
    for part, amount in zip(planned.order_by("number"), amounts, strict=True):
        row = Instalment.objects.filter(pk=part.pk, state=InstalmentState.PLANNED)
        if amount:
            row.update(amount_won=amount)
        else:
            set_state(row, InstalmentState.CANCELLED)
    difference = grant - agreement.grant_won
    pot, key = agreements.pot_of(agreement), f"agreement:{agreement.pk}:change:{change.pk}"
    words: dict[str, Any] = {
        "subject": agreement.subject,
        "by": by,
        "now": now,
        "note": f"협약변경 {agreement.number} 제{agreement.version}차",
    }
    if difference > 0:
        ledger.reserve(pot, amount=difference, reference=f"reserve:{key}", **words)
        ledger.commit(pot, amount=difference, reference=f"commit:{key}", **words)
    elif difference < 0:
        ledger.decommit(pot, amount=-difference, reference=f"decommit:{key}", **words)


def _mark(change: ChangeRequest, source: str, target: str, **changes: object) -> None:
    try:
        with transaction.atomic():
            done = set_state(
                ChangeRequest.objects.filter(pk=change.pk, state=source), target, **changes
            )
    except IntegrityError as refused:
        raise MoveNotAllowed("검토한 사람은 승인할 수 없습니다.", code="same_person") from refused
    if not done:
        raise MoveNotAllowed("이미 처리한 협약변경입니다.", code="change_decided")
    change.refresh_from_db()


def _tell(change: ChangeRequest, title: str, lines: list[str], now: datetime) -> None:
    key = f"agreement-change:{change.pk}:{title[-3:]}"
    pending_steps.tell(change.agreement, key=key, title=title, lines=lines, now=now)
