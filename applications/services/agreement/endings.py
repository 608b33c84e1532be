"""End an agreement early: requested with a reason, approved by another person, money settled."""

from datetime import datetime

from django.db import IntegrityError, transaction

from applications.models import Agreement, Application, Ending
from applications.queries.agreement import is_lost
from applications.queries.selection import decisions
from applications.rules.settlement import IN_KIND
from applications.services import objection
from applications.services.agreement import contracts, instalments, pending_steps
from applications.services.delivery import deliverables
from applications.services.selection import changes, reserve
from applications.services.settlement import spending, statements
from applications.states import (
    AgreementMoves,
    AmendmentState,
    ApplicationMoves,
    EndingState,
    MemberRole,
    Outcome,
)
from applications.states import AgreementState as A
from applications.states import EndingKind as K
from portal.access import impartiality
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from portal.records.workflow import move, set_state
from programs.roles import MANAGER, OFFICER
from programs.services import ledger

REASON_LENGTH = 500
# The kinds that may be requested in each state of the agreement.
POSSIBLE = {
    A.PREPARING: (K.DECLINE, K.LAPSE, K.CANCEL),
    A.ACTIVE: (K.DECLINE, K.TERMINATE, K.CANCEL),
    A.SETTLING: (K.CANCEL,),
}


def request(agreement: Agreement, *, kind: str, reason: str, by: User, now: datetime) -> Ending:
    """Request an early end: the firm's owner declines, staff request the other kinds.

    A lapse needs the deadline of the conclusion to be over. Raises BadInput (`reason`),
    MoveNotAllowed (`kind`, `not_owner`, `role`, `not_late`, `ending_open`).
    """
    if kind not in POSSIBLE.get(A(agreement.state), ()):
        raise MoveNotAllowed("지금 상태에서는 이렇게 끝낼 수 없습니다.", code="kind")
    if not reason.strip() or len(reason) > REASON_LENGTH:
        raise BadInput(f"사유를 {REASON_LENGTH}자 안에서 적어 주세요.", code="reason")
    if is_lost(agreement):
        raise MoveNotAllowed("선정 결정이 바뀌어 이미 끝나는 협약입니다.", code="no_award")
    if kind == K.DECLINE:
        if not agreement.company.members.filter(user=by, role=MemberRole.OWNER).exists():
            raise MoveNotAllowed("주관기업의 대표 담당자만 포기할 수 있습니다.", code="not_owner")
    else:
        impartiality.require(
            by, [OFFICER, MANAGER], about=agreement, message="중도 종료를 요청할 권한이 없습니다."
        )
    if kind == K.LAPSE and agreement.sign_due_at > now:
        raise MoveNotAllowed("협약 체결 기한이 아직 지나지 않았습니다.", code="not_late")
    try:
        with transaction.atomic():
            locked = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
            if locked.state != agreement.state:
                raise MoveNotAllowed("그사이 협약의 상태가 바뀌었습니다.")
            made = Ending.objects.create(
                agreement=agreement, kind=kind, reason=reason.strip(), asked_by=by, asked_at=now
            )
            pending_steps.sync(locked, now=now)
    except IntegrityError as there:
        raise MoveNotAllowed(
            "처리하지 않은 중도 종료 요청이 있습니다.", code="ending_open"
        ) from there
    return made


def refuse(ending: Ending, *, note: str, by: User, now: datetime) -> None:
    """Refuse the request; the agreement goes on. Raises BadInput (`reason`), MoveNotAllowed."""
    if not note.strip():
        raise BadInput("승인하지 않는 사유를 적어 주세요.", code="reason")
    with transaction.atomic():
        agreement = Agreement.objects.select_for_update(of=("self",)).get(pk=ending.agreement_id)
        _decide(ending, EndingState.REFUSED, note, by, now)
        _notify(ending, agreement, f"{ending} 요청이 승인되지 않았습니다", note, now)
        pending_steps.sync(agreement, now=now)


