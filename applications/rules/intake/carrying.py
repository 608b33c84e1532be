"""What a draft takes over from a self-check and a preview: only where it says nothing yet."""

from collections.abc import Iterable, Mapping
from typing import Any

from applications.rules.intake.questions import parse_answer
from portal.core.errors import BadInput
from programs.rules.facts import absent

ROWS = "rows"


def fitting(
    questions: Iterable[Mapping[str, Any]], answers: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the answers that these questions ask for, accept, and have no stored answer to.

    Of a table a self-check knows only the number of its rows, so none is taken over.
    """
    found = {}
    for question in questions:
        code = question["code"]
        answer = answers.get(code)
        if question["kind"] == ROWS or absent(answer) or not absent(stored.get(code)):
            continue
        try:
            value = parse_answer(question, answer)
        except BadInput:
            continue  # asked differently there: to be answered here
        if value is not None:
            found[code] = answer
    return found
