"""The activity score: punctuality, completeness and usefulness, weighted by a formula from data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from portal.core.errors import BadInput

HUNDREDTH = Decimal("0.01")
FULL = Decimal(100)
PUNCTUALITY, COMPLETENESS, USEFULNESS = "기한 준수", "충실도", "활용도"


@dataclass(frozen=True, slots=True)
class Formula:
    """Weights in whole percent that sum to 100; costs and gains in points out of 100."""

    punctuality: int
    completeness: int
    usefulness: int
    late_day: int
    return_cost: int
    letters_full: int
    evidence_full: int
    issue_gain: int
    comment_gain: int
    good_case_gain: int
    useful_base: int


@dataclass(frozen=True, slots=True)
class Work:
    """The work done for one assignment; `letters` counts those written, without spaces."""

    due_at: datetime | None
    submitted_at: datetime | None
    accepted: bool
    returns: int
    letters: int
    evidence: int
    issues_confirmed: int
    supplier_answered: bool
    good_case: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One part of the score: points out of 100, weight in percent, what it adds, the reason."""

    code: str
    label: str
    points: Decimal
    weight: int
    adds: Decimal
    why: str


@dataclass(frozen=True, slots=True)
class Score:
    """A member's score out of 100 with its parts."""

    total: Decimal
    lines: tuple[Line, ...]
    accepted: int
    assigned: int


def parse(content: Mapping[str, Any]) -> Formula:
    """Parse the formula that a ReportPlan holds. Raises BadInput (`formula`)."""
    try:
        formula = Formula(**{name: int(content[name]) for name in Formula.__dataclass_fields__})
    except (KeyError, TypeError, ValueError) as broken:
        raise BadInput(f"활동 점수 산식이 올바르지 않습니다: {broken}", code="formula") from broken
    weights = (formula.punctuality, formula.completeness, formula.usefulness)
    if sum(weights) != 100 or min(weights) < 0:
        raise BadInput("활동 점수의 비중은 더해서 100이어야 합니다.", code="formula")
    return formula


def describe(formula: Formula) -> list[tuple[str, str]]:
    """Return (label, rule) for each part of the score, as members read it."""
    return [
        (
            PUNCTUALITY,
            f"기한 안에 내면 100점이고, 하루 늦을 때마다 {formula.late_day}점을 뺍니다.",
        ),
        (
            COMPLETENESS,
            f"채택된 보고서의 글(띄어쓰기를 빼고 {formula.letters_full:,}자면 100점)과 그림"
            f"({formula.evidence_full}장이면 100점)의 평균이며, 보완 요청을 받을 때마다"
            f" {formula.return_cost}점을 뺍니다.",
        ),
        (
            USEFULNESS,
            f"채택되면 {formula.useful_base}점이고, 제기한 문제가 확인되면 {formula.issue_gain}점,"
            f" 공급기업이 의견을 내면 {formula.comment_gain}점, 우수 사례가 되면"
            f" {formula.good_case_gain}점을 더합니다. 100점을 넘지 않습니다.",
        ),
    ]


def score(formula: Formula, works: Sequence[Work]) -> Score:
    """Return a member's score: each part is the mean over all assignments, 0 without a report."""
    count = len(works)
    done = [work for work in works if work.submitted_at is not None]
    accepted = [work for work in works if work.accepted]
    late = sum(bool(_late_days(work)) for work in done)
    parts = (
        (
            "punctuality",
            PUNCTUALITY,
            [_punctual(formula, work) for work in done],
            formula.punctuality,
            f"배정 {count}건 가운데 제출 {len(done)}건, 늦은 제출 {late}건",
        ),
        (
            "completeness",
            COMPLETENESS,
            [_complete(formula, work) for work in accepted],
            formula.completeness,
            f"채택 {len(accepted)}건, 보완 요청 {sum(work.returns for work in works)}번",
        ),
        (
            "usefulness",
            USEFULNESS,
            [_useful(formula, work) for work in accepted],
            formula.usefulness,
            f"확인된 문제 제기 {sum(work.issues_confirmed for work in accepted)}건, 우수 사례"
            f" {sum(work.good_case for work in accepted)}건",
        ),
    )
    lines = tuple(
        _line(code, label, points, count, weight, why) for code, label, points, weight, why in parts
    )
    return Score(sum((line.adds for line in lines), Decimal(0)), lines, len(accepted), count)


def _line(code: str, label: str, points: Sequence[int], count: int, weight: int, why: str) -> Line:
    mean = Decimal(sum(points)) / count if count else Decimal(0)
    return Line(
        code,
        label,
        mean.quantize(HUNDREDTH, ROUND_HALF_UP),
        weight,
        (mean * weight / FULL).quantize(HUNDREDTH, ROUND_HALF_UP),
        why,
    )


def _late_days(work: Work) -> int:
    if work.submitted_at is None or work.due_at is None or work.submitted_at < work.due_at:
        return 0
    return (work.submitted_at - work.due_at).days + 1  # a day that has begun counts


def _punctual(formula: Formula, work: Work) -> int:
    return max(0, 100 - formula.late_day * _late_days(work))


def _complete(formula: Formula, work: Work) -> int:
    letters = min(100, 100 * work.letters // max(1, formula.letters_full))
    evidence = min(100, 100 * work.evidence // max(1, formula.evidence_full))
    return max(0, (letters + evidence) // 2 - formula.return_cost * work.returns)


def _useful(formula: Formula, work: Work) -> int:
    gained = (
        formula.useful_base
        + formula.issue_gain * work.issues_confirmed
        + formula.comment_gain * work.supplier_answered
        + formula.good_case_gain * work.good_case
    )
    return min(100, gained)
