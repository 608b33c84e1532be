"""What was answered before an application was begun: a self-check in this session, a preview in the link."""

from datetime import datetime
from typing import Any

from applications.forms.intake.questions import answer_text
from applications.queries.intake.questions import DECLARATIONS, REQUESTED, REQUESTED_QUESTION
from portal.access.requests import SignedInRequest
from portal.core.errors import BadInput
from portal.core.money import read
from programs.models import SubProgram
from programs.views.eligibility import kept_answers

TOTAL = "total_cost_won"
LONGEST = 40  # letters of a value in a link


def answers_before(request: SignedInRequest, program: SubProgram, at: datetime) -> dict[str, Any]:
    """Return what this person answered in the self-check and the preview of the programme."""
    answers = kept_answers(request, program, at)
    if track := request.GET.get("track", "")[:LONGEST]:
        answers["track"] = track
    for name in (REQUESTED, TOTAL):
        won = _won(request.GET.get(name, "")[:LONGEST])
        if won is not None:
            answers[name] = won
    lines = [row for row in program.cost_items if "sum_of" not in row]
    if TOTAL in answers and len(program.cost_items) == len(lines) == 1:
        answers[lines[0]["code"]] = answers[TOTAL]
    return answers


def _won(text: str) -> int | None:
    try:
        return read(text, label="금액") if text.strip() else None
    except BadInput:
        return None


def shown(program: SubProgram, answers: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Return in words what would be filled in, and what only reminds: statements and sums of lines."""
    asked = [
        *program.round.profile,
        *(row for row in program.questions if "implied" not in row and row["kind"] != "rows"),
        REQUESTED_QUESTION,
        *({**row, "kind": "won"} for row in program.cost_items if row["code"] in answers),
    ]
    filled: list[tuple[str, str]] = []
    reminders: list[tuple[str, str]] = []
    names = {row.code: row.name for row in program.tracks.all()}
    if answers.get("track") in names:
        filled.append(("지원유형", names[answers["track"]]))
    for row in asked:
        text = answer_text(row, answers.get(row["code"]))
        if text:
            declared = row.get("section") == DECLARATIONS
            (reminders if declared else filled).append((row["label"], text))
    return {"filled": filled, "reminders": reminders}
