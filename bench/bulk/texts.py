"""The frozen texts of bulk data, joined from parts that were serialised once."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portal.records import snapshot
from programs.models import Criterion, SubProgram

QUALITIES, SHEETS_EACH = 20, 25


class FrozenText:
    """The canonical JSON of a prototype's content, of which only some members change.

    Joined from parts that are canonical already: serialising a million whole contents would take
    minutes. A test compares it with `portal.records.snapshot`.
    """

    def __init__(self, content: dict[str, Any]) -> None:
        self.parts = {
            snapshot.canonical(key): snapshot.canonical(value)
            for key, value in sorted(content.items())
        }
        self.keys = {key: snapshot.canonical(key) for key in content}

    def with_members(self, **changed: Any) -> str:
        """Return the text with these members in place of the prototype's."""
        parts = {
            **self.parts,
            **{self.keys[key]: snapshot.dumps(v) for key, v in changed.items()},
        }
        return "{" + ",".join(f"{key}:{text}" for key, text in parts.items()) + "}"


@dataclass(frozen=True)
class SheetText:
    """One filled-in score sheet: its columns, and the end of the text that is hashed."""

    marks: str
    reasons: str
    comment: str
    hashed: str

    def sha256(self, application: int, assessor: int) -> str:
        """Return what `applications.services.assessment.sheets.digest` returns for the sheet."""
        text = f'{{"application":{application},"assessor":{assessor},{self.hashed}'
        return hashlib.sha256(text.encode()).hexdigest()


def sheet_texts(sub_program: SubProgram, rng: random.Random) -> list[list[SheetText]]:
    """Return sheets to draw from: for each quality of application some that differ a little."""
    criteria = list(sub_program.criteria.all())
    return [
        [_sheet_text(criteria, quality, rng) for _ in range(SHEETS_EACH)]
        for quality in range(QUALITIES)
    ]


def _sheet_text(criteria: Sequence[Criterion], quality: int, rng: random.Random) -> SheetText:
    level = 0.5 + 0.45 * quality / (QUALITIES - 1)
    marks = {
        row.code: max(0, min(row.max_points, round(row.max_points * rng.gauss(level, 0.08))))
        for row in criteria
    }
    reasons = {
        row.code: f"{row.label} 항목은 제출한 계획과 현장 여건에 비추어 {marks[row.code]}점입니다."
        for row in criteria
    }
    comment = "계획이 구체적이고 기대 효과를 잴 수 있습니다."
    hashed = snapshot.dumps({"comment": comment, "marks": marks, "reasons": reasons})[1:]
    return SheetText(snapshot.dumps(marks), snapshot.dumps(reasons), comment, hashed)
