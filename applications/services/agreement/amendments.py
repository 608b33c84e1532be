"""Amend a concluded agreement (협약변경): request, examine, approve, sign again, put in force."""

import copy
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from applications.models import Agreement, AgreementVersion, Amendment, Company, Instalment
from applications.queries import agreement as agreement_queries
from applications.rules import agreement as rules
from applications.rules.settlement import REQUESTED, SHARE
from applications.services.agreement import contracts, pending_steps
from applications.services.selection import aid
from applications.states import (
    AgreementMoves,
    AmendmentState,
    InstalmentState,
    MemberRole,
    PartnerState,
)
from applications.states import AmendmentKind as K
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed, RuleBroken
from portal.core.money import checked_won
from portal.core.text import name as clean_name
from portal.core.validators import business_number, row_number
from portal.models import User
from portal.records.workflow import move, set_state
from programs.queries.calendar import holidays
from programs.rules import deadlines
from programs.services import ledger

OPEN = [AmendmentState.ASKED, AmendmentState.EXAMINED]


def request(
    agreement: Agreement,
    *,
    kind: str,
    proposal: dict[str, Any],
    reason: str,
    by: User,
    now: datetime,
) -> Amendment:
    """Request an amendment before `request_due_at`; one at a time.

    `proposal` holds for `lead` {company}, `supplier` {role, name, business_number}, `sums`
    {grant_won, own_won, items}, `period` {ends_on}. Raises RuleBroken with every limit it breaks,
    BadInput, MoveNotAllowed (`change_open`, `not_owner`).
    """
    if not agreement.company.members.filter(user=by, role=MemberRole.OWNER).exists():
        raise MoveNotAllowed("주관기업의 대표 담당자만 신청할 수 있습니다.", code="not_owner")
    if kind not in K.values:
        raise BadInput("무엇을 바꿀지 고르세요.", code="kind")
    clean = _read(agreement, kind, proposal)
    _refuse_unsound(agreement, kind, clean, now, today=korean_day(now))
    try:
        with transaction.atomic():
            move(agreement, AgreementMoves.ASK_CHANGE, by=by, now=now, owner=True, note=reason)
            if agreement.in_force < agreement.version:
                raise MoveNotAllowed("서명을 기다리는 협약서가 있습니다.", code="change_open")
            made = Amendment.objects.create(
                agreement=agreement,
                kind=kind,
                proposal=clean,
                reason=reason.strip(),
                asked_by=by,
                asked_at=now,
            )
            pending_steps.sync(agreement, now=now)
    except IntegrityError as refused:
        raise MoveNotAllowed(
            "아직 끝나지 않은 협약변경이 있습니다.", code="change_open"
        ) from refused
    return made


def examine(amendment: Amendment, *, opinion: str, by: User, now: datetime) -> None:
    """Record an officer's opinion and pass the request to a manager. Raises MoveNotAllowed."""
    with transaction.atomic():
        move(amendment.agreement, AgreementMoves.EXAMINE_CHANGE, by=by, now=now, note=opinion)
        _set_state(
            amendment,
            AmendmentState.ASKED,
            AmendmentState.EXAMINED,
            opinion=opinion.strip(),
            examined_by=by,
            examined_at=now,
        )
        pending_steps.sync(amendment.agreement, now=now)


def refuse(amendment: Amendment, *, note: str, by: User, now: datetime) -> None:
    """Refuse a request with the reason. Raises MoveNotAllowed (`change_decided`)."""
    with transaction.atomic():
        move(amendment.agreement, AgreementMoves.REFUSE_CHANGE, by=by, now=now, note=note)
        open_ones = Amendment.objects.filter(pk=amendment.pk, state__in=OPEN)
        words = {"note": note.strip(), "decided_by": by, "decided_at": now}
        if not set_state(open_ones, AmendmentState.REFUSED, **words):
            raise MoveNotAllowed("이미 처리한 협약변경입니다.", code="change_decided")
        _notify(amendment, "협약변경이 승인되지 않았습니다", [f"사유: {note.strip()}"], now)
        pending_steps.sync(amendment.agreement, now=now)
    amendment.refresh_from_db()


