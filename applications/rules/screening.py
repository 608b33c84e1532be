"""Rules of screening: what a filed application has to fulfil, and what keeps it in screening."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.core.errors import Finding
from programs.rules import eligibility, evidence
from programs.rules.facts import applies

PENDING, CONFIRMED = "pending", "confirmed"
ADVISORY_UNMET = "check_advised"


@dataclass(frozen=True)
class Check:
    """One check with the decision of staff; `met` is the automatic verdict, None for undecided."""

    code: str
    message: str
    met: bool | None
    decision: str = PENDING

    @property
    def final(self) -> bool | None:
        """Return the verdict after the decision of staff; None while it is pending."""
        if self.decision == PENDING:
            return None
        return bool(self.met) if self.decision == CONFIRMED else not self.met


@dataclass(frozen=True)
class Screened:
    """What staff have decided about an application so far; `advisory` are codes that only warn.

    `flags` are the labels of what somebody has still to see to.
    """

    checks: Sequence[Check] = ()
    advisory: Collection[str] = field(default_factory=frozenset)
    supplement_open: bool = False
    exclusion_proposed: bool = False
    bonuses_pending: Sequence[str] = ()
    flags: Sequence[str] = ()


def verdicts(
    conditions: Iterable[eligibility.Condition], raw_facts: Mapping[str, object], *, on: date
) -> list[tuple[eligibility.Condition, bool | None]]:
    """Judge every condition that concerns these facts, on the day of filing; None is undecided.

    Raises BadInput (`fact`) for a fact of the wrong type.
    """
    declared = tuple(conditions)
    facts = eligibility.read_facts(declared, raw_facts)
    found: list[tuple[eligibility.Condition, bool | None]] = []
    for condition in declared:
        if applies(condition.when, facts) is False:
            continue
        verdict = eligibility.judge([condition], facts, on=on, final=False)
        found.append((condition, None if verdict.unknown else not verdict.findings))
    return found


def advisory_codes(conditions: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the codes of the conditions of a form that only warn."""
    return frozenset(row["code"] for row in conditions if not row.get("blocking", True))


def open_findings(screened: Screened) -> list[Finding]:
    """Return everything that keeps an application from going on to assessment."""
    findings = []
    for check in screened.checks:
        if check.final is None:
            findings.append(Finding("check_pending", f"확인 전인 요건: {check.message}"))
        elif not check.final and check.code not in screened.advisory:
            findings.append(Finding("check_failed", f"충족하지 않은 요건: {check.message}"))
    if screened.exclusion_proposed:
        findings.append(
            Finding("exclusion_proposed", "승인을 기다리는 요건 미충족 제안이 있습니다.")
        )
    if screened.supplement_open:
        findings.append(Finding("supplement_open", "답을 기다리는 보완 요청이 있습니다."))
    findings += [
        Finding("bonus_pending", f"확인 전인 가점: {label}") for label in screened.bonuses_pending
    ]
    return findings


def provable(standing: str) -> bool:
    """Tell whether a met verdict may be confirmed without a look: never what only the firm states."""
    return standing == evidence.CONFIRMED


def document_labels(form: Mapping[str, Any]) -> dict[str, str]:
    """Return code and label of the documents that a form asks for."""
    return {row["code"]: row["label"] for row in form.get("documents", [])}


def unknown_documents(documents: Mapping[str, str], wanted: Iterable[str]) -> Finding | None:
    """Refuse to ask again for a document that the form of the application does not know."""
    if unknown := sorted(set(wanted) - set(documents)):
        return Finding("requirement", f"없는 제출서류입니다: {', '.join(unknown)}")
    return None


def second_request(waiting: bool) -> Finding | None:
    """Refuse a supplement request beside one that waits for its answer."""
    if waiting:
        return Finding("supplement_open", "아직 답을 기다리는 보완 요청이 있습니다.")
    return None


def left_to_people(screened: Screened) -> list[Finding]:
    """Return what one person may pass and an act on many does not: unmet advice, open flags."""
    unmet = [
        Finding(ADVISORY_UNMET, f"충족하지 않은 권고 요건: {check.message}")
        for check in screened.checks
        if check.final is False and check.code in screened.advisory
    ]
    return unmet + [Finding("flag_open", f"떼지 않은 표시: {label}") for label in screened.flags]
