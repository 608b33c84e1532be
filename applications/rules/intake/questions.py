"""The questions a sub-programme declares as data, and how one answer is read."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.core.errors import BadInput
from portal.core.money import checked_won
from programs.rules.facts import When, absent, parse_when, read_yes

KINDS = ("text", "long_text", "integer", "won", "date", "choice", "multi", "yes_no", "rows")
DEFAULT_LENGTH = {"text": 200, "long_text": 4_000}
MOST_ROWS = 100
MOST_DIGITS = 15

_NUMBER = re.compile(r"[+-]?[0-9]+")
_DATE = re.compile(r"([0-9]{4})[-. /]{1,2}([0-9]{1,2})[-. /]{1,2}([0-9]{1,2})\.?|([0-9]{8})")
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


def read_question(row: Mapping[str, Any]) -> Question:
    """Read one row of a data file.

    Keys: code, label, kind, required, when, min and max (or minimum, maximum, min_rows,
    max_rows), max_length, choices, columns; others (help, step, unit) belong to the page and are
    left alone. `choices` may be one mapping, mappings with code (or value) and label, pairs, or
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
    choices = tuple(_choice(choice, where) for choice in listed)
    columns = tuple(read_question(column) for column in row.get("columns") or ())
    if (kind in ("choice", "multi")) != bool(choices):
        raise BadInput(f"{where}: choices는 choice와 multi에만 필요합니다.", code="question")
    if (kind == "rows") != bool(columns) or any(column.kind == "rows" for column in columns):
        raise BadInput(f"{where}: columns는 rows에만 필요합니다.", code="question")
    try:
        when = parse_when(row.get("when"))
    except BadInput as refused:
        raise BadInput(f"{where}: {refused.message}", code="question") from refused
    return Question(
        code=row["code"],
        label=row["label"],
        kind=str(kind),
        required=bool(row.get("required", False)),
        when=when,
        minimum=_bound(_first(row, "min", "minimum", "min_rows"), kind == "date", where),
        maximum=_bound(_first(row, "max", "maximum", "max_rows"), kind == "date", where),
        max_length=_length(row.get("max_length"), where) or DEFAULT_LENGTH.get(str(kind)),
        choices=choices,
        columns=columns,
    )


def parse_answer(
    question: Question | Mapping[str, Any], raw: object, *, drafting: bool = False
) -> Any:
    """Return one answer as text, int, date, bool, list of choice codes or list of rows.

    An empty answer is None. While drafting only the type is checked, not the bounds or what a
    row lacks. Raises BadInput (`invalid:<code>`) with everything that is wrong with the answer.
    """
    question = question if isinstance(question, Question) else read_question(question)
    if isinstance(raw, str):
        raw = raw.strip()
    if absent(raw):
        return None
    try:
        value = _READERS[question.kind](question, raw, drafting)
        if not drafting and not absent(value):
            _check_bounds(question, value)
    except BadInput as refused:
        raise BadInput(refused.message, code=f"invalid:{question.code}") from refused
    return None if absent(value) else value


def _first(row: Mapping[str, Any], *names: str) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _choice(choice: object, where: str) -> tuple[str, str]:
    if isinstance(choice, str):
        return choice, choice
    if isinstance(choice, Mapping) and "label" in choice and {"value", "code"} & set(choice):
        return str(_first(choice, "value", "code")), str(choice["label"])
    if isinstance(choice, list | tuple) and len(choice) == 2:
        return str(choice[0]), str(choice[1])
    raise BadInput(f"{where}: 선택지를 읽을 수 없습니다.", code="question")


def _bound(raw: object, is_date: bool, where: str) -> Bound:
    if raw is None or (isinstance(raw, int) and not isinstance(raw, bool) and not is_date):
        return raw
    if is_date and isinstance(raw, str | date):
        return _date_of(raw)
    raise BadInput(f"{where}: minimum과 maximum을 읽을 수 없습니다.", code="question")


def _length(raw: object, where: str) -> int | None:
    if raw is None or (isinstance(raw, int) and raw > 0):
        return raw
    raise BadInput(f"{where}: max_length는 1 이상의 정수여야 합니다.", code="question")


def _text(question: Question, raw: object, drafting: bool) -> str:
    if not isinstance(raw, str):
        raise BadInput("글자로 입력하세요.")
    text = unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n"))
    if _CONTROL.search(text):
        raise BadInput("쓸 수 없는 제어 문자가 들어 있습니다.")
    if question.kind == "text" and "\n" in text:
        raise BadInput("한 줄로 입력하세요.")
    if question.max_length is not None and len(text) > question.max_length:
        raise BadInput(
            f"{question.max_length:,}자까지 쓸 수 있습니다. 지금은 {len(text):,}자입니다."
        )
    return text


