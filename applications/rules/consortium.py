"""Who must join: the partners a sub-programme requires, against those who did."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.errors import BadInput, Finding
from programs.rules.facts import Facts, When, applies, parse_when

INVITED = "invited"
ACCEPTED = "accepted"


@dataclass(frozen=True)
class RequiredRole:
    """A partner role a sub-programme asks for; `when` restricts it to some facts."""

    role: str
    label: str
    minimum: int = 1
    when: When | None = None


@dataclass(frozen=True)
class Partner:
    """A partner of an application; only an accepted one counts, a declined one is ignored."""

    role: str
    state: str
    name: str = ""
    company_id: int | None = None
    business_number: str = ""


def parse(rows: Sequence[Mapping[str, Any]]) -> tuple[RequiredRole, ...]:
    """Read the required partners of a data file. Raises BadInput (`partner_role`)."""
    return tuple(_parse_row(row, place) for place, row in enumerate(rows, start=1))


def judge(
    required: Sequence[RequiredRole],
    partners: Sequence[Partner],
    *,
    applicant_company_id: int | None = None,
    applicant_business_number: str = "",
    facts: Facts | None = None,
) -> list[Finding]:
    """Return everything that keeps the consortium from being complete.

    A robot supplier or ICT partner must have joined (S12, S20), from its own account, and be
    another firm than the applicant; nobody counts twice. A role whose `when` cannot be told yet
    is not asked for: the open question itself is reported by `completeness`.
    """
    present = [partner for partner in partners if partner.state in (INVITED, ACCEPTED)]
    findings = [
        finding
        for role in required
        if applies(role.when, facts or {}) is True
        for finding in _short(role, present)
    ]
    findings += [
        Finding(
            f"partner_pending:{p.role}",
            f"{p.name or '초대한 기업'}이(가) 아직 수락하지 않았습니다.",
        )
        for p in present
        if p.state == INVITED
    ]
    findings += [
        Finding(
            f"partner_is_applicant:{p.role}", f"신청기업 자신은 참여기관이 될 수 없습니다: {p.name}"
        )
        for p in present
        if _is_applicant(p, applicant_company_id, applicant_business_number)
    ]
    return findings + _duplicates(present)


def _short(role: RequiredRole, present: Sequence[Partner]) -> list[Finding]:
    mine = [partner for partner in present if partner.role == role.role]
    if len(mine) >= role.minimum:
        return []
    message = f"{role.label} {role.minimum}곳이 필요합니다. 지금은 {len(mine)}곳입니다."
    return [Finding(f"partner_missing:{role.role}", message)]


def _is_applicant(partner: Partner, company_id: int | None, business_number: str) -> bool:
    same_company = company_id is not None and partner.company_id == company_id
    return same_company or (bool(business_number) and partner.business_number == business_number)


def _duplicates(present: Sequence[Partner]) -> list[Finding]:
    numbers = Counter(p.business_number for p in present if p.business_number)
    return [
        Finding("partner_duplicate", f"같은 사업자등록번호가 {count}번 들어 있습니다: {number}")
        for number, count in numbers.items()
        if count > 1
    ]


def _parse_row(row: Mapping[str, Any], place: int) -> RequiredRole:
    where = f"{place}번째 참여기관 요건"
    strange = ", ".join(sorted(str(key) for key in set(row) - {"role", "label", "minimum", "when"}))
    minimum = row.get("minimum", 1)
    if strange:
        raise BadInput(f"{where}: 알 수 없는 항목 {strange}", code="partner_role")
    if not all(isinstance(row.get(name), str) and row[name] for name in ("role", "label")):
        raise BadInput(f"{where}: role과 label이 필요합니다.", code="partner_role")
    if isinstance(minimum, bool) or not isinstance(minimum, int) or minimum < 1:
        raise BadInput(f"{where}: minimum은 1 이상의 정수여야 합니다.", code="partner_role")
    try:
        return RequiredRole(row["role"], row["label"], minimum, parse_when(row.get("when")))
    except BadInput as refused:
        raise BadInput(f"{where}: {refused.message}", code="partner_role") from refused
