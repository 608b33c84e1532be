"""Who may apply: conditions declared as data and judged over facts, all findings at once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from portal.core.errors import BadInput, Finding
from programs.rules import industries
from programs.rules.evidence import Source, parse_sources
from programs.rules.facts import (
    Fact,
    Facts,
    Scalar,
    When,
    absent,
    applies,
    listed,
    parse_when,
    read_date,
    read_plain,
    read_whole,
    read_yes,
)

NEEDS_VALUES = frozenset({"one_of", "none_of", "greater_than_fact"})
NEEDS_NUMBER = frozenset({"at_least", "at_most", "years_since", "years_within"})
BARE = frozenset({"is_true", "is_false", "given"})
KINDS = NEEDS_VALUES | NEEDS_NUMBER | BARE
ANSWER, DOCUMENT, RECORD = "answer", "document", "record"
BASES: Mapping[str, str] = {
    ANSWER: "신청기업의 답변",
    DOCUMENT: "서류",
    RECORD: "포털 기록·계산",
}
"""On what a verdict rests. Only what the portal itself records or computes needs no look."""


@dataclass(frozen=True)
class Condition:
    """One declared requirement.

    `message` is what the applicant reads when it is not met, `label` names the fact in Korean,
    `origin` says where the rule comes from (`source S16`, `public`, `assumption`). A condition
    that is not `blocking` only warns. `when` restricts it to some values of other facts. `basis`
    says on what its fact rests: the firm's answer, a document, or the portal's own record. One of
    `sources` satisfies the condition; one of `against` knows a part and can only deny.

    Kinds: `one_of` and `none_of` (the fact is, or is not, among `values`; of several answers one
    listed is enough), `at_least` and `at_most` (`number`), `is_true`, `is_false`, `given`,
    `years_since` and `years_within` (at least, or at most, `number` years before the reference
    date), `greater_than_fact` (further along the order `values` than the fact `other`).
    """

    code: str
    kind: str
    fact: str
    message: str
    values: tuple[Scalar, ...] = ()
    number: int | None = None
    blocking: bool = True
    when: When | None = None
    origin: str = ""
    other: str = ""
    label: str = ""
    basis: str = ANSWER
    sources: tuple[Source, ...] = ()
    against: tuple[Source, ...] = ()

    @property
    def computed(self) -> bool:
        """Return whether the portal itself computes the fact from what is filed."""
        return self.basis == RECORD


class Standing(StrEnum):
    """How a firm stands that asks whether it may apply; only `FITS` is good news."""

    BLOCKED = "blocked"
    """Something keeps it from applying."""
    OPEN = "open"
    """Nothing blocks, but a question that matters has no answer yet."""
    CURABLE = "curable"
    """It may apply, but what only warns speaks against it until it is put right."""
    FITS = "fits"
    """Every question that matters is answered and nothing speaks against it."""


@dataclass(frozen=True)
class Verdict:
    """The answer with every reason.

    `eligible` is True only when nothing blocks and every blocking condition could be checked,
    False when something blocks, None when nothing blocks yet but facts in `unknown` are missing.
    `unanswered` are all missing facts that matter, also those of conditions that only warn.
    """

    eligible: bool | None
    findings: tuple[Finding, ...]
    unknown: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Finding, ...]:
        """Return the findings about given answers, without those about missing ones."""
        return self.findings[: len(self.findings) - len(self.unknown)]

    @property
    def standing(self) -> Standing:
        if self.eligible is False:
            return Standing.BLOCKED
        if self.unanswered:
            return Standing.OPEN
        return Standing.CURABLE if self.failed else Standing.FITS


def parse(conditions: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """Parse the rows of a catalogue file.

    Raises BadInput (`condition`) naming the faulty row: unknown key or kind, a missing value,
    a code used twice.
    """
    parsed: dict[str, Condition] = {}
    for place, row in enumerate(conditions, start=1):
        where = f"{place}번째 신청 요건({row.get('code', '코드 없음')})"
        if reason := _fault(row):
            raise BadInput(f"{where}: {reason}", code="condition")
        if row["code"] in parsed:
            raise BadInput(f"{where}: 같은 코드가 두 번 쓰였습니다.", code="condition")
        try:
            parts = {
                "when": parse_when(row.get("when")),
                "sources": parse_sources(row.get("sources", ())),
                "against": parse_sources(row.get("against", ())),
            }
        except BadInput as error:
            raise BadInput(f"{where}: {error.message}", code="condition") from error
        values = tuple(row.get("values", ()))
        parsed[row["code"]] = Condition(**{**row, "values": values, **parts})
    return tuple(parsed.values())


def judge(conditions: Sequence[Condition], facts: Facts, *, on: date, final: bool) -> Verdict:
    """Check every condition that applies, without stopping at the first.

    `on` is the reference date in KST: today in a self-check, the submission date when it counts
    (S16: one year since the factory was built is judged on the submission date, A06).
    A missing fact warns in a self-check and blocks when `final`, unless the condition itself
    only warns; it is reported once however many conditions need it. Raises BadInput (`fact`) when
    a fact has the wrong type.
    """
    findings: list[Finding] = []
    unknown: dict[str, Finding] = {}
    unanswered: dict[str, None] = {}
    undecided = False
    for condition in conditions:
        unanswered |= dict.fromkeys(_unanswered(condition, facts))
        missing = _missing(condition, facts)
        if missing is None:
            continue
        if missing:
            undecided = undecided or condition.blocking
            finding = _not_given(condition, missing, blocking=final and condition.blocking)
            if missing not in unknown or (finding.blocking and not unknown[missing].blocking):
                unknown[missing] = finding
        elif not _CHECKS[condition.kind](condition, facts, on):
            findings.append(Finding(condition.code, condition.message, condition.blocking))
    findings.extend(unknown.values())
    eligible: bool | None = not any(finding.blocking for finding in findings)
    if eligible and undecided:
        eligible = None
    return Verdict(eligible, tuple(findings), tuple(unknown), tuple(unanswered))


def read_facts(conditions: Sequence[Condition], raw: Mapping[str, object]) -> dict[str, Fact]:
    """Convert what a form or a JSON body carries into facts of the types the conditions expect.

    Numbers, yes/no and ISO dates may come as text; empty text is a missing fact. Facts that no
    condition names pass through when they are plain. Raises BadInput (`fact`).
    """
    readers = {
        condition.fact: (_READERS[condition.kind], condition.label or condition.fact)
        for condition in conditions
        if condition.kind in _READERS
    }
    facts: dict[str, Fact] = {}
    for name, value in raw.items():
        read, label = readers.get(name, (read_plain, name))
        facts[name] = None if absent(value) else read(value, label)
    return facts


def anniversary(day: date, years: int) -> date:
    """Return the date `years` later; 29 February falls on 28 February (Civil Act art. 160)."""
    year = min(day.year + years, date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


_ALL_KEYS = frozenset(field.name for field in fields(Condition))
_TEXT_KEYS = ("code", "kind", "fact", "message", "origin", "other", "label")


def _fault(row: Mapping[str, Any]) -> str | None:
    kind, values, number = str(row.get("kind")), row.get("values", ()), row.get("number")
    strange = ", ".join(sorted(str(key) for key in set(row) - _ALL_KEYS))
    whole = isinstance(number, int) and not isinstance(number, bool)
    plain = isinstance(values, list | tuple) and all(isinstance(v, str | int) for v in values)
    faults = {
        f"알 수 없는 항목 {strange}": strange,
        "code, kind, fact, message는 비울 수 없습니다.": not all(map(row.get, _TEXT_KEYS[:4])),
        f"{', '.join(_TEXT_KEYS)} 항목은 글자여야 합니다.": not all(
            isinstance(row.get(name, ""), str) for name in _TEXT_KEYS
        ),
        f"알 수 없는 종류 {kind}": kind not in KINDS,
        "values는 글자나 정수의 목록이어야 합니다.": not plain,
        "values가 필요합니다.": kind in NEEDS_VALUES and not values,
        "number는 정수여야 합니다.": number is not None and not whole,
        "number가 필요합니다.": kind in NEEDS_NUMBER and number is None,
        "other가 필요합니다.": kind == "greater_than_fact" and not row.get("other"),
        "blocking은 true 또는 false여야 합니다.": not isinstance(row.get("blocking", True), bool),
        f"basis는 {', '.join(BASES)} 가운데 하나입니다.": row.get("basis", ANSWER) not in BASES,
    }
    return next((reason for reason, broken in faults.items() if broken), None)


def _missing(condition: Condition, facts: Facts) -> str | None:
    """Return the first missing fact, "" when none is, None when the condition does not apply."""
    if applies(condition.when, facts) is False:
        return None
    needed = [*(condition.when or ()), condition.fact]
    if condition.other:
        needed.append(condition.other)
    return next((fact for fact in needed if absent(facts.get(fact))), "")


def _unanswered(condition: Condition, facts: Facts) -> list[str]:
    """Return the missing facts on which a condition waits; first those that say if it applies."""
    applied = applies(condition.when, facts)
    if applied is False:
        return []
    needed = [condition.fact, condition.other] if applied else condition.when or ()
    return [fact for fact in needed if fact and absent(facts.get(fact))]


def _not_given(condition: Condition, fact: str, *, blocking: bool) -> Finding:
    if condition.kind == "given" and fact == condition.fact:
        return Finding(condition.code, condition.message, blocking)
    if fact == industries.FACT:
        message = (
            f"확인 필요: 업종에 따라 정해지므로 업종을 골라야 알 수 있습니다. {condition.message}"
        )
    elif condition.label and fact == condition.fact:
        message = f"‘{condition.label}’ 항목을 입력하면 확인할 수 있습니다."
    else:
        message = f"관련 항목을 더 입력하면 확인할 수 있습니다: {condition.message}"
    return Finding(condition.code, message, blocking)


def _wrong_type(condition: Condition, expected: str) -> BadInput:
    name = condition.label or condition.fact
    return BadInput(f"‘{name}’ 항목은 {expected} 합니다.", code="fact")


def _whole(condition: Condition, facts: Facts) -> int:
    value = facts[condition.fact]
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong_type(condition, "정수여야")
    return value


def _yes(condition: Condition, facts: Facts) -> bool:
    value = facts[condition.fact]
    if not isinstance(value, bool):
        raise _wrong_type(condition, "예 또는 아니요여야")
    return value


def _day(condition: Condition, facts: Facts) -> date:
    value = facts[condition.fact]
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _wrong_type(condition, "날짜여야")
    return value


def _since(condition: Condition, facts: Facts, on: date) -> bool:
    return anniversary(_day(condition, facts), condition.number or 0) <= on


def _within(condition: Condition, facts: Facts, on: date) -> bool:
    day = _day(condition, facts)
    return day <= on <= anniversary(day, condition.number or 0)


def _greater(condition: Condition, facts: Facts, on: date) -> bool:
    value, other = facts[condition.fact], facts[condition.other]
    if value not in condition.values or other not in condition.values:
        raise _wrong_type(condition, "정해진 단계 가운데 하나여야")
    return condition.values.index(value) > condition.values.index(other)


_CHECKS: dict[str, Callable[[Condition, Facts, date], bool]] = {
    "one_of": lambda c, facts, on: listed(facts[c.fact], c.values),
    "none_of": lambda c, facts, on: not listed(facts[c.fact], c.values),
    "at_least": lambda c, facts, on: _whole(c, facts) >= (c.number or 0),
    "at_most": lambda c, facts, on: _whole(c, facts) <= (c.number or 0),
    "is_true": lambda c, facts, on: _yes(c, facts),
    "is_false": lambda c, facts, on: not _yes(c, facts),
    "given": lambda c, facts, on: True,
    "years_since": _since,
    "years_within": _within,
    "greater_than_fact": _greater,
}

_READERS: dict[str, Callable[[object, str], Fact]] = {
    "at_least": read_whole,
    "at_most": read_whole,
    "is_true": read_yes,
    "is_false": read_yes,
    "years_since": read_date,
    "years_within": read_date,
}
