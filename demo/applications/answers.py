"""Answers that a sub-programme accepts, found by its own rules."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from applications.rules.intake.questions import Question, read_questions, review
from portal.core.errors import Finding, RuleBroken
from programs.models import Track
from programs.rules import eligibility
from programs.rules.facts import applies

TRIES = 60
TEXT = "공정 자료를 손으로 적어 모으는 데에 하루가 걸리고 불량의 원인을 제때 찾지 못합니다. "
LONG_TEXT = (TEXT * 6).strip()


@dataclass
class Answers:
    """Company facts and answers by question code."""

    profile: dict[str, Any]
    values: dict[str, Any] = field(default_factory=dict)


def find(track: Track, *, profile: Mapping[str, Any], claim: bool, on: date) -> Answers:
    """Answer every question of a track so that nothing blocks filing on the day `on`.

    Begins with the first choice everywhere and changes the answers that failed conditions name.
    `claim` answers the questions of bonus items too. Raises RuleBroken when no answers are found.
    """
    program = track.sub_program
    conditions = program.conditions_parsed()
    questions = read_questions(program.questions)
    claims = {row.question for row in program.bonus_items.all()}
    answered = {q.code for q in questions if q.required or (claim and q.code in claims)}
    attempts: Counter[str] = Counter()
    for _ in range(TRIES):
        found = _answer(track, questions, answered, dict(profile), attempts, on)
        facts = _facts(track, questions, found)
        judged = eligibility.judge(conditions, facts, on=on, final=True)
        if not judged.findings:
            return found
        change = _to_change(judged.findings, conditions, questions)
        if not change:
            break
        attempts.update(set(change))
    raise RuleBroken(judged.findings, message=f"{program.code}/{track.code}: 맞는 답이 없습니다.")


def _answer(
    track: Track,
    questions: tuple[Question, ...],
    answered: set[str],
    profile: dict[str, Any],
    attempts: Counter[str],
    on: date,
) -> Answers:
    known: dict[str, Any] = {**profile, "track": track.code}
    answers = Answers(profile)
    for question in questions:
        if question.code not in answered or applies(question.when, known) is not True:
            continue
        options = candidates(question, on)
        value = options[attempts[question.code] % len(options)]
        answers.values[question.code] = value
        if question.kind != "rows":
            known[question.code] = tuple(value) if question.kind == "multi" else value
    return answers


def candidates(question: Question, on: date) -> list[Any]:
    """Return values to try for a question, the most likely first."""
    least = question.minimum if isinstance(question.minimum, int) else 1
    match question.kind:
        case "yes_no":
            return [True, False]
        case "choice":
            return [code for code, _ in question.choices]
        case "multi":
            codes = [code for code, _ in question.choices]
            return [codes[:1], codes]
        case "integer" | "won":
            return [least, least * 10, least * 1_000, 50_000_000]
        case "date":
            return [(on - timedelta(days=days)).isoformat() for days in (800, 90, -30)]
        case "rows":
            row = {column.code: candidates(column, on)[0] for column in question.columns}
            return [[row] * max(least, count) for count in (1, 2, 5, 20)]
        case "long_text":
            return [LONG_TEXT[: question.max_length]]
    return [TEXT[: min(question.max_length or 40, 40)].strip()]


def _facts(track: Track, questions: tuple[Question, ...], found: Answers) -> dict[str, Any]:
    known = review(track.sub_program.round.profile, found.profile).values
    reviewed = review(questions, found.values, facts={**known, "track": track.code}).values
    counted = {
        code: len(value) if value and isinstance(value[0], dict) else tuple(value)
        for code, value in reviewed.items()
        if isinstance(value, list)
    }
    return {**known, "track": track.code, **reviewed, **counted}


def _to_change(
    findings: tuple[Finding, ...],
    conditions: tuple[eligibility.Condition, ...],
    questions: tuple[Question, ...],
) -> list[str]:
    """Return the question to change for each failed condition: its own, else that of its `when`."""
    codes = {question.code for question in questions}
    failed = {row.code for row in findings}
    named = []
    for condition in conditions:
        if condition.code in failed:
            facts = [condition.fact, *(condition.when or ()), condition.other]
            named += [fact for fact in facts if fact in codes][:1]
    return named
