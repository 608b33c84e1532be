"""What answers of registries mean for people who read them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reading:
    """An answer in words; `expected` is False when somebody should look at it."""

    words: str
    expected: bool


def read(registry: str, *, found: bool, facts: Mapping[str, Any]) -> Reading:
    """Return an answer in words. Raises KeyError for a registry that is not known."""
    return _READERS[registry](found, facts)


def _status(found: bool, facts: Mapping[str, Any]) -> Reading:
    if not found:
        return Reading("국세청에 등록되지 않은 사업자등록번호", expected=False)
    words = {"01": "계속사업자", "02": "휴업자", "03": "폐업자"}.get(facts["status"])
    if words is None:
        return Reading("알 수 없는 상태", expected=False)
    closed = facts["closed_on"]
    if facts["status"] == "03" and len(closed) == 8:
        words += f"(폐업일 {closed[:4]}.{int(closed[4:6])}.{int(closed[6:])}.)"
    tax = f" · {facts['tax']}" if facts["tax"] else ""
    return Reading(words + tax, expected=facts["status"] == "01")


def _identity(found: bool, facts: Mapping[str, Any]) -> Reading:
    if facts.get("matches"):
        return Reading("대표자와 개업일이 국세청의 등록과 같음", expected=True)
    return Reading(
        "대표자나 개업일이 국세청의 등록과 다름(설립일은 개업일과 다를 수 있습니다)", expected=False
    )


_READERS: Mapping[str, Callable[[bool, Mapping[str, Any]], Reading]] = {
    "business_status": _status,
    "business_identity": _identity,
}
