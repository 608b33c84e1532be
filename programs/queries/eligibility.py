"""The self-check: its questions, and the verdict on the answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.core.errors import BadInput
from programs.models import SubProgram
from programs.queries.kept import KeptProgram
from programs.rules import eligibility
from programs.rules.eligibility import Condition, Verdict
from programs.rules.facts import absent, applies
from programs.states import QuestionKind

PARTNER = "partner_"


@dataclass(frozen=True)
class Question:
    """A fact that a self-check asks for; `choices` are (code, label)."""

    fact: str
    kind: str
    label: str
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()


TRACK_QUESTION = Question(fact="track", kind=QuestionKind.CHOICE, label="지원유형")


def conditions_of(program: SubProgram) -> tuple[Condition, ...]:
    """Return all that a self-check judges: the conditions, and the partners required."""
    return (*program.conditions_parsed(), *_partner_conditions(program))


def questions(program: SubProgram, *, track: str = "") -> list[Question]:
    """Return the questions of a self-check: the facts that conditions for this track name."""
    known = {"track": track} if track else {}
    conditions = [c for c in conditions_of(program) if applies(c.when, known) is not False]
    needed = {
        fact
        for condition in conditions
        for fact in (*(condition.when or ()), condition.fact, condition.other)
        if fact
    }
    return [question for fact, question in _all_questions(program).items() if fact in needed]


def check_self(program: SubProgram, raw: Mapping[str, object], *, on: date) -> Verdict:
    """Judge raw answers of a form or a JSON body; return all findings at once.

    A missing answer is reported and does not block. Raises BadInput (`track`, `fact`).
    """
    conditions = conditions_of(program)
    facts = eligibility.read_facts(conditions, raw)
    track = facts.get("track")
    tracks = {row.code: row.name for row in program.tracks.all()}
    if not absent(track) and track not in tracks:
        raise BadInput(f"지원유형은 {', '.join(tracks)} 가운데 하나입니다.", code="track")
    for question in _all_questions(program).values():
        value = facts.get(question.fact)
        codes = [code for code, _ in question.choices]
        if codes and not absent(value) and value not in codes:
            raise BadInput(
                f"‘{question.label}’ 항목은 {', '.join(codes)} 가운데 하나입니다.", code="fact"
            )
    return eligibility.judge(conditions, facts, on=on, final=False)


def unanswered(program: SubProgram, verdict: Verdict) -> list[Question]:
    """Return the questions that matter and have no answer, in the order of the form."""
    missing = set(verdict.unanswered)
    asked = [row for fact, row in _all_questions(program).items() if fact in missing]
    return [TRACK_QUESTION, *asked] if TRACK_QUESTION.fact in missing else asked


def who_may_apply(
    programs: Iterable[KeptProgram], facts: Mapping[str, Any], *, on: date
) -> dict[int, Verdict]:
    """Judge each programme by a few facts of the reader; missing facts do not count.

    The verdicts have the primary keys of the programmes.
    """
    return {
        program.pk: eligibility.judge(program.conditions, facts, on=on, final=False)
        for program in programs
    }


def _partner_conditions(program: SubProgram) -> Iterable[Condition]:
    for row in program.partner_roles:
        if row["required"]:
            when = row.get("when")
            yield Condition(
                code=f"{PARTNER}{row['role']}",
                kind="is_true",
                fact=f"{PARTNER}{row['role']}",
                message=f"{row['label']} {row['minimum']}곳 이상과 함께 신청해야 합니다.",
                when={fact: tuple(values) for fact, values in when.items()} if when else None,
                origin=row["origin"],
                label=row["label"],
            )


def _all_questions(program: SubProgram) -> dict[str, Question]:
    own = [_question(row) for row in (*program.round.profile, *program.questions)]
    partners = [
        Question(
            fact=f"{PARTNER}{row['role']}",
            kind=QuestionKind.YES_NO,
            label=f"{row['label']} {row['minimum']}곳 이상과 함께 신청합니까?",
            help=row.get("guide", ""),
        )
        for row in program.partner_roles
        if row["required"]
    ]
    return {question.fact: question for question in (*own, *partners)}


def _question(row: Mapping[str, Any]) -> Question:
    # Of a table only the number of its rows is a fact.
    rows = row["kind"] == QuestionKind.ROWS
    return Question(
        fact=row["code"],
        kind=QuestionKind.INTEGER if rows else row["kind"],
        label=f"{row['label']}의 수" if rows else row["label"],
        help=row.get("help", ""),
        choices=tuple((choice["code"], choice["label"]) for choice in row.get("choices", ())),
    )
