"""Questions that a sub-programme declares as data, and parsing of their answers."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.core import ranges
from portal.core.dates import read as read_day
from portal.core.errors import BadInput, Finding
from portal.core.money import checked_won
from portal.core.money import read as read_won
from portal.core.text import clean
from portal.core.text import line as clean_line
from portal.core.validators import is_one_line, whole
from programs.rules.facts import Fact, Facts, When, absent, applies, parse_when, read_yes

KINDS = ("text", "long_text", "integer", "won", "date", "choice", "multi", "yes_no", "rows")
DEFAULT_LENGTH = {"text": 200, "long_text": 4_000}
MAX_ROWS = 100
MAX_DIGITS = 15

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Bound = int | date | None


@dataclass(frozen=True)
class Question:
    """One declared question.

    `minimum` and `maximum` bound a number or a date, the length of a text, the count of choices
    or of rows. `choices` are (code, label), `columns` the questions of one row.
    """

    code: str
    label: str
    kind: str
    required: bool = False
    when: When | None = None
    minimum: Bound = None
    maximum: Bound = None
    max_length: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    columns: tuple["Question", ...] = ()


@dataclass(frozen=True)
class Reviewed:
    """Typed values of the questions that apply and could be parsed, and findings."""

    values: dict[str, Any]
    findings: tuple[Finding, ...]


def read_questions(rows: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Read the questions of a form in their order.

    Raises BadInput (`question`) for a faulty row, a code used twice, or a `when` that depends on
    a later question.
    """
    questions = tuple(read_question(row) for row in rows)
    positions = {question.code: index for index, question in enumerate(questions)}
    if len(positions) < len(questions):
        raise BadInput("같은 코드의 문항이 두 번 있습니다.", code="question")
    for index, question in enumerate(questions):
        for fact in question.when or ():
            if positions.get(fact, -1) >= index:
                raise BadInput(
                    f"문항 {question.code}: 뒤에 나오는 {fact} 문항에 따라 달라질 수 없습니다.",
                    code="question",
                )
    return questions


def read_question(row: Mapping[str, Any]) -> Question:
    """Read one row of a data file.

    Keys: code, label, kind, required, when, min and max (or minimum, maximum, min_rows,
    max_rows), max_length, choices, columns; others (help, step, unit) belong to the page and are
    ignored. `choices` may be one mapping, mappings with code (or value) and label, pairs, or
    plain texts. Raises BadInput (`question`).
    """
    where = f"문항 {row.get('code', '(코드 없음)')}"
    kind = row.get("kind")
    if not all(isinstance(row.get(name), str) and row[name] for name in ("code", "label", "kind")):
        raise BadInput(f"{where}: code, label, kind가 필요합니다.", code="question")
    if kind not in KINDS:
        raise BadInput(f"{where}: 알 수 없는 종류 {kind}", code="question")
    listed = row.get("choices") or ()
    listed = listed.items() if isinstance(listed, Mapping) else listed
    choices = tuple(_read_choice(choice, where) for choice in listed)
    columns = tuple(read_question(column) for column in row.get("columns") or ())
    if (kind in ("choice", "multi")) != bool(choices):
        raise BadInput(f"{where}: choices는 choice와 multi에만 필요합니다.", code="question")
    if (kind == "rows") != bool(columns) or any(column.kind == "rows" for column in columns):
        raise BadInput(f"{where}: columns는 rows에만 필요합니다.", code="question")
    try:
        when = parse_when(row.get("when"))
    except BadInput as error:
        raise BadInput(f"{where}: {error.message}", code="question") from error
    return Question(
        code=row["code"],
        label=row["label"],
        kind=str(kind),
        required=bool(row.get("required", False)),
        when=when,
        minimum=_read_bound(_first(row, "min", "minimum", "min_rows"), kind == "date", where),
        maximum=_read_bound(_first(row, "max", "maximum", "max_rows"), kind == "date", where),
        max_length=_read_length(row.get("max_length"), where) or DEFAULT_LENGTH.get(str(kind)),
        choices=choices,
        columns=columns,
    )


