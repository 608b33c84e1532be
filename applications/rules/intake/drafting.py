"""Check the costs, documents and consents of a draft; each check returns all findings at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.errors import BadInput, Finding
from portal.core.money import checked_won, won
from programs.rules.facts import Facts, applies, parse_when


@dataclass(frozen=True)
class Costs:
    """Sum of a cost sheet in won (None while a line cannot be read), and findings."""

    total_won: int | None
    findings: tuple[Finding, ...]


def add_up(
    items: Sequence[Mapping[str, Any]],
    *,
    declared_total_won: int | None = None,
    required: bool = False,
    drafting: bool = False,
) -> Costs:
    """Add the lines (`label`, `won`) of a cost sheet exactly.

    Reports `missing:cost_items`, `invalid:cost_items` per faulty line, and `invalid:total_cost`
    when the lines do not add up to the declared total. Drafts may have gaps.
    """
    findings: list[Finding] = []
    if required and not items and not drafting:
        findings.append(_missing("cost_items", "사업비 내역을 입력하세요."))
    total: int | None = 0
    for number, item in enumerate(items, start=1):
        label = str(item.get("label") or "").strip()
        amount = item.get("won")
        if not drafting and (not label or amount is None):
            findings.append(
                _missing("cost_items", f"사업비 {number}행의 항목과 금액을 입력하세요.")
            )
        try:
            amount = 0 if amount is None else checked_won(amount, label=label or f"{number}행")
            total = None if total is None else checked_won(total + amount, label="사업비 합계")
        except BadInput as error:
            total = None
            findings.append(Finding("invalid:cost_items", f"사업비 {number}행: {error.message}"))
    if not drafting and None not in (total, declared_total_won) and total != declared_total_won:
        message = (
            f"사업비 내역의 합계 {won(total)}이 총사업비 {won(declared_total_won)}과 다릅니다."
        )
        findings.append(Finding("invalid:total_cost", message))
    return Costs(total, tuple(findings))


def sum_of(rows: Any, columns: Sequence[str]) -> int | None:
    """Return in whole won what a table adds up to: in each row the product of the columns.

    None while a row lacks one of them, or there is none.
    """
    total = 0
    for row in rows or ():
        product = 1
        for column in columns:
            value = row.get(column)
            if not isinstance(value, int) or isinstance(value, bool):
                return None
            product *= value
        total += product
    return total or None


def check_documents(
    required: Sequence[Mapping[str, Any]],
    provided: Mapping[str, int],
    *,
    facts: Facts | None = None,
    told: Collection[str] = (),
) -> list[Finding]:
    """Compare the document list (code, label, required, when, max_files) with the number of
    files attached per code. Reports `missing:document:<code>` and `invalid:document:<code>`.

    Those of `told` may be left out: agencies have told what they would show.
    """
    findings = []
    for row in required:
        count, limit = provided.get(row["code"], 0), row.get("max_files")
        needed = row.get("required", True) and row["code"] not in told and _applies(row, facts)
        if needed and count == 0:
            message = f"‘{row['label']}’ 서류를 첨부하세요."
            findings.append(_missing(f"document:{row['code']}", message))
        if limit is not None and count > limit:
            message = f"‘{row['label']}’ 서류는 {limit}개까지 첨부할 수 있습니다."
            findings.append(Finding(f"invalid:document:{row['code']}", message))
    return findings


def check_consents(
    declared: Sequence[Mapping[str, Any]],
    given: Mapping[str, str],
    *,
    facts: Facts | None = None,
) -> list[Finding]:
    """Compare the consents (code, label, required, version, when) with the versions agreed to.

    An optional consent may be refused. Consent to another version counts as none:
    `invalid:consent:<code>`.
    """
    findings = []
    for row in declared:
        version = given.get(row["code"])
        if not row.get("required", True) or not _applies(row, facts):
            continue
        if not version:
            message = f"‘{row['label']}’에 동의해야 제출할 수 있습니다."
            findings.append(_missing(f"consent:{row['code']}", message))
        elif str(version) != str(row.get("version", version)):
            message = f"‘{row['label']}’의 내용이 바뀌었습니다. 다시 읽고 동의하세요."
            findings.append(Finding(f"invalid:consent:{row['code']}", message))
    return findings


def _applies(row: Mapping[str, Any], facts: Facts | None) -> bool:
    return applies(parse_when(row.get("when")), facts or {}) is True


def _missing(code: str, message: str) -> Finding:
    return Finding(f"missing:{code}", message)
