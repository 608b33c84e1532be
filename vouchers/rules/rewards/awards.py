"""The award pool: who gets an award, and how a fixed sum is divided to the last won."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.core.errors import BadInput

TIE_RULE = (
    "활동 점수가 높은 순서로 하되, 같으면 채택된 보고서가 많은 순서, 충실도, 활용도가 높은 순서, "
    "먼저 신청한 순서로 정합니다. 추첨은 하지 않습니다."
)


@dataclass(frozen=True, slots=True)
class Tier:
    """An award tier: number of places, weight of one place in the pool, whether it is commended."""

    code: str
    label: str
    places: int
    weight: int
    commended: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member with the figures that the ranking compares."""

    id: int
    total: Decimal
    accepted: int
    completeness: Decimal
    usefulness: Decimal


@dataclass(frozen=True, slots=True)
class Award:
    """An award of `amount` won to member `id`."""

    id: int
    rank: int
    tier: Tier
    amount: int


def parse(rows: Sequence[Mapping[str, Any]]) -> list[Tier]:
    """Parse the tiers that a ReportPlan holds. Raises BadInput (`tiers`)."""
    try:
        tiers = [
            Tier(
                str(row["code"]),
                str(row["label"]),
                int(row["places"]),
                int(row["weight"]),
                bool(row["commended"]),
            )
            for row in rows
        ]
    except (KeyError, TypeError, ValueError) as broken:
        raise BadInput(f"시상 등급이 올바르지 않습니다: {broken}", code="tiers") from broken
    if not tiers or any(tier.places < 1 or tier.weight < 1 for tier in tiers):
        raise BadInput("시상 등급에는 인원과 비중이 1 이상이어야 합니다.", code="tiers")
    return tiers


def divide(pool: int, weights: Sequence[int]) -> list[int]:
    """Divide a pool of whole won by weights, to the last won (largest remainder method).

    Equal remainders go to the earlier place. Raises BadInput (`pool`) for a negative pool, no
    weights, or a weight below 1.
    """
    if pool < 0 or not weights or any(weight < 1 for weight in weights):
        raise BadInput("나눌 금액과 비중을 확인하세요.", code="pool")
    whole = sum(weights)
    shares = [pool * weight // whole for weight in weights]
    rest = pool - sum(shares)
    order = sorted(range(len(weights)), key=lambda i: (-(pool * weights[i] % whole), i))
    for place in order[:rest]:
        shares[place] += 1
    return shares


def rank(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Sort candidates by TIE_RULE, without those who have no accepted report."""
    return sorted(
        (row for row in candidates if row.accepted > 0),
        key=lambda c: (-c.total, -c.accepted, -c.completeness, -c.usefulness, c.id),
    )


def propose(pool: int, tiers: Sequence[Tier], candidates: Sequence[Candidate]) -> list[Award]:
    """Assign the tiers to the ranked candidates in order and divide the whole pool among them.

    With fewer candidates than places the last places stay empty and the pool goes to the others.
    Raises BadInput (`pool`) when no candidate has an accepted report.
    """
    places = [tier for tier in tiers for _ in range(tier.places)]
    chosen = list(zip(rank(candidates), places, strict=False))
    if not chosen:
        raise BadInput("채택된 보고서를 낸 단원이 없어 시상할 수 없습니다.", code="pool")
    amounts = divide(pool, [tier.weight for _, tier in chosen])
    return [
        Award(candidate.id, place, tier, amount)
        for place, ((candidate, tier), amount) in enumerate(
            zip(chosen, amounts, strict=True), start=1
        )
    ]
