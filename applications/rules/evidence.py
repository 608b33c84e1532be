"""Facts of an application beside what sources say of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from applications.rules import screening
from programs.rules import eligibility, evidence
from programs.rules.eligibility import Condition
from programs.rules.evidence import Evidence
from programs.rules.facts import Fact, Facts, absent

TONES: Mapping[str, str] = {
    evidence.CONFIRMED: "success",
    evidence.DIFFERS: "danger",
    evidence.UNANSWERED: "warning",
    evidence.ON_PAPER: "info",
    evidence.ONLY_STATED: "neutral",
}

BROKEN, OVERDUE, SAME_PROGRAM = "broken_agreement", "overdue_duty", "same_program"
RECORDS: Mapping[str, str] = {
    BROKEN: "협약해지와 선정취소",
    OVERDUE: "기한이 지난 보고·정산·환수",
    SAME_PROGRAM: "같은 내역사업의 협약",
}
"""What the portal's own record knows of a firm, under the codes of the conditions."""
NOTHING_KNOWN = "이 포털에는 기록이 없음(다른 기관의 사업은 알 수 없음)"
COMPUTED = Evidence(evidence.RECORD, "computed", "신청서에서 계산", "제출한 내용으로 포털이 계산함")


@dataclass(frozen=True)
class Sourced:
    """A condition with the verdict on it, how far its fact is confirmed, and every source."""

    condition: Condition
    met: bool | None
    standing: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Shown:
    """A fact with its sources as pages show them: each source with its label and instants."""

    code: str
    label: str
    standing: str
    sources: Sequence[Mapping[str, Any]]

    @property
    def words(self) -> str:
        return evidence.STANDINGS[self.standing]

    @property
    def badge(self) -> str:
        """Return the words that fit into a badge on a narrow screen."""
        return "자기신고만 있음" if self.standing == evidence.ONLY_STATED else self.words

    @property
    def tone(self) -> str:
        return TONES[self.standing]


@dataclass(frozen=True)
class Stated:
    """What was filed: the facts, their questions by code, when, and under which number."""

    facts: Mapping[str, Any]
    questions: Mapping[str, Mapping[str, Any]]
    at: datetime | None
    reference: str = ""


def judge(
    conditions: Iterable[Condition],
    stated: Stated,
    known: Mapping[str, evidence.Known],
    *,
    on: date,
    now: datetime,
) -> list[Sourced]:
    """Return every condition that concerns an application; `known` has the evidence by fact.

    Where a source denies what the firm stated, and that would turn the verdict, there is none: a
    person decides. Raises BadInput (`fact`) for a fact of the wrong type.
    """
    declared = tuple(conditions)
    facts = eligibility.read_facts(declared, stated.facts)
    return [
        _sourced(condition, met, facts, stated, known.get(condition.fact, {}), on=on, now=now)
        for condition, met in screening.verdicts(declared, stated.facts, on=on)
    ]


def _sourced(
    condition: Condition,
    met: bool | None,
    facts: Facts,
    stated: Stated,
    known: evidence.Known,
    *,
    on: date,
    now: datetime,
) -> Sourced:
    value = facts.get(condition.fact)
    all_sources = (*condition.sources, *condition.against)
    found = evidence.standing(
        value,
        known,
        sources=condition.sources,
        against=condition.against,
        computed=condition.computed,
        now=now,
    )
    denied = evidence.denied(value, known, all_sources, now=now)
    verdicts = {_met(condition, {**facts, condition.fact: other}, on) for other in denied}
    return Sourced(
        condition,
        met if verdicts <= {met} else None,
        found,
        tuple(_shown(condition, stated, value, known, all_sources)),
    )


def _met(condition: Condition, facts: Facts, on: date) -> bool:
    return not eligibility.judge([condition], facts, on=on, final=False).findings


def _shown(
    condition: Condition,
    stated: Stated,
    value: Fact,
    known: evidence.Known,
    sources: Sequence[evidence.Source],
) -> Iterable[Evidence]:
    question = stated.questions.get(condition.fact, {})
    yield Evidence(
        evidence.STATED,
        condition.fact,
        "신청서",
        words(value, question),
        at=stated.at,
        reference=stated.reference,
    )
    if condition.computed:
        yield COMPUTED
    named = dict.fromkeys((row.kind, code) for row in sources for code in row.codes)
    yield from (known[key] for key in named if key in known)


def words(value: Fact, question: Mapping[str, Any]) -> str:
    """Return an answer as people read it."""
    if absent(value):
        return "답하지 않음"
    if isinstance(value, bool):
        return "예" if value else "아니요"
    if isinstance(value, int):
        return f"{value:,}{question.get('unit', '')}"
    if isinstance(value, date):
        return f"{value.year}.{value.month}.{value.day}."
    labels = {row["code"]: row["label"] for row in question.get("choices", ())}
    members = value if isinstance(value, tuple) else (value,)
    return ", ".join(str(labels.get(str(member), member)) for member in members)


def of_record(code: str, found: Sequence[str], *, at: datetime | None) -> Evidence:
    """Return what the portal's own record says: what it found, or that it knows nothing.

    A draft has no instant `at`: it would be another at each look.
    """
    return Evidence(
        evidence.RECORD,
        code,
        RECORDS[code],
        " · ".join(found) or NOTHING_KNOWN,
        value=True if found else None,
        at=at,
        reference=", ".join(found),
    )


def frozen(rows: Iterable[Sourced]) -> list[dict[str, Any]]:
    """Return facts with their sources as plain values, as they are kept with a filing."""
    return [
        {
            "code": row.condition.code,
            "label": row.condition.label or row.condition.message,
            "standing": row.standing,
            "evidence": [plain(each) for each in row.evidence],
        }
        for row in rows
    ]


def stamped(
    rows: Iterable[Mapping[str, Any]], *, at: datetime, number: str
) -> list[dict[str, Any]]:
    """Return kept facts as they are filed: with the instant and number that a draft has not yet."""
    filed = {
        evidence.STATED: {"at": at.isoformat(), "reference": number},
        evidence.RECORD: {"at": at.isoformat()},
    }
    return [
        {
            **row,
            "evidence": [{**each, **filed.get(each["source"], {})} for each in row["evidence"]],
        }
        for row in rows
    ]


def plain(row: Evidence) -> dict[str, Any]:
    """Return one source's word as plain values; instants in UTC."""
    return {
        "source": row.source,
        "code": row.code,
        "label": row.label,
        "says": row.says,
        "told": not absent(row.value),
        "at": row.at.isoformat() if row.at else None,
        "until": row.until.isoformat() if row.until else None,
        "reference": row.reference,
        "sha256": row.sha256,
    }


def shown(row: Mapping[str, Any]) -> Shown:
    """Return a kept fact as pages show it."""
    return Shown(
        row["code"],
        row["label"],
        row["standing"],
        [
            {
                **each,
                "kind": evidence.SOURCES[each["source"]],
                "at": datetime.fromisoformat(each["at"]) if each["at"] else None,
                "until": datetime.fromisoformat(each["until"]) if each["until"] else None,
            }
            for each in row["evidence"] or ()
        ],
    )


def counted(rows: Sequence[Shown]) -> list[tuple[str, int]]:
    """Return how many facts have each standing, in words; those of none are left out."""
    found = [row.standing for row in rows]
    return [
        (words, found.count(code)) for code, words in evidence.STANDINGS.items() if code in found
    ]
