"""Whole won: shares, rounding down, and how amounts are written. No floats."""

from portal.core.errors import BadInput

MAN = 10_000
EOK = 100_000_000
MAX_WON = 10**13
"""No single amount reaches 10조 원; more is a typing error (assumption)."""

_TENTH_OF_EOK = EOK // 10
_DECIMAL_EOK_FROM = EOK // 2


def checked_won(amount: object, *, label: str = "금액") -> int:
    """Return `amount` in won if it is an int from 0 to MAX_WON.

    Raises BadInput (`amount`) for anything else, bool and float included.
    """
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise BadInput(f"‘{label}’ 항목은 원 단위 정수로 입력하세요.", code="amount")
    if amount < 0:
        raise BadInput(f"‘{label}’ 항목은 0원 이상이어야 합니다.", code="amount")
    if amount > MAX_WON:
        raise BadInput(
            f"‘{label}’ 항목의 금액이 너무 큽니다. 원 단위인지 확인하세요.", code="amount"
        )
    return amount


def share_of(amount: int, percent: int) -> int:
    """Return `percent` (0-100) of `amount` won, rounded down to the won."""
    if amount < 0:
        raise BadInput("금액은 0원 이상이어야 합니다.", code="amount")
    if not 0 <= percent <= 100:
        raise BadInput("비율은 0에서 100 사이의 정수여야 합니다.", code="percent")
    return amount * percent // 100


def floor_to(amount: int, unit: int) -> int:
    """Return `amount` won rounded down to a multiple of `unit` won."""
    if amount < 0:
        raise BadInput("금액은 0원 이상이어야 합니다.", code="amount")
    if unit < 1:
        raise BadInput("절사 단위는 1원 이상이어야 합니다.", code="unit")
    return amount - amount % unit


def won(amount: int | None) -> str:
    """Return an exact amount: 70,000,000원; an unknown one is 미정, never 0."""
    return "미정" if amount is None else f"{amount:,}원"


def eok(amount: int | None) -> str:
    """Return an amount short but never rounded: 4,002억원, 0.7억원, 2,000만원, 1억 2,345만원.

    From 0.5억 whole tenths of 억 are written in 억, below that in 만; an amount that is not a whole
    만원 is written out in won.
    """
    if amount is None:
        return "미정"
    if amount < 0:
        return "-" + eok(-amount)
    if amount >= _DECIMAL_EOK_FROM and amount % _TENTH_OF_EOK == 0:
        whole, tenth = divmod(amount // _TENTH_OF_EOK, 10)
        return f"{whole:,}.{tenth}억원" if tenth else f"{whole:,}억원"
    if amount == 0 or amount % MAN:
        return won(amount)
    whole, rest = divmod(amount // MAN, MAN)
    return f"{whole:,}억 {rest:,}만원" if whole else f"{rest:,}만원"
