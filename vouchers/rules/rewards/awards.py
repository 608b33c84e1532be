"""The award pool: who is awarded, and a fixed sum divided to the last won."""

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
    """A kind of award: how many, its share of the pool for one, and whether it is commended."""

    code: str
    label: str
    places: int
    weight: int
    commended: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member with what the ranking looks at."""

    id: int
    total: Decimal
    accepted: int
    completeness: Decimal
    usefulness: Decimal


@dataclass(frozen=True, slots=True)
class Award:
    """One award: whose, which, at which rank, how much."""

    id: int
    rank: int
    tier: Tier
    amount: int


def parse(rows: Sequence[Mapping[str, Any]]) -> list[Tier]:
    """Read the tiers a round holds. Raises BadInput (`tiers`)."""
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
    """Divide a pool of whole won by weights, to the last won (largest remainder).

    Equal remainders go to the earlier place, so the division is the same every time. Raises
    BadInput (`pool`) when there is nothing to divide or nobody to get it.
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
    """Order candidates by TIE_RULE; nobody without an accepted report is ranked."""
    return sorted(
        (one for one in candidates if one.accepted > 0),
        key=lambda c: (-c.total, -c.accepted, -c.completeness, -c.usefulness, c.id),
    )


def propose(pool: int, tiers: Sequence[Tier], candidates: Sequence[Candidate]) -> list[Award]:
    """Give the tiers to the ranked candidates in order, and divide the whole pool among them.

    With fewer candidates than places the last places stay empty and the pool is divided over those
    given. Raises BadInput (`pool`) when nobody can be awarded.
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
