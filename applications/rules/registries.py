"""What answers of registries mean for people who read them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from applications.rules.screening import document_labels
from portal.core.dates import korean_day
from programs.rules import industries
from programs.rules.facts import Fact

SIZES: Mapping[str, str] = {
    "소기업": "small",
    "소상공인": "small",
    "중기업": "medium",
    "중견기업": "mid",
}
IN_FORCE = "정상"
MANUFACTURING = range(10, 35)
"""Divisions of KSIC section C."""
BONUSES: Mapping[str, str] = {"covid": "medical_products"}
"""The registry whose answer officers see beside a claimed bonus."""


@dataclass(frozen=True)
class Reading:
    """An answer in words; `expected` is False when somebody should look at it."""

    words: str
    expected: bool


def read(registry: str, *, found: bool, facts: Mapping[str, Any]) -> Reading:
    """Return an answer in words. Raises KeyError for a registry that is not known."""
    return _READERS[registry](found, facts)


def told(registry: str, *, found: bool, facts: Mapping[str, Any], on: date) -> dict[str, Fact]:
    """Return the facts of conditions that an answer tells on a day; what it does not tell is left out.

    A certificate that has run out by then tells nothing.
    """
    teller = _TELLERS.get(registry)
    return {} if teller is None or run_out(facts, on=on) else teller(found, facts)


def run_out(facts: Mapping[str, Any], *, on: date) -> bool:
    """Return whether the certificate that an answer tells of has run out by a day."""
    until = _day(facts.get("until"))
    return until is not None and until < on


def stands_for_paper(
    registry: str, *, found: bool, facts: Mapping[str, Any], until: datetime, now: datetime
) -> bool:
    """Return whether an answer spares the firm the paper: it is what a paper would have to show, and counts."""
    if now >= until or run_out(facts, on=korean_day(now)):
        return False
    return found and read(registry, found=found, facts=facts).expected


def papers_told(content: Mapping[str, Any], form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the answers that stand for papers in the content of an application, each with its `label`."""
    labels = document_labels(form)
    return [
        {**row, "label": labels.get(row["requirement"], row["requirement"])}
        for row in content.get("told", ())
    ]


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


def _taxes(found: bool, facts: Mapping[str, Any]) -> Reading:
    words = {"N": "체납 없음", "Y": "체납 있음"}.get(facts.get("arrears", ""))
    if words is None:
        return Reading("납세증명을 확인할 수 없음", expected=False)
    return Reading(words + _until(facts), expected=facts["arrears"] == "N")


def _sme(found: bool, facts: Mapping[str, Any]) -> Reading:
    if not found:
        return Reading("발급된 중소기업확인서가 없음", expected=False)
    return Reading(f"{facts['size']}{_until(facts)}", expected=facts["size"] in SIZES)


def _employees(found: bool, facts: Mapping[str, Any]) -> Reading:
    count = _count(facts)
    if count is None:
        return Reading("가입한 사업장을 찾지 못함", expected=False)
    return Reading(f"상시 인원 {count:,}명", expected=True)


def _factories(found: bool, facts: Mapping[str, Any]) -> Reading:
    rows = facts.get("rows", ())
    if not rows:
        return Reading("등록된 공장이 없음", expected=False)
    names = ", ".join(f"{row['name']}(업종 {row['industry']})" for row in rows)
    return Reading(f"등록 공장 {len(rows):,}곳: {names}", expected=True)


def _products(found: bool, facts: Mapping[str, Any]) -> Reading:
    rows = [row for row in facts.get("rows", ()) if row["state"] == IN_FORCE]
    if not rows:
        return Reading("효력이 있는 품목허가가 없음", expected=True)
    names = ", ".join(f"{row['name']}({row['permit']})" for row in rows)
    return Reading(f"품목허가 {len(rows):,}건: {names}", expected=True)


def _day(text: str | None) -> date | None:
    """Return a day of an agency (20210331 or 2021-03-31), None when there is none."""
    digits = (text or "").replace("-", "").replace(".", "")
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if digits else None
    except ValueError:
        return None


def _until(facts: Mapping[str, Any]) -> str:
    day = _day(facts.get("until"))
    return f"(유효 기간 {day.year}.{day.month}.{day.day}.까지)" if day else ""


def _count(facts: Mapping[str, Any]) -> int | None:
    text = facts.get("employees", "")
    return int(text) if text.isdecimal() else None


_READERS: Mapping[str, Callable[[bool, Mapping[str, Any]], Reading]] = {
    "business_status": _status,
    "business_identity": _identity,
    "national_tax": _taxes,
    "local_tax": _taxes,
    "sme_certificate": _sme,
    "insured_employees": _employees,
    "factory_registration": _factories,
    "medical_products": _products,
}


def _goes_on(found: bool, facts: Mapping[str, Any]) -> dict[str, Fact]:
    return {"closed_business": not found or facts["status"] != "01"}


def _owes(found: bool, facts: Mapping[str, Any]) -> dict[str, Fact]:
    known = {"N": False, "Y": True}
    arrears = facts.get("arrears")
    return {"tax_arrears": known[arrears]} if arrears in known else {}


def _sized(found: bool, facts: Mapping[str, Any]) -> dict[str, Fact]:
    size = SIZES.get(facts.get("size", ""))
    return {"company_size": size} if size else {}


def _division(code: str) -> int:
    digits = industries.digits(code)[:2]
    return int(digits) if digits.isdecimal() else 0


def _insures(found: bool, facts: Mapping[str, Any]) -> dict[str, Fact]:
    count = _count(facts)
    return {} if count is None else {"employees": count}


def _makes(found: bool, facts: Mapping[str, Any]) -> dict[str, Fact]:
    """A registered factory shows a manufacturer; without one a firm may still make things."""
    codes = [row["industry"] for row in facts.get("rows", ())]
    if any(_division(code) in MANUFACTURING for code in codes):
        return {"manufacturer": True, "excluded_industry": False}
    return {}


_TELLERS: Mapping[str, Callable[[bool, Mapping[str, Any]], dict[str, Fact]]] = {
    "business_status": _goes_on,
    "national_tax": _owes,
    "local_tax": _owes,
    "sme_certificate": _sized,
    "insured_employees": _insures,
    "factory_registration": _makes,
}