def approve(amendment: Amendment, *, note: str, by: User, now: datetime) -> AgreementVersion:
    """Approve as another person than the examiner and return the amended text.

    Both sides sign it first where the catalogue's `resign` names the kind (lead, sums); otherwise
    the approval puts it in force. Sums change while no instalment waits for its payment, and until
    they are in force none is paid. Raises RuleBroken, MoveNotAllowed (`same_person`, `pay_first`).
    """
    agreement = amendment.agreement
    if amendment.examined_by_id == by.pk:
        raise MoveNotAllowed(
            "검토한 사람은 승인할 수 없습니다. 다른 결정권자가 해야 합니다.", code="same_person"
        )
    # Requested in time is in time; money and parties are checked as they are now.
    _refuse_unsound(
        agreement, amendment.kind, amendment.proposal, amendment.asked_at, today=korean_day(now)
    )
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
        if amendment.kind == K.SUMS:
            _refuse_requested(agreement)
        text = agreement.versions.get(number=agreement.in_force)
        content = _amended(agreement, text.content, amendment, number)
        made = contracts.write_version(
            agreement, number, content, reason=amendment.reason[:300], by=by, now=now
        )
        _set_state(
            amendment,
            AmendmentState.EXAMINED,
            AmendmentState.APPROVED,
            note=note.strip(),
            decided_by=by,
            decided_at=now,
            version=made,
        )
        signs = amendment.kind in agreement.terms["resign"]
        ends = "새 협약서에 서명해 주세요." if signs else "승인과 함께 효력이 생겼습니다."
        _notify(amendment, "협약변경이 승인되었습니다", [ends], now)
        if not signs:
            _put_in_force(agreement, made, amendment, by=by, now=now)
        pending_steps.sync(agreement, now=now)
    return made


def amend(
    agreement: Agreement, *, name: str, sha256: str, agreed: bool, by: User, now: datetime
) -> None:
    """Sign an amended text for the ministry; it is in force and the ledger follows at once.

    Raises MoveNotAllowed (`unsigned`, `pay_first`), StaleVersion, BudgetExceeded, RuleBroken.
    """
    with transaction.atomic():
        move(agreement, AgreementMoves.AMEND, by=by, now=now, where={"version": agreement.version})
        text = agreement.versions.get(number=agreement.version)
        if agreement.in_force == agreement.version:
            raise MoveNotAllowed("서명을 기다리는 협약서가 없습니다.", code="nothing_to_sign")
        if not text.signatures.filter(side="firm").exists():
            raise MoveNotAllowed("기업이 아직 서명하지 않았습니다.", code="unsigned")
        contracts.sign_amendment(agreement, name=name, sha256=sha256, agreed=agreed, by=by, now=now)
        amendment = Amendment.objects.select_related("agreement").get(version=text)
        _put_in_force(agreement, text, amendment, by=by, now=now)
        pending_steps.sync(agreement, now=now)


def request_due_at(agreement: Agreement) -> datetime:
    """Return until when a change may be requested; the instant itself is too late.

    Raises MoveNotAllowed before the agreement is concluded.
    """
    if agreement.ends_on is None:
        raise MoveNotAllowed("협약을 맺은 뒤에 신청할 수 있습니다.")
    # From the latest end ever agreed, so that an end entered wrongly can still be corrected.
    ends = max(agreement.ends_on, *agreement_queries.ends_in_force(agreement))
    day = deadlines.months_later(ends, -agreement.terms["figures"]["change_months"])
    policy = rules.policy_for(agreement.terms, "change_months")
    return deadlines.due_on(day, policy, holidays())


def _read(agreement: Agreement, kind: str, proposal: dict[str, Any]) -> dict[str, Any]:
    if kind == K.LEAD:
        number = row_number(str(proposal.get("company", "")))
        found = None if number is None else Company.objects.filter(pk=number).first()
        if found is None or not _may_lead(agreement, found):
            raise BadInput("참여를 수락한 참여기관 가운데 고르세요.", code="company")
        return {"company": found.pk, "name": found.name, "business_number": found.business_number}
    if kind == K.SUPPLIER:
        digits = business_number(str(proposal.get("business_number", "")))
        if digits == agreement.company.business_number:
            raise BadInput("주관기업과 다른 기업이어야 합니다.", code="business_number")
        name = clean_name(str(proposal.get("name", "")))
        if not name:
            raise BadInput("새 공급기업의 이름을 적어 주세요.", code="name")
        return {"role": "supplier", "name": name[:100], "business_number": digits}
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


def _refuse_unsound(
    agreement: Agreement, kind: str, proposal: dict[str, Any], at: datetime, *, today: date
) -> None:
    ends = None
    if kind == K.PERIOD:
        try:
            ends = date.fromisoformat(proposal["ends_on"])
        except ValueError as wrong:
            raise BadInput("날짜를 고르세요.", code="ends_on") from wrong
    found = rules.refuse_amendment(
        rules.AmendmentTerms(
            kind=kind,
            requested_at=at,
            due_at=request_due_at(agreement),
            grant_won=proposal.get("grant_won", 0),
            own_won=proposal.get("own_won", 0),
            items=proposal.get("items", {}),
            award_won=agreement.award_won,
            paid_won=contracts.holdings_of(agreement).paid,
            starts_on=agreement.starts_on,
            ends_on=ends,
            share_percent=agreement.terms["share_percent"],
            today=today,
            recorded_on=agreement_queries.last_recorded_on(agreement),
        )
    )
    if found:
        raise RuleBroken(found)


