"""Facts about an applicant, and restrictions (`when`) that depend on them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from portal.core.dates import read as read_day
from portal.core.errors import BadInput
from portal.core.text import clean
from portal.core.validators import whole

Scalar = str | int | bool
Fact = str | int | bool | date | tuple[str, ...] | None
Facts = Mapping[str, Fact]
When = Mapping[str, Sequence[Scalar]]

_TRUE = frozenset({"true", "yes", "y", "on", "1", "예", "네"})
_FALSE = frozenset({"false", "no", "n", "off", "0", "아니오", "아니요"})
TOO_LARGE = 10**15


def absent(value: object) -> bool:
    """Return whether a value is no answer; False and 0 are answers."""
    return value is None or value == "" or value == () or value == []


def listed(value: Fact, allowed: Sequence[Scalar]) -> bool:
    """Return whether a fact is among the values; of several answers one listed is enough.

    The type counts as well, so that True is not 1.
    """
    members = value if isinstance(value, tuple) else (value,)
    return any(type(member) is type(one) and member == one for member in members for one in allowed)


def applies(when: When | None, facts: Facts) -> bool | None:
    """Return whether a restriction holds, or None when a fact it depends on is missing.

    One fact that is known not to match decides, whatever else is missing.
    """
    answers = [
        None if absent(facts.get(fact)) else listed(facts[fact], allowed)
        for fact, allowed in (when or {}).items()
    ]
    if False in answers:
        return False
    return None if None in answers else True


def parse_when(raw: object) -> When | None:
    """Parse a `when` of a data file: a mapping of facts to lists, or nothing.

    Raises BadInput (`when`).
    """
    if raw is None or raw == {}:
        return None
    if not isinstance(raw, Mapping):
        raise BadInput("when은 항목과 값 목록의 짝이어야 합니다.", code="when")
    for fact, allowed in raw.items():
        right = isinstance(fact, str) and isinstance(allowed, list | tuple) and allowed
        if not right or not all(isinstance(value, str | int) for value in allowed):
            raise BadInput(f"when의 {fact} 값은 비어 있지 않은 목록이어야 합니다.", code="when")
    return {fact: tuple(allowed) for fact, allowed in raw.items()}


def read_whole(value: object, name: str) -> int:
    """Parse a whole number, also as text with commas. Raises BadInput (`fact`)."""
    refusal = BadInput(f"‘{name}’ 항목은 정수로 입력하세요.", code="fact")
    try:
        number = whole(str(value))
    except BadInput as unreadable:
        raise refusal from unreadable
    if isinstance(value, bool) or abs(number) >= TOO_LARGE:
        raise refusal
    return number


def read_yes(value: object, name: str) -> bool:
    """Parse a yes or no, also as text. Raises BadInput (`fact`)."""
    text = clean(str(value)).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise BadInput(f"‘{name}’ 항목은 예 또는 아니요로 답하세요.", code="fact")


def read_date(value: object, name: str) -> date:
    """Parse a date, also as ISO text. Raises BadInput (`fact`)."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return read_day(str(value))
    except BadInput as unreadable:
        raise BadInput(
            f"‘{name}’ 항목은 2021-02-16과 같은 날짜로 입력하세요.", code="fact"
        ) from unreadable


def read_plain(value: object, name: str) -> Fact:
    """Return a text, number, yes/no, date or list of texts as a fact. Raises BadInput (`fact`)."""
    if isinstance(value, str | int | date):
        return value
    if isinstance(value, list | tuple) and all(isinstance(member, str) for member in value):
        return tuple(value)
    raise BadInput(f"‘{name}’ 항목의 값을 읽을 수 없습니다.", code="fact")
