"""Costs of pairing assessors with applications, as integers, and why places stay unfilled."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from programs.rules import industries


@dataclass(frozen=True)
class Fit:
    """Cost of each mismatch between an assessor and an application; set by the sub-programme."""

    program: int  # the assessor does not know the sub-programme
    industry: int  # the assessor does not know the industry
    region: int  # both are in the same region, where people know one another
    load: int  # for each further application of the same assessor


@dataclass(frozen=True)
class Profile:
    """What an assessor knows; an empty profile matches no programme and no industry."""

    programs: frozenset[str]
    industries: tuple[str, ...]
    region: str = ""


@dataclass(frozen=True)
class Subject:
    """The properties of an application that an assessor is matched on."""

    program: str
    industry: str
    region: str = ""


def cost(profile: Profile, subject: Subject, fit: Fit) -> int:
    """Return the cost of a pair: 0 for a perfect match, higher the less it fits."""
    industry = subject.industry.lstrip(industries.SECTIONS)
    known = bool(industry) and any(industry.startswith(first) for first in profile.industries)
    return (
        fit.program * (subject.program not in profile.programs)
        + fit.industry * (not known)
        + fit.region * (bool(profile.region) and profile.region == subject.region)
    )


def explain(
    *,
    needed: int,
    placed: int,
    minimum: int,
    with_panel: int,
    without_panel: int,
    seats: int,
    least_seats: int,
    short_of_people: Sequence[tuple[str, int, int]],
    crowded: Collection[str],
    places: int,
    capacity: int,
    fixed: int,
) -> list[str]:
    """Explain in Korean which places could not be filled, and how many are missing.

    `seats` is what all assessors can still take, `least_seats` what the minimum of every application
    needs. `short_of_people` lists applications with fewer permitted assessors than places, as (number,
    places, permitted). `crowded` are the only assessors left for `places` places of the applications
    with a panel: they can still take `capacity` of them, and `fixed` are filled by other people.
    """
    if placed >= needed:
        return [f"필요한 {needed:,}자리를 모두 채웠습니다."]
    lines = [f"필요한 {needed:,}자리 가운데 {needed - placed:,}자리를 채우지 못했습니다."]
    if without_panel:
        lines.append(
            f"신청 {with_panel + without_panel:,}건 가운데 {with_panel:,}건에 {minimum}명 이상을"
            f" 배정하고, {without_panel:,}건은 배정하지 못했습니다. 최소 {minimum}명을 채울 수 없는"
            " 신청에는 아무도 배정하지 않으며, 이미 배정한 신청, 먼저 접수한 신청의 순서로 채웁니다."
        )
    if seats < least_seats:
        lines.append(
            f"모든 신청에 최소 {minimum}명씩 배정하려면 {least_seats:,}자리가 더 필요한데"
            f" 평가위원이 더 맡을 수 있는 자리는 {seats:,}자리입니다."
        )
    for number, required, permitted in short_of_people:
        lines.append(
            f"{number}: {required}명이 필요하지만 이해관계와 배정 금지를 빼면 맡을 수 있는 평가위원이"
            f" {permitted}명뿐이라 {required - permitted}명이 부족합니다."
        )
    missing = places - capacity - fixed
    if missing > 0 and crowded:
        lines.append(
            f"평가위원 {len(crowded):,}명에게 남은 최대 배정 건수가 {capacity:,}건인데 이들이 맡아야 할"
            f" 자리는 {places - fixed:,}자리입니다. 배정 건수를 늘리거나 평가위원을 더해"
            f" {missing:,}자리를 마련해야 합니다."
        )
    return lines
