"""Canonical JSON, one text for one value on every machine, and its SHA-256."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from portal.core.errors import BadInput

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]


def canonical(value: object) -> str:
    """Return the canonical JSON of a value, the same on every machine and for every order of keys.

    Dates become ISO text, instants UTC with microseconds, decimals their exact digits. Raises BadInput
    (`snapshot`) for floats, naive times and anything else without one clear spelling.
    """
    return dumps(to_plain(value))


def dumps(value: object, *, default: Callable[[object], str] | None = None) -> str:
    """Return the canonical JSON of a value that is JSON-ready (see `plain`), without checking it.

    `default` spells the values that JSON does not know, as for `json.dumps`.
    """
    return json.dumps(
        value,
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
        default=default,
    )


def sha256(value: object) -> str:
    return sha256_of_plain(to_plain(value))


def sha256_of_plain(value: object) -> str:
    """Return the same hash of a value that is JSON-ready, without checking it."""
    return hashlib.sha256(dumps(value).encode()).hexdigest()


def to_plain(value: object, path: str = "") -> Plain:
    """Return the value as JSON-ready lists, dicts, texts and ints. Raises BadInput (`snapshot`)."""
    if isinstance(value, str):
        return _text(value, path)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (list, tuple)):
        return [to_plain(member, f"{path}[{place}]") for place, member in enumerate(value)]
    if isinstance(value, (dict, Mapping)):  # `dict` first: asking the abstract class is slow
        return {_key(key, path): to_plain(member, f"{path}.{key}") for key, member in value.items()}
    return spelled(value, path)


def spelled(value: object, path: str = "") -> str:
    """Return the text of a date, an instant or a decimal. Raises BadInput (`snapshot`) for others."""
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise _refusal(path, "시간대가 없는 시각")
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise _refusal(path, type(value).__name__)


def _key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise _refusal(path, "글자가 아닌 이름")
    return _text(key, path)


def _text(value: str, path: str) -> str:
    # str() of a subclass (an enum member) may be its name; this is always its content.
    text = str.__str__(value)
    try:
        text.encode()
    except UnicodeEncodeError as broken:
        raise _refusal(path, "깨진 글자") from broken
    return text


def _refusal(path: str, what: str) -> BadInput:
    return BadInput(
        f"고정할 수 없는 값입니다({path.lstrip('.') or '전체'}): {what}", code="snapshot"
    )
