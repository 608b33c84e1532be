"""What an assignment of assessors costs: how well one fits an application, in whole numbers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Fit:
    """What counts against a pair, and by how much: figures of the sub-programme."""

    program: int  # the assessor does not know it
    industry: int  # nor its trade
    region: int  # the same region, where people know one another
    load: int  # each further application of one assessor


@dataclass(frozen=True)
class Profile:
    """What an assessor knows; empty knowledge is taken as knowing nothing in particular."""

    programs: frozenset[str]
    industries: tuple[str, ...]
    region: str = ""


@dataclass(frozen=True)
class Subject:
    """What an application is about."""

    program: str
    industry: str
    region: str = ""


def cost(profile: Profile, subject: Subject, fit: Fit) -> int:
    """Say how far an assessor is from an application."""
    industry = subject.industry.lstrip("ABCDEFGHIJKLMNOPQRSTU")
    known = bool(industry) and any(industry.startswith(first) for first in profile.industries)
    return (
        fit.program * (subject.program not in profile.programs)
        + fit.industry * (not known)
        + fit.region * (bool(profile.region) and profile.region == subject.region)
    )


def explain(
    *,
    wanted: int,
    placed: int,
    short_of_people: Sequence[tuple[str, int, int]],
    crowded: Collection[str],
    places: int,
    room: int,
    fixed: int,
) -> list[str]:
    """Say in words what is short and by how many.

    `short_of_people` are applications that may have fewer assessors than they want (number,
    wanted, permitted). `crowded` are assessors who are all that some `places` have, with `room`
    left among them and `fixed` places filled by others.
    """
    if placed >= wanted:
        return [f"필요한 {wanted:,}자리를 모두 채웠습니다."]
    told = [f"필요한 {wanted:,}자리 가운데 {wanted - placed:,}자리를 채우지 못했습니다."]
    for number, needs, permitted in short_of_people:
        told.append(
            f"{number}: {needs}명이 필요하지만 이해관계와 배정 금지를 빼면 맡을 수 있는 평가위원이"
            f" {permitted}명뿐이라 {needs - permitted}명이 부족합니다."
        )
    missing = places - room - fixed
    if missing > 0 and (crowded or not short_of_people):
        people = f"평가위원 {len(crowded):,}명" if crowded else "맡을 수 있는 평가위원이 없어"
        told.append(
            f"{people}에게 남은 최대 배정 건수가 {room:,}건인데 이들이 맡아야 할 자리는"
            f" {places - fixed:,}자리입니다. 배정 건수를 늘리거나 평가위원을 더해"
            f" {missing:,}자리를 마련해야 합니다."
            if crowded
            else f"{people} {missing:,}자리를 채울 수 없습니다."
        )
    return told
