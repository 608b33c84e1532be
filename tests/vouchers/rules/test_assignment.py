"""Permitted pairs with their costs; messages on shortages."""

from portal.assignment import matching
from vouchers.rules.assignment import STEP, UNWISHED, Demand, Member, explain, options

NAMES = {1: "가나 회의", 2: "다라 보안"}
KINDS = {"sme": "중소기업 임직원", "expert": "분야 전문가"}


def solved(members: list[Member], services: list[Demand]) -> matching.Solution:
    return matching.solve(
        [matching.Worker(row.id, row.load, row.kind) for row in members],
        [matching.Task(row.id, row.members, row.least) for row in services],
        options(members, services, ()),
        seed=1,
    )


def words(members: list[Member], services: list[Demand]) -> list[str]:
    return [str(row["text"]) for row in explain(solved(members, services), NAMES, KINDS)]


def test_wishes_cost_less_by_rank_and_forbidden_pairs_are_absent() -> None:
    member = Member(7, "sme", 2, wishes=(2, 1, 99))
    services = [Demand(1, 1, {}), Demand(2, 1, {}), Demand(3, 1, {})]
    assert sorted(options([member], services, [(7, 3)])) == [(7, 1, STEP), (7, 2, 0)]
    assert (7, 3, UNWISHED) in options([member], services, ())


def test_too_many_pairs_are_shared_out_evenly_and_wishes_stay() -> None:
    members = [Member(id, "sme", 2, wishes=(9,)) for id in range(1, 6)]
    services = [Demand(id, 1, {}) for id in range(10)]
    found = options(members, services, (), most=10)
    assert {service for _, service, _ in found} == set(range(10))
    assert all((member.id, 9, 0) in found for member in members)


def test_a_complete_assignment_is_reported_as_complete() -> None:
    members = [Member(1, "sme", 1), Member(2, "expert", 1)]
    assert words(members, [Demand(1, 2, {"sme": 1, "expert": 1})]) == [
        "모든 서비스에 필요한 인원을 구분에 맞게 배정했습니다."
    ]


def test_too_few_people_are_counted_exactly() -> None:
    said = words([Member(1, "sme", 5)], [Demand(1, 2, {"sme": 1, "expert": 1})])
    assert said[0].startswith(
        "서비스 1개(가나 회의)에 2자리가 필요하지만 다른 단원이 채운 자리는 1자리뿐이라 "
        "1자리가 모자랍니다."
    )
    assert said[1:] == [
        "가나 회의: 2명이 필요하지만 1명만 배정했습니다. 배정할 수 있는 단원이 1명뿐입니다.",
        "가나 회의: 분야 전문가 1명이 필요하지만 0명입니다. "
        "배정할 수 있는 분야 전문가 단원이 0명뿐입니다.",
    ]


def test_too_few_places_name_the_services_and_the_gap() -> None:
    said = words([Member(1, "sme", 1)], [Demand(1, 1, {}), Demand(2, 1, {})])
    assert "서비스 2개(가나 회의, 다라 보안)에 2자리가 필요하지만" in said[0]
    assert "단원 1명에게 남은 여유는 1자리뿐이라 1자리가 모자랍니다" in said[0]
    assert "여유를 다른 서비스에 모두 썼습니다" in said[1]


def test_no_members_at_all_is_reported() -> None:
    assert "배정할 수 있는 단원이 없어 2자리가 모자랍니다" in words([], [Demand(1, 2, {})])[0]