def parse_answer(
    question: Question | Mapping[str, Any], raw: object, *, drafting: bool = False
) -> Any:
    """Return one answer as text, int, date, bool, list of choice codes or list of rows.

    An empty answer is None. While drafting only the type is checked, not the bounds nor what a
    row lacks. Raises BadInput (`invalid:<code>`) with everything that is wrong with the answer.
    """
    question = question if isinstance(question, Question) else read_question(question)
    if isinstance(raw, str):
        raw = clean_line(raw).strip() if question.kind == "text" else clean(raw).strip()
    if absent(raw):
        return None
    try:
        value = _PARSERS[question.kind](question, raw, drafting)
        if not drafting and not absent(value):
            _check_bounds(question, value)
    except BadInput as error:
        raise BadInput(error.message, code=f"invalid:{question.code}") from error
    return None if absent(value) else value


def review(
    questions: Sequence[Question | Mapping[str, Any]],
    answers: Mapping[str, Any],
    *,
    facts: Facts | None = None,
    drafting: bool = False,
) -> Reviewed:
    """Parse all answers; report what is missing (`missing:<code>`) or wrong (`invalid:<code>`).

    `facts` are known beside the answers (track, company size), for questions with a `when`. The
    answer to a question that does not apply is dropped. Drafts may have gaps and exceed bounds,
    but wrong types are refused.
    """
    parsed = [row if isinstance(row, Question) else read_question(row) for row in questions]
    known: dict[str, Fact] = dict(facts or {})
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for question in parsed:
        if applies(question.when, known) is not True:
            continue
        try:
            value = parse_answer(question, answers.get(question.code), drafting=drafting)
        except BadInput as error:
            findings.append(Finding(error.code, f"‘{question.label}’ 항목: {error.message}"))
            continue
        if value is None:
            if question.required and not drafting:
                message = f"‘{question.label}’ 항목을 입력하세요."
                findings.append(Finding(f"missing:{question.code}", message))
            continue
        values[question.code] = value
        if question.kind != "rows":
            known[question.code] = tuple(value) if question.kind == "multi" else value
    return Reviewed(values, tuple(findings))


def _first(row: Mapping[str, Any], *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _read_choice(choice: object, where: str) -> tuple[str, str]:
    if isinstance(choice, str):
        return choice, choice
    if isinstance(choice, Mapping) and "label" in choice and {"value", "code"} & set(choice):
        return str(_first(choice, "value", "code")), str(choice["label"])
    if isinstance(choice, list | tuple) and len(choice) == 2:
        return str(choice[0]), str(choice[1])
    raise BadInput(f"{where}: 선택지를 읽을 수 없습니다.", code="question")


def _read_bound(raw: object, is_date: bool, where: str) -> Bound:
    if raw is None or (isinstance(raw, int) and not isinstance(raw, bool) and not is_date):
        return raw
    if is_date and isinstance(raw, str | date):
        return _parse_date(raw)
    raise BadInput(f"{where}: minimum과 maximum을 읽을 수 없습니다.", code="question")


def _read_length(raw: object, where: str) -> int | None:
    if raw is None or (isinstance(raw, int) and raw > 0):
        return raw
    raise BadInput(f"{where}: max_length는 1 이상의 정수여야 합니다.", code="question")


def _text_answer(question: Question, raw: object, drafting: bool) -> str:
    if not isinstance(raw, str):
        raise BadInput("글자로 입력하세요.")
    text = raw.replace("\r\n", "\n").replace("\r", "\n").strip()
    if _CONTROL.search(text):
        raise BadInput("쓸 수 없는 제어 문자가 들어 있습니다.")
    if question.kind == "text" and "\n" in clean(text):
        raise BadInput("한 줄로 입력하세요.")
    if question.kind == "text" and not is_one_line(text):
        raise BadInput("글자 방향을 바꾸는 기호는 쓸 수 없습니다.")
    if question.max_length is not None and len(text) > question.max_length:
        raise BadInput(
            f"{question.max_length:,}자까지 쓸 수 있습니다. 지금은 {len(text):,}자입니다."
        )
    return text


def _integer_answer(question: Question, raw: object, drafting: bool) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int | str):
        unit = "원 단위 숫자로 입력하세요. 예: 70,000,000" if question.kind == "won" else ""
        raise BadInput(unit or "소수점 없는 숫자로 입력하세요.")
    if question.kind == "won":
        return (
            read_won(raw, label=question.label)
            if isinstance(raw, str)
            else checked_won(raw, label=question.label)
        )
    number = raw if isinstance(raw, int) else whole(raw)
    if abs(number) >= 10**MAX_DIGITS:
        raise BadInput("숫자가 너무 큽니다. 단위를 확인하세요.")
    return number