def _amended(
    agreement: Agreement, content: dict[str, Any], amendment: Amendment, number: int
) -> dict[str, Any]:
    new, proposal = copy.deepcopy(content), amendment.proposal
    new["version"] = number
    new["change"] = {"kind": amendment.kind, "reason": amendment.reason}
    new["period"] = {"starts_on": agreement.starts_on, "ends_on": agreement.ends_on}
    if amendment.kind == K.LEAD:
        company = Company.objects.get(pk=proposal["company"])
        new["lead"] |= {
            "name": company.name,
            "business_number": company.business_number,
            "representative": company.representative,
            "address": company.address,
        }
    elif amendment.kind == K.SUPPLIER:
        label = next((row["label"] for row in new["partners"] if row["role"] == "supplier"), "")
        others = [row for row in new["partners"] if row["role"] != "supplier"]
        new["partners"] = [*others, {**proposal, "label": label or "공급기업"}]
    elif amendment.kind == K.PERIOD:
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
    agreement: Agreement, text: AgreementVersion, amendment: Amendment, *, by: User, now: datetime
) -> None:
    changes: dict[str, Any] = {"in_force": text.number}
    program = agreement.application.sub_program
    if amendment.kind == K.LEAD:
        held = {agreement.application_id: agreement.grant_won}
        aid.enforce(program, held, firm=amendment.proposal["company"])
        changes["company_id"] = amendment.proposal["company"]
    elif amendment.kind == K.PERIOD:
        changes["ends_on"] = date.fromisoformat(amendment.proposal["ends_on"])
    elif amendment.kind == K.SUMS:
        changes["grant_won"] = amendment.proposal["grant_won"]
        if amendment.proposal["grant_won"] > agreement.grant_won:
            aid.enforce(program, {agreement.application_id: amendment.proposal["grant_won"]})
        _move_money(agreement, amendment, by=by, now=now)
    Agreement.objects.filter(pk=agreement.pk).update(**changes)
    agreement.refresh_from_db()
    if amendment.kind == K.PERIOD:
        contracts.open_reports(agreement)
        for report in agreement.reports.all():
            agreement.pending_steps.filter(done_at=None, step=report.kind).update(
                due_at=report.due_at
            )
    contracts.request_pdf(agreement, now=now)


def _refuse_requested(agreement: Agreement) -> None:
    if agreement.instalments.filter(state=InstalmentState.REQUESTED).exists():
        raise MoveNotAllowed(
            "요청한 지급을 먼저 지급하거나 반려한 뒤에 처리하세요.", code="pay_first"
        )


def _move_money(agreement: Agreement, amendment: Amendment, *, by: User, now: datetime) -> None:
    _refuse_requested(agreement)
    _refuse_unsound(
        agreement, amendment.kind, amendment.proposal, amendment.asked_at, today=korean_day(now)
    )
    grant = amendment.proposal["grant_won"]
    amounts = _resplit(agreement, grant)
    planned = agreement.instalments.filter(state=InstalmentState.PLANNED)
    for part, amount in zip(planned.order_by("number"), amounts, strict=True):
        row = Instalment.objects.filter(pk=part.pk, state=InstalmentState.PLANNED)
        if amount:
            row.update(amount_won=amount)
        else:
            set_state(row, InstalmentState.CANCELLED)
    difference = grant - agreement.grant_won
    pot, key = contracts.pot_of(agreement), f"agreement:{agreement.pk}:change:{amendment.pk}"

    def booking(act: str) -> ledger.Booking:
        note = f"협약변경 {agreement.number} 제{agreement.version}차"
        return ledger.Booking(abs(difference), f"{act}:{key}", agreement.subject, note)

    if difference > 0:
        ledger.reserve(pot, booking("reserve"), by=by, now=now)
        ledger.commit(pot, booking("commit"), by=by, now=now)
    elif difference < 0:
        ledger.decommit(pot, booking("decommit"), by=by, now=now)


def _set_state(amendment: Amendment, source: str, target: str, **changes: object) -> None:
    try:
        with transaction.atomic():
            done = set_state(
                Amendment.objects.filter(pk=amendment.pk, state=source), target, **changes
            )
    except IntegrityError as refused:
        raise MoveNotAllowed("검토한 사람은 승인할 수 없습니다.", code="same_person") from refused
    if not done:
        raise MoveNotAllowed("이미 처리한 협약변경입니다.", code="change_decided")
    amendment.refresh_from_db()


def _notify(amendment: Amendment, title: str, lines: list[str], now: datetime) -> None:
    key = f"agreement-change:{amendment.pk}:{title[-3:]}"
    pending_steps.notify(amendment.agreement, key=key, title=title, lines=lines, now=now)
