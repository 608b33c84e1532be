"""Rules of agreements: deadlines, split of a grant, pending steps, limits of amendments."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from portal.core import ranges
from portal.core.dates import due_text
from portal.core.errors import BadInput, Finding
from portal.core.money import floor_to, share_of, won
from programs.rules import deadlines

FIRM, OFFICER, MANAGER = "firm", "officer", "manager"
LAST_PART = "settlement"
# Every step: its label and who has to act.
STEPS: Mapping[str, tuple[str, str]] = {
    "decide_end": ("중도 종료 승인", MANAGER),
    "papers": ("협약 서류 제출", FIRM),
    "check_papers": ("협약 서류 확인", OFFICER),
    "sign": ("협약서 서명", FIRM),
    "conclude": ("협약 체결(부처 서명)", MANAGER),
    "examine_change": ("협약변경 검토", OFFICER),
    "decide_change": ("협약변경 승인", MANAGER),
    "sign_change": ("변경협약서 서명", FIRM),
    "amend": ("변경협약 체결(부처 서명)", MANAGER),
    "request_pay": ("지급 요청", OFFICER),
    "pay": ("지급 승인", MANAGER),
    "progress": ("중간보고서 제출", FIRM),
    "mid_check": ("중간점검", OFFICER),
    "final": ("최종보고서 제출", FIRM),
    "refile": ("최종보고서 보완", FIRM),
    "final_check": ("최종점검", OFFICER),
    "spending": ("사용내역 제출", FIRM),
    "check_spending": ("사용내역 확인", OFFICER),
    "settle": ("정산안 작성", OFFICER),
    "approve": ("정산 승인", MANAGER),
    "request_balance": ("잔금 지급 요청", OFFICER),
    "pay_balance": ("잔금 지급 승인", MANAGER),
    "recover": ("환수금 납부", FIRM),
    "close": ("종료 처리", MANAGER),
}


def due(
    terms: Mapping[str, Any], figure: str, start: datetime | date, holidays: Container[date]
) -> datetime:
    """Return when a period of the agreed terms (`papers_days`, `sign_months`, ...) is over.

    Raises BadInput (`due_policy`) when the terms do not name its policy.
    """
    length, policy = terms["figures"][figure], policy_for(terms, figure)
    if figure.endswith("_months"):
        return deadlines.due_after_months(start, length, policy, holidays)
    return deadlines.due_after(start, length, policy, holidays)


def policy_for(terms: Mapping[str, Any], figure: str) -> deadlines.Policy:
    """Return when the last day of a period of the agreed terms ends."""
    return deadlines.policy_of(terms["due_policies"], figure)


@dataclass(frozen=True)
class Part:
    """One planned instalment."""

    label: str
    after: str
    percent: int
    won: int


def split(plan: Sequence[Mapping[str, Any]], grant_won: int, *, unit: int = 1) -> list[Part]:
    """Split a grant by the percentages of a plan, rounded down; the last part takes the rest.

    The parts sum to the grant to the won; a part of nothing is left out. A plan without rows has
    no parts. Raises BadInput (`plan`) when the percentages are not 100 together.
    """
    if not plan:
        return []
    if sum(row["percent"] for row in plan) != 100:
        raise BadInput("지급 비율의 합은 100이어야 합니다.", code="plan")
    amounts = [floor_to(share_of(grant_won, row["percent"]), unit) for row in plan[:-1]]
    amounts.append(grant_won - sum(amounts))
    return [
        Part(row["label"], row["after"], row["percent"], amount)
        for row, amount in zip(plan, amounts, strict=True)
        if amount > 0
    ]


def resplit(parts: Sequence[int], left_won: int, *, unit: int = 1) -> list[int]:
    """Split the rest of an amended grant over the unpaid parts, in their old proportion.

    Sums to `left_won` to the won. Raises BadInput (`parts`) when no part is left.
    """
    if not parts:
        if left_won:
            raise BadInput("남은 지급 차수가 없어 금액을 나눌 수 없습니다.", code="parts")
        return []
    whole = sum(parts)
    amounts = [floor_to(left_won * part // whole, unit) if whole else 0 for part in parts[:-1]]
    return [*amounts, left_won - sum(amounts)]


@dataclass(frozen=True)
class AgreementStatus:
    """The facts that decide which steps are pending; `flags` names those that hold now."""

    state: str
    spends: bool = False  # the money kind has spending to settle
    flags: frozenset[str] = field(default_factory=frozenset)


def pending_steps(status: AgreementStatus) -> list[str]:
    """Return the steps that somebody has to take now, in the order of `STEPS`."""
    steps = set(_by_state(status))
    if "ending" in status.flags:
        steps.add("decide_end")
    return [step for step in STEPS if step in steps]


def _by_state(status: AgreementStatus) -> Iterable[str]:
    has = status.flags.__contains__
    match status.state:
        case "preparing":
            yield from _preparing(status)
        case "active":
            yield from _active(status)
        case "settling":
            yield from _settling(status)
        case "settled":
            if has("balance_planned"):
                yield "request_balance"
            elif has("balance_requested"):
                yield "pay_balance"
            elif has("recovery_due"):
                yield "recover"
            else:
                yield "close"


def _preparing(status: AgreementStatus) -> Iterable[str]:
    has = status.flags.__contains__
    if has("lost"):  # nothing to prepare while the selection is taken back
        return
    if has("papers_missing"):
        yield "papers"
    if has("papers_pending"):
        yield "check_papers"
    if not has("signed_firm"):
        yield "sign"
    elif not has("papers_missing") and not has("papers_pending"):
        yield "conclude"


def _active(status: AgreementStatus) -> Iterable[str]:
    has = status.flags.__contains__
    for flag in ("examine_change", "decide_change", "sign_change", "amend", "request_pay", "pay"):
        if has(flag):
            yield flag
    if has("progress_due"):
        yield "progress"
    elif has("mid_check_due"):
        yield "mid_check"
    else:
        yield "final"


def _settling(status: AgreementStatus) -> Iterable[str]:
    has = status.flags.__contains__
    if has("proposed"):
        yield "approve"
        return
    blocked = False
    if has("held"):
        yield "refile"
        blocked = True
    elif has("final_check_due"):
        yield "final_check"
        blocked = True
    if status.spends and not has("spending_filed"):
        yield "spending"
        blocked = True
    elif has("spending_claimed"):
        yield "check_spending"
        blocked = True
    if not blocked:
        yield "settle"


@dataclass(frozen=True)
class AmendmentTerms:
    """A proposed amendment with the limits it must keep (won, aware instants)."""

    kind: str
    requested_at: datetime
    due_at: datetime
    grant_won: int = 0
    award_won: int = 0
    paid_won: int = 0
    own_won: int = 0
    ends_on: date | None = None
    starts_on: date | None = None
    items: Mapping[str, int] = field(default_factory=dict)
    share_percent: int | None = None
    today: date | None = None
    recorded_on: date | None = None  # the last day of work or spending on record


def refuse_amendment(change: AmendmentTerms) -> list[Finding]:
    """Return every limit that an amendment breaks."""
    findings = []
    if change.requested_at >= change.due_at:
        text = f"협약변경은 {due_text(change.due_at)}까지 신청할 수 있습니다."
        findings.append(Finding("change_late", text))
    if change.kind == "sums":
        findings += _sums(change)
    if change.kind == "period":
        findings += _period(change)
    return findings


def _period(change: AmendmentTerms) -> Iterable[Finding]:
    ends, starts = change.ends_on, change.starts_on
    if ends is None or starts is None or ends <= starts:
        yield Finding("period", "수행 종료일은 시작일보다 뒤여야 합니다.")
        return
    if change.recorded_on is not None and ends < change.recorded_on:
        day = change.recorded_on
        yield Finding(
            "period",
            f"이미 {day.year}년 {day.month}월 {day.day}일까지 수행하거나 쓴 기록이 있어 그보다 앞선 날로"
            " 바꿀 수 없습니다.",
        )
    if change.today is not None:
        yield from ranges.finding("work_end", ends, today=change.today, code="period")


def _sums(change: AmendmentTerms) -> Iterable[Finding]:
    if change.grant_won > change.award_won:
        yield Finding(
            "above_award",
            f"지원금은 선정된 {won(change.award_won)}보다 많게 바꿀 수 없습니다.",
        )
    if change.grant_won < change.paid_won or not change.grant_won:
        yield Finding(
            "below_paid", f"지원금은 이미 지급한 {won(change.paid_won)} 이상이어야 합니다."
        )
    total = sum(change.items.values())
    if total != change.grant_won + change.own_won:
        yield Finding(
            "sums_differ",
            f"비목의 합 {won(total)}이 지원금과 기업부담금의 합"
            f" {won(change.grant_won + change.own_won)}과 다릅니다.",
        )
    if change.share_percent is not None and change.grant_won > share_of(
        total, change.share_percent
    ):
        yield Finding(
            "above_share",
            f"지원금은 총사업비의 {change.share_percent}%인"
            f" {won(share_of(total, change.share_percent))} 이하여야 합니다.",
        )