def approve(ending: Ending, *, note: str, by: User, now: datetime) -> Agreement:
    """Approve as another person than the one who requested it.

    Before the conclusion the reservation is released and the reserve list moves up. Afterwards
    open deliverables end, of which the part that was done counts as used, and nothing more is
    paid: without payment or use the commitment returns to the pot, a cancelled selection recovers
    everything, and otherwise the spending is settled. Raises MoveNotAllowed
    (`kind`, `same_person`, `role`, `ending_decided`).
    """
    with transaction.atomic():
        agreement = (
            Agreement.objects.select_for_update(of=("self",))
            .select_related("application__sub_program", "company")
            .get(pk=ending.agreement_id)
        )
        reserve.lock_program(agreement.application.sub_program)
        if ending.kind not in POSSIBLE.get(A(agreement.state), ()):
            raise MoveNotAllowed("지금 상태에서는 이렇게 끝낼 수 없습니다.", code="kind")
        _decide(ending, EndingState.APPROVED, note, by, now)
        reason = f"{ending}: {ending.reason}"
        _close_amendments(agreement, now)
        deliverables.stop_open(agreement, by=by, now=now)
        if agreement.state == A.PREPARING:
            _drop(agreement, ending, reason, by, now)
        elif agreement.state == A.ACTIVE and _nothing_given(agreement):
            _break_off(agreement, reason, by, now)
        elif ending.kind == K.CANCEL and agreement.kind != IN_KIND:
            statements.void(agreement, reason=reason, asked_by=ending.asked_by, by=by, now=now)
        else:
            _wind_up(agreement, reason, by, now)
        _notify(ending, agreement, f"{ending}: 승인되었습니다", ending.reason, now)
        pending_steps.sync(agreement, now=now)
    return agreement


def _close_amendments(agreement: Agreement, now: datetime) -> None:
    open_ones = agreement.amendments.filter(
        state__in=[AmendmentState.ASKED, AmendmentState.EXAMINED]
    )
    note = "협약이 중도 종료되어 처리하지 않았습니다."
    set_state(open_ones, AmendmentState.REFUSED, note=note, decided_at=now)


def _nothing_given(agreement: Agreement) -> bool:
    return not contracts.holdings_of(agreement).paid and not spending.used_won(agreement)


def _drop(agreement: Agreement, ending: Ending, reason: str, by: User, now: datetime) -> None:
    application = agreement.application
    objection.lapse(application, reason=reason, now=now)
    found = decisions.award_of(application)
    move(agreement, AgreementMoves.DROP, by=by, now=now, note=reason, changes={"closed_at": now})
    if found is not None and found.outcome == Outcome.SELECTED:
        changes.lapse(application, reason=reason[:300], proposed_by=ending.asked_by, by=by, now=now)
    move(
        Application.objects.get(pk=application.pk),
        ApplicationMoves.END,
        by=by,
        now=now,
        note=reason,
    )


def _break_off(agreement: Agreement, reason: str, by: User, now: datetime) -> None:
    move(
        agreement, AgreementMoves.BREAK_OFF, by=by, now=now, note=reason, changes={"closed_at": now}
    )
    objection.lapse(agreement.application, reason=reason, now=now)
    instalments.cancel_rest(agreement)
    if committed := contracts.holdings_of(agreement).committed:
        ledger.decommit(
            contracts.pot_of(agreement),
            ledger.Booking(
                amount=committed,
                reference=f"decommit:agreement:{agreement.pk}",
                subject=agreement.subject,
                note=f"협약 {agreement.number} 중도 종료",
            ),
            by=by,
            now=now,
        )
    move(
        Application.objects.get(pk=agreement.application_id),
        ApplicationMoves.END,
        by=by,
        now=now,
        note=reason,
    )
    reserve.fill(agreement.application.sub_program, by=None, now=now)


def _wind_up(agreement: Agreement, reason: str, by: User, now: datetime) -> None:
    if agreement.state == A.SETTLING:
        raise MoveNotAllowed("이미 정산하고 있습니다.", code="settling")
    move(
        agreement, AgreementMoves.WIND_UP, by=by, now=now, note=reason, changes={"finished_at": now}
    )
    instalments.withdraw_requests(agreement)


def _decide(ending: Ending, target: EndingState, note: str, by: User, now: datetime) -> None:
    impartiality.require(by, [MANAGER], about=ending, message="결정권자만 처리할 수 있습니다.")
    if ending.asked_by_id == by.pk:
        raise MoveNotAllowed(
            "요청한 사람은 결정할 수 없습니다. 다른 결정권자가 해야 합니다.", code="same_person"
        )
    asked = Ending.objects.filter(pk=ending.pk, state=EndingState.ASKED)
    if not set_state(asked, target, note=note.strip(), decided_by=by, decided_at=now):
        raise MoveNotAllowed("이미 처리한 요청입니다.", code="ending_decided")
    ending.refresh_from_db()


def _notify(ending: Ending, agreement: Agreement, title: str, line: str, now: datetime) -> None:
    key = f"ending:{ending.pk}:{ending.state}"
    pending_steps.notify(agreement, key=key, title=title, lines=[line.strip()], now=now)
