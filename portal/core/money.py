"""Whole won: how amounts are read and written, shares, rounding down. No floats."""

import re
from decimal import Decimal

from portal.core import text as texts
from portal.core.errors import BadInput
from portal.core.particles import particle

MAN = 10_000
EOK = 100_000_000
MAX_WON = 10**13
"""No single amount reaches 10조 원; more is a typing error (assumption)."""

_BIG = (("조", 10**12), ("억", EOK), ("만", MAN))
_SMALL = (("천", 1_000), ("백", 100), ("십", 10))
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?: [0-9]{3})+|[0-9]+)"
_PLAIN = re.compile(_DIGITS)
_POINTED = re.compile(rf"({_DIGITS})\.([0-9]+)")
_FRAME = re.compile(r"(?:(?:일금|금|krw|₩|\\) ?)?(.*?) ?(?:원정|원 정|원|krw)?", re.IGNORECASE)
_MINUS = re.compile(r"^(?:[-△▲▵▼]|\()")
_LONGEST = 60  # characters of an amount


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


def read(text: str, *, label: str = "금액") -> int:
    """Return the won of an amount as people write it.

    70,000,000원, 70 000 000, ７０，０００，０００, ₩1,000, 1억 2,000만원, 0.7억, 3천만원, 70,000천원. What could
    mean two amounts is refused with the reading: 1,00, 1.5, 1억 2000. Raises BadInput (`amount`).
    """
    shown = texts.fold(text)[:_LONGEST]
    plain = " ".join(texts.fold(text).replace("\u3001", ",").replace("'", ",").split())
    if _MINUS.match(plain):
        raise BadInput(f"‘{label}’ 항목은 0원 이상이어야 합니다.", code="amount")
    framed = _FRAME.fullmatch(plain)
    body = framed[1] if framed else ""
    has_won = body != plain and plain.endswith(("원", "정"))
    if not body or len(plain) > _LONGEST:
        raise _unread(shown)
    if _PLAIN.fullmatch(body):
        return checked_won(_number(body), label=label)
    if any(unit in body for unit, _ in (*_BIG, *_SMALL)):
        return checked_won(_in_words(body, has_won, shown), label=label)
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)+|" + _POINTED.pattern, body):
        raise BadInput(
            f"‘{shown}’{particle(shown, '은/는')} {body}원으로 읽히는데 원 아래는 적을 수 없습니다. 원 단위 숫자로 "
            f"적거나 단위를 붙여 주세요. 예: 1,500,000원, 1억 5,000만원",
            code="amount",
        )
    if re.fullmatch(r"[0-9][0-9, ]*", body):
        digits = re.sub(r"[, ]", "", body)
        raise BadInput(
            f"‘{shown}’{particle(shown, '은/는')} {int(digits):,}원으로 읽히지만 자리를 나눈 표시가 세 자리마다 있지 않아 "
            "확실하지 않습니다. 금액을 다시 적어 주세요.",
            code="amount",
        )
    raise _unread(shown)


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
    """Return an amount short but never rounded: 4,002억원, 7,000만원, 3억 5,000만원, 1억 2,345만원.

    As people say it, without a decimal point; what is not a whole 만원 is written out in won.
    """
    if amount is None:
        return "미정"
    if amount < 0:
        return "-" + eok(-amount)
    if amount == 0 or amount % MAN:
        return won(amount)
    whole, rest = divmod(amount // MAN, MAN)
    if not rest:
        return f"{whole:,}억원"
    return f"{whole:,}억 {rest:,}만원" if whole else f"{rest:,}만원"


def _in_words(body: str, has_won: bool, shown: str) -> int:
    """Read an amount with units. Raises BadInput (`amount`)."""
    total, rest, before = 0, body, 0
    for unit, worth in _BIG:
        if rest.count(unit) > 1:
            raise _unread(shown)
        part, found, after = rest.partition(unit)
        if not found:
            continue
        value = _below_man(part.strip(), worth, shown)
        if before and value >= before:
            raise _unread(shown)
        total, rest, before = total + value, after.strip(), worth
    if not rest:
        return total
    if before and not has_won and not any(unit in rest for unit, _ in _SMALL):
        low = f"{body[: -len(rest)].strip()} {rest}"
        raise BadInput(
            f"‘{shown}’{particle(shown, '은/는')} {low}원인지 {low}만원인지 알 수 없습니다. 단위를 붙여 주세요.",
            code="amount",
        )
    value = _below_man(rest, 1, shown)
    if before and value >= before:
        raise _unread(shown)
    return total + value


def _below_man(part: str, worth: int, shown: str) -> int:
    """Return `part` times `worth`: 2,000, 0.7, 천, 2천5백, 70,000천. Raises BadInput (`amount`)."""
    count, rest, parts = Decimal(0), part, 0
    for unit, times in _SMALL:
        before, found, after = rest.partition(unit)
        if not found:
            continue
        number = _decimal(before.strip(), shown) if before.strip() else Decimal(1)
        parts += 1
        if (parts > 1 or after.strip()) and not (number == int(number) and 1 <= number <= 9):
            raise _unread(shown)
        count, rest = count + number * times, after.strip()
        if any(sign in rest for sign, other in _SMALL if other >= times):
            raise _unread(shown)
    if rest:
        number = _decimal(rest, shown)
        if parts and not (number == int(number) and number <= 9):
            raise _unread(shown)
        count += number
    elif not parts:
        raise _unread(shown)
    won_of = count * worth
    if won_of != int(won_of):
        raise _unread(shown)
    return int(won_of)


def _decimal(text: str, shown: str) -> Decimal:
    if _PLAIN.fullmatch(text):
        return Decimal(_number(text))
    if found := _POINTED.fullmatch(text):
        return Decimal(f"{_number(found[1])}.{found[2]}")
    raise _unread(shown)


def _number(text: str) -> int:
    return int(text.replace(",", "").replace(" ", ""))


def _unread(shown: str) -> BadInput:
    return BadInput(
        f"‘{shown}’{particle(shown, '을/를')} 금액으로 읽을 수 없습니다. 원 단위 숫자나 억·만 단위로 적어 "
        "주세요. 예: 70,000,000원, 1억 2,000만원",
        code="amount",
    )
