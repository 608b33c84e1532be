"""Input of the assignment solver (permitted pairs with costs) and messages for what is short."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from portal.assignment.matching import Deficit, KindShortage, Shortage, Solution

UNWISHED = 1_000  # cost of a service that the member did not wish for; above that of any wish
STEP = 20  # added for each lower rank of a wish
BALANCE = 5  # added for each further service of the same member
MOST_PAIRS = 500_000
EXAMPLES = 5  # services named in a message


@dataclass(frozen=True)
class Member:
    """A member who can try up to `load` services; `wishes` are service ids, the first rank first."""

    id: int
    kind: str
    load: int
    wishes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Demand:
    """A covered service, the members it needs, and the minimum of each kind of member."""

    id: int
    members: int
    least: Mapping[str, int]


def options(
    members: Sequence[Member],
    services: Sequence[Demand],
    forbidden: Collection[tuple[int, int]],
    *,
    most: int = MOST_PAIRS,
) -> list[tuple[int, int, int]]:
    """Return every permitted (member id, service id, cost).

    With more than `most` pairs, each member gets their wishes and an equal share of the other
    services; the share shifts from member to member, so that every service is offered to some.
    """
    excluded = set(forbidden)
    known = {row.id for row in services}
    share = len(services)
    if members and len(members) * len(services) > most:
        share = max(1, most // len(members))
    pairs = []
    for place, member in enumerate(members):
        costs = {
            service: STEP * rank for rank, service in enumerate(member.wishes) if service in known
        }
        start = place * share
        for offset in range(min(share, len(services))):
            costs.setdefault(services[(start + offset) % len(services)].id, UNWISHED)
        pairs += [
            (member.id, service, cost)
            for service, cost in costs.items()
            if (member.id, service) not in excluded
        ]
    return pairs


def explain(
    solution: Solution, names: Mapping[int, str], kinds: Mapping[str, str]
) -> list[dict[str, object]]:
    """Return messages on what could not be met and why: the total first, then each service."""
    rows: list[dict[str, object]] = []
    if solution.complete:
        text = "모든 서비스에 필요한 인원을 구분에 맞게 배정했습니다."
        return [{"code": "complete", "text": text, "services": []}]
    if solution.deficit is not None:
        rows.append(_deficit(solution.deficit, names))
    rows += [_shortage(row, names) for row in solution.shortages]
    rows += [_kind_shortage(row, names, kinds) for row in solution.kind_shortages]
    return rows


def _deficit(row: Deficit, names: Mapping[int, str]) -> dict[str, object]:
    some = ", ".join(names[id] for id in row.tasks[:EXAMPLES])
    more = f" 등 {len(row.tasks):,}개" if len(row.tasks) > EXAMPLES else ""
    have = [
        f"배정할 수 있는 단원 {len(row.workers):,}명에게 남은 여유는 {row.room:,}자리"
        if row.workers
        else "",
        f"다른 단원이 채운 자리는 {row.fixed:,}자리" if row.fixed else "",
    ]
    why = ", ".join(part for part in have if part)
    text = (
        f"서비스 {len(row.tasks):,}개({some}{more})에 {row.wanted:,}자리가 필요하지만 "
        f"{f'{why}뿐이라' if why else '배정할 수 있는 단원이 없어'} {row.missing:,}자리가 모자랍니다. "
        "단원을 더 두거나 한 사람의 최대 체험 수를 늘리거나 체험 서비스를 줄여야 합니다."
    )
    return {"code": "deficit", "text": text, "services": list(row.tasks)}


def _shortage(row: Shortage, names: Mapping[int, str]) -> dict[str, object]:
    head = f"{names[row.task]}: {row.wanted}명이 필요하지만 {row.got}명만 배정했습니다."
    why = (
        f"배정할 수 있는 단원이 {row.permitted}명뿐입니다."
        if row.reason == "permitted"
        else f"배정할 수 있는 단원 {row.permitted}명의 여유를 다른 서비스에 모두 썼습니다."
    )
    return {"code": "short", "text": f"{head} {why}", "services": [row.task]}


def _kind_shortage(
    row: KindShortage, names: Mapping[int, str], kinds: Mapping[str, str]
) -> dict[str, object]:
    kind = kinds.get(row.kind, row.kind)
    head = f"{names[row.task]}: {kind} {row.wanted}명이 필요하지만 {row.got}명입니다."
    why = (
        f"배정할 수 있는 {kind} 단원이 {row.permitted}명뿐입니다."
        if row.permitted < row.wanted
        else f"배정할 수 있는 {kind} 단원 {row.permitted}명의 여유를 다른 서비스에 모두 썼습니다."
    )
    return {"code": "kind", "text": f"{head} {why}", "services": [row.task]}
