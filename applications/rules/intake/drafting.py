"""What is still missing or wrong in an application, everything at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from applications.rules.intake.questions import (
    Question,
    parse_answer,
    read_question,
    read_questions,
)
from portal.core.errors import BadInput, Finding
from portal.core.money import checked_won, won
from programs.rules.facts import Fact, Facts, applies, parse_when

__all__ = [
    "Costs",
    "Question",
    "Reviewed",
    "add_up",
    "check_consents",
    "check_documents",
    "parse_answer",
    "read_question",
    "read_questions",
    "review",
]


@dataclass(frozen=True)
class Reviewed:
    """Answers as typed values (only of questions that apply and could be read), and findings."""

    values: dict[str, Any]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Costs:
    """The sum of a cost sheet in won (None while a line cannot be read), and findings."""

    total_won: int | None
    findings: tuple[Finding, ...]


def review(
    questions: Sequence[Question | Mapping[str, Any]],
    answers: Mapping[str, Any],
    *,
    facts: Facts | None = None,
    drafting: bool = False,
) -> Reviewed:
    """Clean the answers and report all that is missing (`missing:<code>`) or wrong
    (`invalid:<code>`).

    `facts` are known beside the answers (track, company size) for questions with a `when`. A
    question that does not apply is neither asked nor kept. Gaps and bounds are allowed while
    drafting, wrong types are not.
    """
    read = [one if isinstance(one, Question) else read_question(one) for one in questions]
    known: dict[str, Fact] = dict(facts or {})
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for question in read:
        if applies(question.when, known) is not True:
            continue
        try:
            value = parse_answer(question, answers.get(question.code), drafting=drafting)
        except BadInput as refused:
            findings.append(Finding(refused.code, f"‘{question.label}’ 항목: {refused.message}"))
            continue
        if value is None:
            if question.required and not drafting:
                findings.append(_gap(question.code, f"‘{question.label}’ 항목을 입력하세요."))
            continue
        values[question.code] = value
        if question.kind != "rows":
            known[question.code] = tuple(value) if question.kind == "multi" else value
    return Reviewed(values, tuple(findings))


def add_up(
    items: Sequence[Mapping[str, Any]],
    *,
    declared_total_won: int | None = None,
    required: bool = False,
    drafting: bool = False,
) -> Costs:
    """Add the lines (`label`, `won`) of a cost sheet exactly.

    Reports `missing:cost_items`, `invalid:cost_items` per faulty line and `invalid:total_cost`
    when the lines do not add up to the total that was declared.
    """
    findings: list[Finding] = []
    if required and not items and not drafting:
        findings.append(_gap("cost_items", "사업비 내역을 입력하세요."))
    total: int | None = 0
    for place, item in enumerate(items, start=1):
        label = str(item.get("label") or "").strip()
        amount = item.get("won")
        if not drafting and (not label or amount is None):
            findings.append(_gap("cost_items", f"사업비 {place}행의 항목과 금액을 입력하세요."))
        try:
            amount = 0 if amount is None else checked_won(amount, label=label or f"{place}행")
            total = None if total is None else checked_won(total + amount, label="사업비 합계")
        except BadInput as refused:
            total = None
            findings.append(Finding("invalid:cost_items", f"사업비 {place}행: {refused.message}"))
    if not drafting and None not in (total, declared_total_won) and total != declared_total_won:
        gap = f"사업비 내역의 합계 {won(total)}이 총사업비 {won(declared_total_won)}과 다릅니다."
        findings.append(Finding("invalid:total_cost", gap))
    return Costs(total, tuple(findings))


def check_documents(
    required: Sequence[Mapping[str, Any]],
    provided: Mapping[str, int],
    *,
    facts: Facts | None = None,
) -> list[Finding]:
    """Compare the document list (code, label, required, when, max_files) with the number of files
    attached per code; reports `missing:document:<code>` and `invalid:document:<code>`.
    """
    findings = []
    for row in required:
        count, most = provided.get(row["code"], 0), row.get("max_files")
        asked = row.get("required", True) and _relevant(row, facts)
        if asked and count == 0:
            missing = f"‘{row['label']}’ 서류를 첨부하세요."
            findings.append(_gap(f"document:{row['code']}", missing))
        if most is not None and count > most:
            many = f"‘{row['label']}’ 서류는 {most}개까지 첨부할 수 있습니다."
            findings.append(Finding(f"invalid:document:{row['code']}", many))
    return findings


def check_consents(
    declared: Sequence[Mapping[str, Any]],
    given: Mapping[str, str],
    *,
    facts: Facts | None = None,
) -> list[Finding]:
    """Compare the consents (code, label, required, version, when) with the versions agreed to.

    An optional consent may be refused. One given to another version counts as not given:
    `invalid:consent:<code>`.
    """
    findings = []
    for row in declared:
        version = given.get(row["code"])
        if not row.get("required", True) or not _relevant(row, facts):
            continue
        if not version:
            missing = f"‘{row['label']}’에 동의해야 제출할 수 있습니다."
            findings.append(_gap(f"consent:{row['code']}", missing))
        elif str(version) != str(row.get("version", version)):
            stale = f"‘{row['label']}’의 내용이 바뀌었습니다. 다시 읽고 동의하세요."
            findings.append(Finding(f"invalid:consent:{row['code']}", stale))
    return findings


def _relevant(row: Mapping[str, Any], facts: Facts | None) -> bool:
    return applies(parse_when(row.get("when")), facts or {}) is True


def _gap(code: str, message: str) -> Finding:
    return Finding(f"missing:{code}", message)
