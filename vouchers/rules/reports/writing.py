"""What a complete report needs: sections, ratings, a period of use, pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from portal.core import ranges
from portal.core.errors import BadInput, Finding


@dataclass(frozen=True, slots=True)
class SectionRule:
    """A written part; `least` letters are required (0: may stay empty)."""

    code: str
    label: str
    least: int


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """A rating scale from `low` to `high`; `may_skip` allows the answer "not judged"."""

    code: str
    label: str
    low: int
    high: int
    may_skip: bool = False


@dataclass(frozen=True, slots=True)
class FormRules:
    """The report form of a round; `longest` is the most letters of a section."""

    sections: tuple[SectionRule, ...]
    scales: tuple[ScaleRule, ...]
    evidence_least: int
    evidence_most: int
    longest: int


def parse(content: Mapping[str, Any]) -> FormRules:
    """Parse the form that a ReportPlan holds. Raises BadInput (`form_data`)."""
    try:
        return FormRules(
            tuple(
                SectionRule(row["code"], row["label"], int(row["least"]))
                for row in content["sections"]
            ),
            tuple(
                ScaleRule(
                    row["code"],
                    row["label"],
                    int(row["low"]),
                    int(row["high"]),
                    bool(row.get("may_skip")),
                )
                for row in content["scales"]
            ),
            int(content["evidence"]["least"]),
            int(content["evidence"]["most"]),
            int(content["longest"]),
        )
    except (KeyError, TypeError, ValueError) as broken:
        raise BadInput(
            f"보고서 서식 자료가 올바르지 않습니다: {broken}", code="form_data"
        ) from broken


def read_rating(scale: ScaleRule, value: object) -> int | str | None:
    """Parse an answer on a scale: a number, "skip" (not judged), or None (no answer yet).

    Raises BadInput (`invalid:<code>`).
    """
    if value in (None, ""):
        return None
    if value == "skip" and scale.may_skip:
        return "skip"
    try:
        number = int(str(value))
    except ValueError:
        number = scale.low - 1
    if not scale.low <= number <= scale.high:
        raise BadInput(f"‘{scale.label}’ 점수를 다시 골라 주세요.", code=f"invalid:{scale.code}")
    return number


def missing(
    rules: FormRules,
    *,
    texts: Mapping[str, str],
    ratings: Mapping[str, object],
    used_from: date | None,
    used_to: date | None,
    evidence: int,
    today: date,
) -> list[Finding]:
    """Return everything that is missing before the report can be submitted."""
    findings = [*_period(used_from, used_to, today)]
    for part in rules.sections:
        length = len("".join(texts.get(part.code, "").split()))
        if length < part.least:
            findings.append(
                Finding(
                    f"section:{part.code}",
                    f"‘{part.label}’ 항목을 띄어쓰기를 빼고 {part.least}자 이상 적어 주세요. (지금 {length}자)",
                )
            )
    findings += [
        Finding(f"scale:{scale.code}", f"‘{scale.label}’ 점수를 골라 주세요.")
        for scale in rules.scales
        if ratings.get(scale.code) is None
    ]
    if evidence < rules.evidence_least:
        findings.append(
            Finding(
                "evidence",
                f"이용 화면이나 사진을 {rules.evidence_least}장 이상 올려 주세요. (지금 {evidence}장)",
            )
        )
    return findings


def _period(used_from: date | None, used_to: date | None, today: date) -> list[Finding]:
    if used_from is None or used_to is None:
        return [Finding("period", "서비스를 이용한 기간을 적어 주세요.")]
    if used_to < used_from:
        return [Finding("period", "이용을 마친 날이 시작한 날보다 빠릅니다.")]
    if used_to > today:
        return [Finding("period", "이용을 마친 날이 오늘보다 뒤입니다.")]
    return ranges.finding("used_day", used_from, today=today, code="period")


def reminders_due(due_at: datetime, now: datetime, days: Sequence[int]) -> list[int]:
    """Return the reminders due by now as days before `due_at`, 0 for overdue.

    Of several passed days only the nearest counts, so that a late start sends one reminder.
    """
    if now >= due_at:
        return [0]
    passed = [day for day in days if day > 0 and now >= due_at - timedelta(days=day)]
    return [min(passed)] if passed else []
