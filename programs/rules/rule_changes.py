"""Which fields of a sub-programme are its rules, in which group, and between which limits they lie."""

from collections.abc import Mapping
from typing import Any

INTAKE, PLACES, GRANT, SCORING, PANEL = "intake", "places", "grant", "scoring", "panel"
SUPPLEMENT, OBJECTION, ANSWER, DOCUMENTS = "supplement", "objection", "answer", "documents"

WORDS = {
    INTAKE: "접수 방식",
    PLACES: "모집 규모",
    GRANT: "지원금",
    SCORING: "평가 기준",
    PANEL: "평가위원 배정",
    SUPPLEMENT: "보완 기한",
    OBJECTION: "이의신청 기한",
    ANSWER: "이의신청 처리 기한",
    DOCUMENTS: "제출서류",
}

PROGRAM, TRACK, CRITERION, BONUS, DOCUMENT = (
    "subprogram",
    "track",
    "criterion",
    "bonusitem",
    "requireddocument",
)
POLICIES = "due_policies"
"""A JSON column whose entries are fields of their own here: `due_policies.objection_days`."""


def _all(group: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, group)


FIELDS: Mapping[str, Mapping[str, str]] = {
    PROGRAM: {
        **_all(INTAKE, "intake"),
        **_all(PLACES, "quota_count", "quota_kind"),
        **_all(GRANT, "rounding_won"),
        **_all(SCORING, "minimum_sheets", "trim_from", "decimals", "floor", "bonus_cap", "blind"),
        **_all(PANEL, "assessors", "fit_program", "fit_industry", "fit_region", "fit_load"),
        **_all(SUPPLEMENT, "supplement_days", f"{POLICIES}.supplement_days"),
        **_all(OBJECTION, "objection_days", f"{POLICIES}.objection_days"),
        **_all(ANSWER, "objection_answer_days", f"{POLICIES}.objection_answer_days"),
    },
    TRACK: _all(
        GRANT,
        "code",
        "grant_kind",
        "cap_won",
        "share_percent",
        "flat_won",
        "planning_won",
        "days",
        "months",
    ),
    CRITERION: _all(SCORING, "code", "label", "guide", "max_points", "core", "skippable"),
    BONUS: _all(SCORING, "code", "label", "points", "guide", "industry_hints", "question"),
    DOCUMENT: _all(DOCUMENTS, "code", "label", "guide", "required", "when", "formats", "max_files"),
}
"""Field by part with its group. All other fields decide nothing and are saved directly."""

# The plausible range of each date and number of the catalogue, see portal/core/ranges.yaml.
RANGES = {
    "opens_at": "intake_day",
    "closes_at": "intake_day",
    "quota_count": "quota",
    "assessors": "assessors",
    "minimum_sheets": "assessors",
    "trim_from": "assessors",
    "decimals": "decimals",
    "floor": "score",
    "bonus_cap": "score",
    "fit_program": "fit_cost",
    "fit_industry": "fit_cost",
    "fit_region": "fit_cost",
    "fit_load": "fit_cost",
    "supplement_days": "period_days",
    "objection_days": "period_days",
    "objection_answer_days": "period_days",
    "rounding_won": "rounding_won",
    "order": "order",
    "cap_won": "grant_won",
    "flat_won": "grant_won",
    "planning_won": "grant_won",
    "previous_cap_won": "grant_won",
    "share_percent": "percent",
    "days": "support_days",
    "months": "support_months",
    "max_points": "max_points",
    "points": "max_points",
    "max_files": "files",
}

Change = dict[str, Any]
"""`part`, `pk` (None for a new row), `name`, `act`, and `fields` as name -> [before, after]."""

ADD, CHANGE, REMOVE = "add", "change", "remove"


def groups(changes: list[Change]) -> list[str]:
    """Return the groups that changes touch, in the order of `WORDS`."""
    found = {
        FIELDS[row["part"]][name]
        for row in changes
        for name in row["fields"]
        if name in FIELDS[row["part"]]
    }
    return [group for group in WORDS if group in found]


def criteria_fault(rows: list[tuple[int, bool]]) -> str:
    """Return why criteria (points, core) make no score sheet, "" when they do."""
    points = sum(each for each, _ in rows)
    if points != 100:
        return f"배점의 합은 100이어야 합니다. 지금은 {points}입니다."
    return "" if sum(core for _, core in rows) == 1 else "핵심 항목은 하나여야 합니다."