def _integer(question: Question, raw: object, drafting: bool) -> int:
    text = unicodedata.normalize("NFKC", str(raw)).replace(",", "").replace(" ", "")
    if question.kind == "won":
        text = text.removesuffix("원")
    if isinstance(raw, bool) or not isinstance(raw, int | str) or not _NUMBER.fullmatch(text):
        unit = "원 단위 숫자로 입력하세요. 예: 70,000,000" if question.kind == "won" else ""
        raise BadInput(unit or "소수점 없는 숫자로 입력하세요.")
    if len(text) > MOST_DIGITS:
        raise BadInput("숫자가 너무 큽니다. 단위를 확인하세요.")
    return checked_won(int(text), label=question.label) if question.kind == "won" else int(text)


def _day(question: Question, raw: object, drafting: bool) -> date:
    return _date_of(raw)


def _date_of(raw: object) -> date:
    if isinstance(raw, date) and not isinstance(raw, datetime):
        return raw
    found = _DATE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if not found:
        raise BadInput("날짜를 2021-02-16처럼 입력하세요.")
    year, month, day, packed = found.groups()
    if packed:
        year, month, day = packed[:4], packed[4:6], packed[6:]
    try:
        value = date(int(year), int(month), int(day))
    except ValueError as impossible:
        raise BadInput("달력에 없는 날짜입니다.") from impossible
    if not 1900 <= value.year <= 2100:
        raise BadInput("연도를 확인하세요.")
    return value


def _one(question: Question, raw: object, drafting: bool) -> str:
    if not isinstance(raw, str) or raw not in dict(question.choices):
        raise BadInput("보기 가운데 하나를 고르세요.")
    return raw


def _several(question: Question, raw: object, drafting: bool) -> list[str]:
    picked = [raw] if isinstance(raw, str) else raw
    codes = [code for code, _ in question.choices]
    if not isinstance(picked, list | tuple) or not all(choice in codes for choice in picked):
        raise BadInput("보기 가운데에서 고르세요.")
    return [code for code in codes if code in picked]


def _yes_no(question: Question, raw: object, drafting: bool) -> bool:
    try:
        return read_yes(raw, question.label)
    except BadInput as refused:
        raise BadInput("예 또는 아니요로 답하세요.") from refused


def _rows(question: Question, raw: object, drafting: bool) -> list[dict[str, Any]]:
    if not isinstance(raw, list | tuple) or not all(isinstance(row, Mapping) for row in raw):
        raise BadInput("표의 형식이 맞지 않습니다.")
    filled = [row for row in raw if any(not absent(row.get(c.code)) for c in question.columns)]
    if len(filled) > MOST_ROWS:
        raise BadInput(f"{MOST_ROWS}행까지 쓸 수 있습니다.")
    faults: list[str] = []
    rows = [_table_row(question, row, f"{place}행", faults, drafting)
            for place, row in enumerate(filled, start=1)]  # fmt: skip
    if faults:
        raise BadInput(" ".join(faults))
    return rows


def _table_row(
    question: Question, row: Mapping[str, Any], where: str, faults: list[str], drafting: bool
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for column in question.columns:
        try:
            values[column.code] = parse_answer(column, row.get(column.code), drafting=drafting)
        except BadInput as refused:
            faults.append(f"{where} {column.label}: {refused.message}")
            continue
        if column.required and not drafting and values[column.code] is None:
            faults.append(f"{where} {column.label}: 입력하세요.")
    return values


def _check_bounds(question: Question, value: Any) -> None:
    size: Any = len(value) if isinstance(value, str | list) else value
    unit = {"multi": "개", "rows": "행", "text": "자", "long_text": "자", "won": "원"}.get(
        question.kind, ""
    )
    if question.kind in ("choice", "yes_no"):
        return
    if question.minimum is not None and size < question.minimum:
        raise BadInput(f"{_shown(question.minimum)}{unit} 이상이어야 합니다.")
    if question.maximum is not None and size > question.maximum:
        raise BadInput(f"{_shown(question.maximum)}{unit} 이하여야 합니다.")


def _shown(bound: int | date) -> str:
    return f"{bound:,}" if isinstance(bound, int) else bound.isoformat()


_READERS: dict[str, Callable[[Question, object, bool], Any]] = {
    "text": _text,
    "long_text": _text,
    "integer": _integer,
    "won": _integer,
    "date": _day,
    "choice": _one,
    "multi": _several,
    "yes_no": _yes_no,
    "rows": _rows,
}


def read_questions(rows: Sequence[Mapping[str, Any]]) -> tuple[Question, ...]:
    """Read the questions of a form in their order.

    Raises BadInput (`question`) for a faulty row, a code used twice, or a `when` that depends on
    a question asked later.
    """
    questions = tuple(read_question(row) for row in rows)
    places = {question.code: place for place, question in enumerate(questions)}
    if len(places) < len(questions):
        raise BadInput("같은 코드의 문항이 두 번 있습니다.", code="question")
    for place, question in enumerate(questions):
        for fact in question.when or ():
            if places.get(fact, -1) >= place:
                raise BadInput(
                    f"문항 {question.code}: 뒤에 나오는 {fact} 문항에 따라 달라질 수 없습니다.",
                    code="question",
                )
    return questions
