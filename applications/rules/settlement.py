"""Rules of the settlement: eligible spending, the grant it justifies, what is paid or recovered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.core.errors import BadInput
from portal.core.money import checked_won, floor_to, share_of, won

SHARE, FLAT, IN_KIND, REQUESTED = "share", "flat", "in_kind", "requested"
WHOLE = 100


@dataclass(frozen=True)
class Spend:
    """The accepted won of one line of spending."""

    item: str
    won: int


@dataclass(frozen=True)
class Terms:
    """The agreed grant, the planned costs by item, and the limits.

    `share_percent` and `cap_won` are None where none is stated. An item may be overrun by
    `overrun_percent` of its plan without a change of the agreement. The items of `labour` are
    accepted up to `labour_percent` of the firm's own planned share, all together.
    """

    kind: str
    grant_won: int
    items: Mapping[str, int]
    own_won: int = 0
    share_percent: int | None = None
    cap_won: int | None = None
    rounding_won: int = 1
    overrun_percent: int = 0
    labour: frozenset[str] = frozenset()
    labour_percent: int = WHOLE

    def __post_init__(self) -> None:
        checked_won(self.grant_won, label="협약 지원금")
        if self.kind not in (SHARE, FLAT, IN_KIND, REQUESTED):
            raise BadInput(f"알 수 없는 지원 방식입니다: {self.kind}", code="terms")


@dataclass(frozen=True)
class Line:
    """One cost item in won: planned, claimed, eligible, and the reason of a cut."""

    item: str
    planned_won: int
    claimed_won: int
    eligible_won: int
    reason: str = ""


@dataclass(frozen=True)
class Calculation:
    """Lines by item, eligible won, and the grant that they justify (won)."""

    lines: tuple[Line, ...]
    eligible_won: int
    settled_won: int
    reasons: tuple[tuple[str, int | None, str], ...]


@dataclass(frozen=True)
class Outcome:
    """What is paid, recovered and released (won); never paid and recovered at once."""

    settled_won: int
    paid_won: int
    balance_won: int
    recover_won: int
    release_won: int


def eligible(terms: Terms, spends: Iterable[Spend]) -> tuple[Line, ...]:
    """Return the eligible spending by item: within its plan, and labour within its limit.

    Raises BadInput (`item`) for an item that the agreement does not have.
    """
    claimed = dict.fromkeys(terms.items, 0)
    for spend in spends:
        if spend.item not in claimed:
            raise BadInput(f"협약에 없는 비목입니다: {spend.item}", code="item")
        claimed[spend.item] += checked_won(spend.won, label="인정액")
    labour_left = share_of(terms.own_won, terms.labour_percent)
    lines = []
    for item, planned in terms.items.items():
        limit = share_of(planned, WHOLE) + share_of(planned, terms.overrun_percent)
        counted, reason = claimed[item], ""
        if counted > limit:
            counted, reason = limit, f"협약 사업비에서 인정할 수 있는 한도는 {won(limit)}입니다."
        if item in terms.labour:
            if counted > labour_left:
                counted = labour_left
                reason = (
                    f"인건비는 기업부담금의 {terms.labour_percent}%인"
                    f" {won(share_of(terms.own_won, terms.labour_percent))}까지 인정합니다."
                )
            labour_left -= counted
        lines.append(Line(item, planned, claimed[item], counted, reason))
    return tuple(lines)


def calculate(
    terms: Terms, spends: Iterable[Spend] = (), *, used_won: int = 0, outcome_percent: int = WHOLE
) -> Calculation:
    """Calculate the settlement of an agreement.

    `share` and `requested`: the least of the grant, the share of the eligible spend, the spend
    itself and the cap, rounded down. `flat`: the agreed sum. `in_kind`: what was used of the
    planned value. Of that, `outcome_percent` for how the work came out.
    """
    if not 0 <= outcome_percent <= WHOLE:
        raise BadInput("점검 결과의 인정 비율이 올바르지 않습니다.", code="percent")
    if terms.kind == FLAT:
        rows: list[tuple[str, int | None, str]] = [
            ("정액 지원", terms.grant_won, "비용과 관계없이 정해진 금액입니다.")
        ]
        return _limited((), 0, terms.grant_won, rows, outcome_percent)
    if terms.kind == IN_KIND:
        used = min(checked_won(used_won, label="현물 사용액"), terms.grant_won)
        rows = [
            ("계획 가액", terms.grant_won, "협약한 현물 지원의 가액입니다."),
            ("사용한 가액", used, "실제로 받은 서비스의 가액이며 계획 가액을 넘지 않습니다."),
        ]
        return _limited((), used, used, rows, WHOLE)
    lines = eligible(terms, spends)
    total = sum(line.eligible_won for line in lines)
    rows = [("인정 사업비", total, "비목마다 인정한 금액의 합입니다.")]
    limits = [terms.grant_won, total]
    rows.append(("협약 지원금", terms.grant_won, "협약한 금액보다 많이 지원하지 않습니다."))
    if terms.share_percent is not None:
        limits.append(share_of(total, terms.share_percent))
        rows.append(("지원비율 적용", limits[-1], f"인정 사업비의 {terms.share_percent}%입니다."))
    if terms.cap_won is not None:
        limits.append(terms.cap_won)
        rows.append(("지원 한도", terms.cap_won, "지원유형의 한도입니다."))
    rounded = floor_to(min(limits), terms.rounding_won)
    if terms.rounding_won > 1:
        rows.append(("끝수 절사", rounded, f"{won(terms.rounding_won)} 미만을 버립니다."))
    return _limited(lines, total, rounded, rows, outcome_percent)


def _limited(
    lines: tuple[Line, ...],
    total: int,
    amount: int,
    rows: list[tuple[str, int | None, str]],
    percent: int,
) -> Calculation:
    settled = share_of(amount, percent)
    if percent < WHOLE:
        rows.append(("점검 결과 적용", settled, f"점검 결과에 따라 {percent}%를 인정합니다."))
    rows.append(("확정 지원금", settled, "이 금액으로 정산합니다."))
    return Calculation(lines, total, settled, tuple(rows))


def outcome(
    *, settled_won: int, paid_won: int, committed_won: int, may_pay: bool = True
) -> Outcome:
    """Return what is still paid, what is recovered and what returns to the pot.

    Afterwards committed is zero and paid − recovered is settled. Where nothing more may be paid
    (the award ended early), what was settled is at most what was paid. Raises BadInput
    (`settled`) when the money committed would not reach.
    """
    settled = settled_won if may_pay else min(settled_won, paid_won)
    balance = max(settled - paid_won, 0)
    if balance > committed_won:
        raise BadInput("확정 지원금이 협약한 금액을 넘습니다.", code="settled")
    return Outcome(
        settled_won=settled,
        paid_won=paid_won,
        balance_won=balance,
        recover_won=max(paid_won - settled, 0),
        release_won=committed_won - balance,
    )
