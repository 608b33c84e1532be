"""JSON values that every database column can hold."""

import math

from portal.core.errors import BadInput

MAX_DEPTH = 20


MAX_WHOLE = 2**63 - 1
"""The largest whole number a database column holds."""


def check_plain(data: object) -> None:
    """Check that JSON data can be stored: no NUL, lone surrogates, infinities or deep nesting.

    Raises BadInput (`json_value`).
    """
    pending: list[tuple[object, int]] = [(data, 1)]
    while pending:
        value, depth = pending.pop()
        if fault := _fault(value, depth):
            raise BadInput(fault, code="json_value")
        if isinstance(value, dict):
            pending += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list):
            pending += [(part, depth + 1) for part in value]


def _fault(value: object, depth: int) -> str:
    if depth > MAX_DEPTH:
        return f"JSON은 {MAX_DEPTH}단계까지 겹칠 수 있습니다."
    if isinstance(value, str) and not _is_storable(value):
        return "쓸 수 없는 글자가 들어 있습니다."
    if isinstance(value, float) and not math.isfinite(value):
        return "숫자가 너무 큽니다."
    if isinstance(value, int) and abs(value) > MAX_WHOLE:
        return "숫자가 너무 큽니다."
    return ""


def _is_storable(text: str) -> bool:
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
