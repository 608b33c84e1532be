"""Required partners of an application and the terms they agree to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.core.errors import BadInput, Finding
from portal.core.money import won
from portal.core.particles import with_particle
from programs.rules.facts import Facts, When, applies, parse_when

INVITED = "invited"
PENDING = "pending"
ACCEPTED = "accepted"


@dataclass(frozen=True)
class RequiredRole:
    """A partner role that a sub-programme requires; `when` restricts it to some facts."""

    role: str
    label: str
    minimum: int = 1
    when: When | None = None


@dataclass(frozen=True)
class Terms:
    """A partner's share of the applicant side's cost and its quotation, in won.

    `confirmed` is None while the partner has not answered.
    """

    share_won: int | None = None
    quote_won: int | None = None
    confirmed: bool | None = None
    signed: bool = False


@dataclass(frozen=True)
class Partner:
    """A partner of an application; only accepted ones count, declined ones are ignored."""

    role: str
    state: str
    name: str = ""
    company_id: int | None = None
    business_number: str = ""
    terms: Terms | None = None


@dataclass(frozen=True)
class Shares:
    """Split of the applicant side's cost, to the won; the applicant bears the rest."""

    own_won: int
    partners: tuple[tuple[str, int], ...]

    @property
    def applicant_won(self) -> int:
        """Return the applicant's own share, negative when the partners' shares exceed the cost."""
        return self.own_won - sum(share for _, share in self.partners)


def parse(rows: Sequence[Mapping[str, Any]]) -> tuple[RequiredRole, ...]:
    """Read the required partners of a data file. Raises BadInput (`partner_role`)."""
    return tuple(_parse_row(row, number) for number, row in enumerate(rows, start=1))


def judge(
    required: Sequence[RequiredRole],
    partners: Sequence[Partner],
    *,
    applicant_company_id: int | None = None,
    applicant_business_number: str = "",
    facts: Facts | None = None,
) -> list[Finding]:
    """Return everything that keeps the consortium from being complete.

    A robot supplier or ICT partner must have joined from its own account and be another firm than
    the applicant (S12, S20); nobody counts twice. A role whose `when` depends on an unanswered
    question is not required yet: `review` reports that question.
    """
    present = [partner for partner in partners if partner.state in (INVITED, PENDING, ACCEPTED)]
    findings = [
        finding
        for role in required
        if applies(role.when, facts or {}) is True
        for finding in _missing_partners(role, present)
    ]
    findings += [
        Finding(
            f"partner_pending:{p.role}",
            f"{with_particle(p.name or '초대한 기업', '이/가')} 아직 수락하지 않았습니다.",
        )
        for p in present
        if p.state == INVITED
    ]
    findings += [
        Finding(
            f"partner_unconfirmed:{p.role}",
            f"수락한 기업이 초대하려던 기업이 맞는지 확인해 주세요: {p.name}",
        )
        for p in present
        if p.state == PENDING
    ]
    findings += [
        Finding(
            f"partner_is_applicant:{p.role}", f"신청기업 자신은 참여기관이 될 수 없습니다: {p.name}"
        )
        for p in present
        if _is_applicant(p, applicant_company_id, applicant_business_number)
    ]
    return findings + _duplicates(present)


def judge_terms(
    required: Mapping[str, Mapping[str, Any]],
    partners: Sequence[Partner],
    *,
    own_won: int | None,
    total_cost_won: int | None,
) -> list[Finding]:
    """Return what keeps the partners' terms from being settled.

    `required` says by role whether a share and a quotation must be confirmed (`share`, `quote`).
    Shares and the applicant's rest make up `own_won` exactly; quotations stay within the cost.
    Partners that have not accepted are skipped, and so are sums that are not known yet (None).
    """
    joined = [one for one in partners if one.state == ACCEPTED and one.role in required]
    findings = [finding for one in joined for finding in _check_terms(one, required[one.role])]
    quotes = sum(one.terms.quote_won or 0 for one in joined if one.terms)
    if own_won is not None and (rest := shares(joined, own_won=own_won).applicant_won) < 0:
        findings.append(
            Finding(
                "partner_shares_over_cost",
                f"참여기관 부담금의 합계가 기업부담금 {won(own_won)}보다 {won(-rest)} 많습니다.",
            )
        )
    if total_cost_won is not None and quotes > total_cost_won:
        findings.append(
            Finding(
                "partner_quotes_over_cost",
                f"견적금액의 합계 {won(quotes)}이 총사업비 {won(total_cost_won)}보다 많습니다.",
            )
        )
    return findings


def shares(partners: Sequence[Partner], *, own_won: int) -> Shares:
    """Split the applicant side's cost over partners and applicant, to the won."""
    return Shares(
        own_won,
        tuple((one.name, one.terms.share_won or 0) for one in partners if one.terms),
    )


def _check_terms(partner: Partner, required: Mapping[str, Any]) -> list[Finding]:
    terms, role = partner.terms, partner.role
    if terms is None:
        return [Finding(f"partner_terms:{role}", f"{partner.name}의 맡은 일과 금액을 정하세요.")]
    amounts = {
        "partner_share": (required.get("share"), terms.share_won, "부담금"),
        "partner_quote": (required.get("quote"), terms.quote_won, "견적금액"),
    }
    findings = [
        Finding(f"{code}:{role}", f"{partner.name}의 {what}을 정하세요.")
        for code, (needed, amount, what) in amounts.items()
        if needed and amount is None
    ]
    if terms.confirmed is None:
        findings.append(
            Finding(
                f"partner_unconfirmed:{role}",
                f"{with_particle(partner.name, '이/가')} 맡은 일과 금액을 아직 확인하지 않았습니다.",
            )
        )
    elif terms.confirmed and required.get("pledge") and not terms.signed:
        findings.append(
            Finding(
                f"partner_unsigned:{role}",
                f"참여확약서에 아직 서명하지 않은 참여기관입니다: {partner.name}. 조건을 고쳐 다시 "
                "보내면 확인하면서 서명합니다.",
            )
        )
    elif not terms.confirmed:
        findings.append(
            Finding(
                f"partner_disagrees:{role}",
                f"{with_particle(partner.name, '이/가')} 맡은 일이나 금액에 동의하지 않았습니다. 고쳐서 다시 보내세요.",
            )
        )
    return findings


def _missing_partners(role: RequiredRole, present: Sequence[Partner]) -> list[Finding]:
    joined = [partner for partner in present if partner.role == role.role]
    if len(joined) >= role.minimum:
        return []
    message = f"{role.label} {role.minimum}곳이 필요합니다. 지금은 {len(joined)}곳입니다."
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


def _parse_row(row: Mapping[str, Any], number: int) -> RequiredRole:
    where = f"{number}번째 참여기관 요건"
    unknown = ", ".join(sorted(str(key) for key in set(row) - {"role", "label", "minimum", "when"}))
    minimum = row.get("minimum", 1)
    if unknown:
        raise BadInput(f"{where}: 알 수 없는 항목 {unknown}", code="partner_role")
    if not all(isinstance(row.get(name), str) and row[name] for name in ("role", "label")):
        raise BadInput(f"{where}: role과 label이 필요합니다.", code="partner_role")
    if isinstance(minimum, bool) or not isinstance(minimum, int) or minimum < 1:
        raise BadInput(f"{where}: minimum은 1 이상의 정수여야 합니다.", code="partner_role")
    try:
        return RequiredRole(row["role"], row["label"], minimum, parse_when(row.get("when")))
    except BadInput as error:
        raise BadInput(f"{where}: {error.message}", code="partner_role") from error
