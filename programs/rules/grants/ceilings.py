"""What one firm may get: the same function computes the preview and the grant."""

from dataclasses import dataclass

from portal.core.errors import BadInput
from portal.core.money import checked_won, floor_to, share_of, won

SHARE = "share"
FLAT = "flat"
IN_KIND = "in_kind"
REQUESTED = "requested"
KINDS = (SHARE, FLAT, IN_KIND, REQUESTED)


@dataclass(frozen=True)
class Terms:
    """The money terms of a track, in won and whole percent; None means "not stated", never 0.

    `share`: a percentage of the total project cost up to a cap (S12: 50 %, 3억).
    `flat`: one fixed sum (S21: 800,000원). `in_kind`: delivered as a service, `planning_won` is
    the planned value of that service. `requested`: what the firm asks for, within any cap and
    share. Raises BadInput (`terms`) on terms that contradict themselves.
    """

    kind: str
    cap_won: int | None = None
    share_percent: int | None = None
    flat_won: int | None = None
    planning_won: int | None = None
    rounding_won: int = 1_000

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise BadInput(f"알 수 없는 지원 방식입니다: {self.kind}", code="terms")
        for name in ("cap_won", "flat_won", "planning_won", "rounding_won"):
            amount = getattr(self, name)
            if amount is not None:
                checked_won(amount, label=name)
        if self.share_percent is not None and not 0 <= self.share_percent <= 100:
            raise BadInput("지원 비율은 0에서 100 사이여야 합니다.", code="terms")
        if self.kind == SHARE and self.share_percent is None:
            raise BadInput("비율 지원에는 지원 비율이 필요합니다.", code="terms")
        if self.kind == FLAT and self.flat_won is None:
            raise BadInput("정액 지원에는 금액이 필요합니다.", code="terms")
        if self.rounding_won < 1:
            raise BadInput("절사 단위는 1원 이상이어야 합니다.", code="terms")


@dataclass(frozen=True)
class Row:
    """One line of the computation; `won` is None when the figure is not known."""

    label: str
    won: int | None
    reason: str


@dataclass(frozen=True)
class Grant:
    """What the state pays and what the firm pays, with the lines of the computation."""

    support_won: int | None
    own_won: int | None
    rows: tuple[Row, ...]


def preview(terms: Terms, *, total_cost_won: int | None, requested_won: int | None = None) -> Grant:
    """Compute the grant for a total project cost, in won.

    For `share` and `requested`, support + own is exactly the total whenever both are known, and
    support never exceeds the cap, the share or the total. A `flat` sum is paid whatever the cost
    was: own is what the cost exceeds it by. For `in_kind` the own share is left unknown because
    the firm's part was not published (A15). Raises BadInput (`amount`) for a negative or absurd
    number.
    """
    if total_cost_won is not None:
        checked_won(total_cost_won, label="총사업비")
    if requested_won is not None:
        checked_won(requested_won, label="신청금액")
    if terms.kind == FLAT:
        return _flat(terms, total_cost_won)
    if terms.kind == IN_KIND:
        return _in_kind(terms)
    return _up_to(terms, total_cost_won, requested_won)


def _flat(terms: Terms, total: int | None) -> Grant:
    support = terms.flat_won or 0
    own = None if total is None else max(total - support, 0)
    rows = [Row("정액 지원", support, "비용과 관계없이 정해진 금액을 지원합니다.")]
    if total is not None:
        rows.insert(0, Row("총사업비", total, "입력한 금액입니다."))
    return Grant(support, own, (*rows, *_result(support, own)))


def _in_kind(terms: Terms) -> Grant:
    reason = "현금이 아니라 전문가 서비스로 지원하며, 금액은 그 서비스의 계획 가액입니다."
    if terms.planning_won is None:
        reason = "현금이 아니라 전문가 서비스로 지원하며, 계획 가액은 정해지지 않았습니다."
    own = Row("기업부담금", None, "공고에 기업부담 비율이 정해지지 않았습니다.")
    return Grant(terms.planning_won, None, (Row("현물 지원", terms.planning_won, reason), own))


def _up_to(terms: Terms, total: int | None, requested: int | None) -> Grant:
    rows = [Row("총사업비", total, "입력한 금액입니다." if total is not None else _ASK_TOTAL)]
    limits: list[int] = []
    if terms.share_percent is None:
        rows.append(Row("지원비율 적용", None, "공고에 지원 비율이 정해지지 않았습니다."))
    elif total is not None:
        limits.append(share_of(total, terms.share_percent))
        rows.append(
            Row("지원비율 적용", limits[-1], f"총사업비의 {terms.share_percent}% 이내입니다.")
        )
    if terms.kind == REQUESTED or requested is not None:
        rows.append(
            Row("신청금액", requested, "입력한 금액입니다." if requested is not None else _ASK_SUM)
        )
    if requested is not None:
        limits.append(requested)
    if total is not None:
        limits.append(total)

    known = requested is not None if terms.kind == REQUESTED else total is not None
    if terms.share_percent is not None and total is None:
        known = False
    if not known:
        rows.append(_cap_row(terms, None))
        return Grant(None, None, (*rows, *_result(None, None)))

    rounded = floor_to(min(limits), terms.rounding_won)
    if terms.rounding_won > 1:
        rows.append(Row(f"{_unit(terms.rounding_won)} 미만 절사", rounded, "끝수를 버립니다."))
    support = rounded if terms.cap_won is None else min(rounded, terms.cap_won)
    rows.append(_cap_row(terms, support))
    own = None if total is None else total - support
    return Grant(support, own, (*rows, *_result(support, own)))


_ASK_TOTAL = "총사업비를 입력하면 계산할 수 있습니다."
_ASK_SUM = "신청금액을 입력하면 계산할 수 있습니다."


def _cap_row(terms: Terms, support: int | None) -> Row:
    if terms.cap_won is None:
        return Row("한도 적용", support, "공고에 지원 한도가 정해지지 않았습니다.")
    return Row("한도 적용", support, f"지원 한도는 {won(terms.cap_won)}입니다.")


def _unit(amount: int) -> str:
    return {10: "십원", 100: "백원", 1_000: "천원", 10_000: "만원", 1_000_000: "백만원"}.get(
        amount, won(amount)
    )


def _result(support: int | None, own: int | None) -> tuple[Row, Row]:
    return (
        Row("정부지원금", support, "심사와 예산에 따라 확정됩니다."),
        Row("기업부담금", own, "총사업비에서 정부지원금을 뺀 금액입니다."),
    )
