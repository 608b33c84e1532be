"""Agreements of many applications: each by the service of the single act, in order of their pots.

Money, signatures and closings are booked one by one in the ledger, whose triggers decide about each; a
chunk is short, so that others who need the pot wait for less than a second or two.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from applications.models import Agreement, AgreementVersion
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
    """Request the next instalment of each agreement whose condition is met."""

    def request(agreement: Agreement) -> None:
        part = instalments.next_payable(agreement)
        if part is None:
            raise MoveNotAllowed("지급할 수 있는 차수가 없습니다.", code="not_payable")
        instalments.request(part, by=batch.by, now=batch.now)

    return _each(batch, request)


def pay(batch: Batch) -> Refusals:
    """Pay the instalment of each agreement that another person has requested."""

    def approve(agreement: Agreement) -> None:
        part = instalments.requested(agreement)
        if part is None:
            raise MoveNotAllowed("지급 요청이 없습니다.", code="no_pay_request")
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
