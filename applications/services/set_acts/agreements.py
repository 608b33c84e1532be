"""Agreements of many applications: each by the service of the single act, in order of their pots.

Money, signatures and closings are booked one by one in the ledger, whose triggers decide about each; a
chunk is short, so that others who need the pot wait for less than a second or two.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from applications.models import Agreement, AgreementVersion, Instalment
from applications.queries.agreement import payable_parts, requested_parts
from applications.services.agreement import contracts, instalments
from applications.services.selection import reserve
from applications.services.set_acts.batches import Batch, Refusals, refusal
from applications.services.settlement import statements
from portal.core.errors import Finding, MoveNotAllowed, PortalError
from portal.models import User
from programs.models import SubProgram

CHUNK = 20
NO_AGREEMENT = Finding("no_agreement", "협약이 없는 신청입니다.")


def request_pay(batch: Batch) -> Refusals:
    """Request the instalment of each agreement that was payable when the page was confirmed."""

    def request(agreement: Agreement) -> None:
        part = instalments.next_payable(agreement)
        if part is None:
            raise MoveNotAllowed("지급할 수 있는 차수가 없습니다.", code="not_payable")
        _refuse_other(batch, agreement, part)
        instalments.request(part, by=batch.by, now=batch.now)

    return _each(batch, request)


def pay(batch: Batch) -> Refusals:
    """Pay the instalment of each agreement that another person had requested when it was confirmed."""

    def approve(agreement: Agreement) -> None:
        part = instalments.requested(agreement)
        if part is None:
            raise MoveNotAllowed("지급 요청이 없습니다.", code="no_pay_request")
        _refuse_other(batch, agreement, part)
        instalments.pay(part, by=batch.by, now=batch.now)

    return _each(batch, approve)


def conclude(batch: Batch) -> Refusals:
    """Sign each agreement for the ministry under the text that stood when the count was confirmed."""
    words = batch.act.options

    def sign(agreement: Agreement) -> None:
        text = batch.facts.get(str(agreement.application_id), "")
        contracts.conclude(
            agreement,
            name=words["name"],
            agreed=words["agreed"],
            sha256=text,
            by=batch.by,
            now=batch.now,
        )

    return _each(batch, sign)


def check_signature(options: Mapping[str, Any], by: User, now: datetime) -> None:
    """Refuse a signature that counts on no text, as the single act does."""
    contracts.check_signature(options["name"], agreed=options["agreed"], by=by)


def close(batch: Batch) -> Refusals:
    """Close each agreement whose ledger and settlement agree."""
    programs = {row.sub_program_id for row in batch.rows.values()}
    for program in SubProgram.objects.filter(pk__in=programs).order_by("pk"):
        reserve.lock_program(program)  # before the agreements, as a single close does
    return _each(batch, lambda agreement: statements.close(agreement, by=batch.by, now=batch.now))


def texts_of(applications: Sequence[int]) -> dict[str, Any]:
    """Return the SHA-256 of the latest text of each agreement, by application."""
    rows = AgreementVersion.objects.filter(agreement__application__in=applications)
    latest = rows.order_by("agreement", "number")
    return {
        str(application): sha256
        for application, sha256 in latest.values_list("agreement__application_id", "sha256")
    }


def payable_of(applications: Sequence[int]) -> dict[str, Any]:
    """Return the instalment of each agreement that can be requested, by application."""
    return _facts_of(payable_parts(), applications)


def requested_of(applications: Sequence[int]) -> dict[str, Any]:
    """Return the requested instalment of each agreement, by application."""
    return _facts_of(requested_parts(), applications)


def _facts_of(parts: QuerySet[Instalment], applications: Sequence[int]) -> dict[str, Any]:
    rows = parts.filter(agreement__application__in=applications).select_related("agreement")
    return {str(part.agreement.application_id): _fact(part) for part in rows}


def _fact(part: Instalment) -> dict[str, Any]:
    asked = part.requested_at.isoformat() if part.requested_at else ""
    return {
        "part": part.pk,
        "label": part.label,
        "won": part.amount_won,
        "by": part.requested_by_id,
        "at": asked,
    }


def _refuse_other(batch: Batch, agreement: Agreement, part: Instalment) -> None:
    if batch.facts.get(str(agreement.application_id)) != _fact(part):
        raise MoveNotAllowed(
            "확인하신 뒤에 지급할 차수나 지급 요청이 바뀌어 처리하지 않았습니다.",
            code="request_changed",
        )


def _each(batch: Batch, act: Callable[[Agreement], None]) -> Refusals:
    locked = (
        Agreement.objects.select_for_update(of=("self",))
        .select_related("application__sub_program", "company")
        .filter(application__in=batch.rows)
        .order_by("pk")
    )
    there = {row.application_id: row for row in locked}
    refusals: Refusals = {pk: NO_AGREEMENT for pk in batch.rows if pk not in there}
    # Two acts at once take the pots in the same order.
    for agreement in sorted(
        there.values(), key=lambda row: (row.application.sub_program.pot_id, row.pk)
    ):
        try:
            with transaction.atomic():
                act(agreement)
        except PortalError as error:
            refusals[agreement.application_id] = refusal(error)
    return refusals