def _date_answer(question: Question, raw: object, drafting: bool) -> date:
    return _parse_date(raw)


def _parse_date(raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    if not isinstance(raw, str):
        raise BadInput("날짜를 2021-02-16처럼 입력하세요.")
    return read_day(raw)


def _choice_answer(question: Question, raw: object, drafting: bool) -> str:
    if not isinstance(raw, str) or raw not in dict(question.choices):
        raise BadInput("보기 가운데 하나를 고르세요.")
    return raw


def _multi_answer(question: Question, raw: object, drafting: bool) -> list[str]:
    picked = [raw] if isinstance(raw, str) else raw
    codes = [code for code, _ in question.choices]
    if not isinstance(picked, list | tuple) or not all(choice in codes for choice in picked):
        raise BadInput("보기 가운데에서 고르세요.")
    return [code for code in codes if code in picked]


def _yes_no_answer(question: Question, raw: object, drafting: bool) -> bool:
    try:
        return read_yes(raw, question.label)
    except BadInput as error:
        raise BadInput("예 또는 아니요로 답하세요.") from error


def _rows_answer(question: Question, raw: object, drafting: bool) -> list[dict[str, Any]]:
    if not isinstance(raw, list | tuple) or not all(isinstance(row, Mapping) for row in raw):
        raise BadInput("표의 형식이 맞지 않습니다.")
    filled = [row for row in raw if any(not absent(row.get(c.code)) for c in question.columns)]
    if len(filled) > MAX_ROWS:
        raise BadInput(f"{MAX_ROWS}행까지 쓸 수 있습니다.")
    problems: list[str] = []
    rows = [_table_row(question, row, f"{number}행", problems, drafting)
            for number, row in enumerate(filled, start=1)]  # fmt: skip
    if problems:
        raise BadInput(" ".join(problems))
    return rows


def _table_row(
    question: Question, row: Mapping[str, Any], where: str, problems: list[str], drafting: bool
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in question.columns:
        try:
            values[column.code] = parse_answer(column, row.get(column.code), drafting=drafting)
        except BadInput as error:
            problems.append(f"{where} {column.label}: {error.message}")
            continue
        if column.required and not drafting and values[column.code] is None:
            problems.append(f"{where} {column.label}: 입력하세요.")
    return values


def _check_bounds(question: Question, value: Any) -> None:
    size: Any = len(value) if isinstance(value, str | list) else value
    unit = {"multi": "개", "rows": "행", "text": "자", "long_text": "자", "won": "원"}.get(
        question.kind, ""
    )
    if question.kind in ("choice", "yes_no"):
        return
    if question.kind == "date" and ranges.refusal("fact_day", value, today=value):
        least, most = ranges.known()["fact_day"].limits(value)
        raise BadInput(f"{least}부터 {most}까지의 날짜여야 합니다.")
    if question.minimum is not None and size < question.minimum:
        raise BadInput(f"{_bound_text(question.minimum)}{unit} 이상이어야 합니다.")
    if question.maximum is not None and size > question.maximum:
        raise BadInput(f"{_bound_text(question.maximum)}{unit} 이하여야 합니다.")


def _bound_text(bound: int | date) -> str:
    return f"{bound:,}" if isinstance(bound, int) else bound.isoformat()


_PARSERS: dict[str, Callable[[Question, object, bool], Any]] = {
    "text": _text_answer,
    "long_text": _text_answer,
    "integer": _integer_answer,
    "won": _integer_answer,
    "date": _date_answer,
    "choice": _choice_answer,
    "multi": _multi_answer,
    "yes_no": _yes_no_answer,
    "rows": _rows_answer,
}
