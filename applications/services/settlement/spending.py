"""Spending: lines with evidence, submitted by the firm, judged by staff; use of in-kind support."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.core.files.base import File
from django.db import transaction
from django.db.models import Sum

from applications.models import (
    Agreement,
    InKindUse,
    Spending,
)
from applications.rules import settlement as rules
from applications.services.agreement import pending_steps
from applications.states import (
    AgreementMoves,
    AgreementState,
    SettlementState,
    SpendingState,
)
from portal.access import impartiality
from portal.core import ranges
from portal.core.dates import korean_day
from portal.core.errors import BadInput, MoveNotAllowed, StaleVersion
from portal.core.money import checked_won, won
from portal.models import User
from portal.records.workflow import move, set_state
from portal.uploads import files
from programs.roles import MANAGER, OFFICER

FORMATS = ("pdf", "jpg", "png", "xlsx", "zip")


def add(
    agreement: Agreement,
    *,
    item: str,
    spent_on: date,
    payee: str,
    purpose: str,
    amount_won: int,
    upload: "File[bytes]",
    by: User,
    now: datetime,
) -> Spending:
    """Add one line of spending with its evidence.

    Raises BadInput (`item`, `spent_on`, `amount`, `file_…`), MoveNotAllowed (`spending_closed`).
    """
    if item not in planned_items(agreement):
        raise BadInput("협약한 비목 가운데 고르세요.", code="item")
    if not checked_won(amount_won, label="금액"):
        raise BadInput("금액은 1원 이상이어야 합니다.", code="amount")
    ranges.check("spent_won", amount_won, today=korean_day(now), code="amount")
    if not payee.strip() or not purpose.strip():
        raise BadInput("받은 곳과 사용 내용을 적어 주세요.", code="payee")
    _check_day(agreement, spent_on, now)
    found = files.inspect(upload, allowed=FORMATS)
    with transaction.atomic():
        _lock_open(agreement)
        there = agreement.spendings.filter(removed_at=None)
        if there.filter(sha256=found.sha256).exists():
            raise BadInput(
                "이미 올린 증빙입니다. 사용 한 건마다 증빙을 올리세요.", code="file_repeated"
            )
        return Spending.objects.create(
            agreement=agreement,
            item=item,
            spent_on=spent_on,
            payee=payee.strip(),
            purpose=purpose.strip(),
            amount_won=amount_won,
            name=found.name,
            file=files.store(upload, by=by),
            size=found.size,
            sha256=found.sha256,
            content_type=found.content_type,
            entered_by=by,
            entered_at=now,
        )


@transaction.atomic
def remove(spending: Spending, *, by: User, now: datetime) -> None:
    """Remove a line before the list is submitted. Raises MoveNotAllowed."""
    _lock_open(spending.agreement)
    Spending.objects.filter(pk=spending.pk, removed_at=None).update(removed_at=now)


def submit(agreement: Agreement, *, by: User, now: datetime) -> None:
    """Submit the list of spending; from then on it does not change. Raises MoveNotAllowed."""
    with transaction.atomic():
        count = agreement.spendings.filter(removed_at=None).count()
        note = f"사용내역 {count}건"
        move(
            agreement,
            AgreementMoves.HAND_OVER,
            by=by,
            now=now,
            owner=True,
            note=note,
            changes={"spending_at": now},
        )
        pending_steps.sync(agreement, now=now)


def reopen(agreement: Agreement, *, reason: str, by: User, now: datetime) -> None:
    """Return the list to the firm for completion. Raises MoveNotAllowed."""
    with transaction.atomic():
        move(
            agreement,
            AgreementMoves.REOPEN_SPENDING,
            by=by,
            now=now,
            note=reason,
            changes={"spending_at": None},
            where={"spending_at__isnull": False},
        )
        _refuse_proposed(agreement)
        pending_steps.notify(
            agreement,
            key=f"spending-reopened:{agreement.pk}:{now.timestamp()}",
            title="사용내역을 보완해 주세요",
            lines=[reason.strip()],
            now=now,
        )
        pending_steps.sync(agreement, now=now)


def judge(
    spending: Spending, *, allowed_won: int, reason: str, by: User, now: datetime
) -> Spending:
    """Accept a line in whole or in part, or refuse it; less than the whole needs a reason.

    Before, after and reason are in the move log. Raises BadInput (`amount`, `reason`),
    MoveNotAllowed, StaleVersion when somebody judged the line meanwhile.
    """
    agreement = spending.agreement
    if checked_won(allowed_won, label="인정액") > spending.amount_won:
        raise BadInput("인정액은 사용 금액보다 클 수 없습니다.", code="amount")
    if allowed_won < spending.amount_won and not reason.strip():
        raise BadInput("전액을 인정하지 않는 사유를 적어 주세요.", code="reason")
    impartiality.require(
        by, [OFFICER, MANAGER], about=agreement, message="사용내역을 확인할 권한이 없습니다."
    )
    state = SpendingState.ALLOWED if allowed_won else SpendingState.REFUSED
    with transaction.atomic():
        locked = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
        if locked.state != AgreementState.SETTLING or locked.spending_at is None:
            raise MoveNotAllowed("제출된 사용내역만 확인할 수 있습니다.", code="spending_open")
        _refuse_proposed(agreement)
        before = Spending.objects.select_related("checked_by").get(pk=spending.pk)
        _refuse_judged_since(spending, before)
        note = f"{before}: {_judgement(before)} → {state.label} {won(allowed_won)}"
        reason = reason.strip()
        move(
            locked,
            AgreementMoves.JUDGE_SPENDING,
            by=by,
            now=now,
            note=f"{note}. 사유: {reason}" if reason else note,
        )
        set_state(
            Spending.objects.filter(pk=spending.pk, removed_at=None),
            state,
            allowed_won=allowed_won,
            reason=reason,
            checked_by=by,
            checked_at=now,
        )
        pending_steps.sync(locked, now=now)
    spending.refresh_from_db()
    return spending


@transaction.atomic
def judge_all(judgements: Sequence[tuple[Spending, int, str]], *, by: User, now: datetime) -> None:
    """Judge several lines, each with its allowed won and reason, all of them or none.

    Raises BadInput with the line (`amount`, `reason`), MoveNotAllowed, StaleVersion.
    """
    for spending, allowed_won, reason in judgements:
        try:
            judge(spending, allowed_won=allowed_won, reason=reason, by=by, now=now)
        except BadInput as wrong:
            raise BadInput(f"{spending}: {wrong.message}", code=wrong.code) from wrong


def _judgement(spending: Spending) -> str:
    label = SpendingState(spending.state).label
    return label if spending.checked_at is None else f"{label} {won(spending.allowed_won)}"


def _refuse_judged_since(shown: Spending, now_there: Spending) -> None:
    """Raise StaleVersion when somebody judged the line after the caller read it."""
    if (shown.state, shown.checked_at) != (now_there.state, now_there.checked_at):
        raise StaleVersion(
            f"{now_there}: {now_there.checked_by}님이 먼저 확인했습니다"
            f"({_judgement(now_there)}). 내용을 확인한 뒤 다시 처리해 주세요."
        )


def record_use(
    agreement: Agreement,
    *,
    amount_won: int,
    label: str,
    reference: str,
    by: User | None,
    now: datetime,
) -> InKindUse:
    """Record the won used of an award in kind, once for each reference.

    Raises BadInput (`kind`, `above_plan`), MoveNotAllowed (`spending_closed`).
    """
    if agreement.kind != rules.IN_KIND:
        raise BadInput("현물로 지원하는 협약이 아닙니다.", code="kind")
    checked_won(amount_won, label="가액")
    with transaction.atomic():
        _lock_open(agreement)
        known = InKindUse.objects.filter(reference=reference).first()
        if known is not None:
            return known
        if used_won(agreement) + amount_won > agreement.grant_won:
            raise BadInput(
                f"사용한 가액은 계획 가액 {won(agreement.grant_won)}을 넘을 수 없습니다.",
                code="above_plan",
            )
        return InKindUse.objects.create(
            agreement=agreement,
            reference=reference,
            label=label,
            amount_won=amount_won,
            by=by,
            at=now,
        )


def planned_items(agreement: Agreement) -> Mapping[str, str]:
    """Return the label of each cost item of the agreement in force."""
    if not agreement.in_force:
        return {}
    text = agreement.versions.get(number=agreement.in_force).content["money"]
    return {row["code"]: row["label"] for row in text["items"]}


def used_won(agreement: Agreement) -> int:
    """Return the won used of an award in kind so far."""
    return agreement.uses.aggregate(sum=Sum("amount_won"))["sum"] or 0


def _check_day(agreement: Agreement, spent_on: date, now: datetime) -> None:
    starts, ends = agreement.starts_on, agreement.ends_on
    if starts is None or ends is None or not starts <= spent_on <= ends:
        raise BadInput("수행기간 안에 쓴 것만 넣을 수 있습니다.", code="spent_on")
    if spent_on > korean_day(now):
        raise BadInput("사용일은 오늘보다 뒤일 수 없습니다.", code="spent_on")


def _lock_open(agreement: Agreement) -> None:
    locked = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement.pk)
    open_states = (AgreementState.ACTIVE, AgreementState.SETTLING)
    if locked.state not in open_states or locked.spending_at is not None:
        raise MoveNotAllowed("지금은 사용내역을 고칠 수 없습니다.", code="spending_closed")
    _refuse_proposed(locked)


def _refuse_proposed(agreement: Agreement) -> None:
    if agreement.settlements.filter(state=SettlementState.PROPOSED).exists():
        raise MoveNotAllowed("승인을 기다리는 정산안이 있습니다.", code="proposed")
