"""The sub-programmes for which somebody is an officer."""

from collections.abc import Sequence

from portal.models import User
from programs.models import SubProgram


class SubProgramParts:
    """The parts of the officer's role, see `portal.access.parts`; codes are `round/sub-programme`."""

    def choices(self) -> list[tuple[str, str]]:
        rows = SubProgram.objects.select_related("round").order_by("round", "order", "pk")
        return [(_code(row), f"{row.name} ({row.round})") for row in rows]

    def held(self, user: User) -> list[str]:
        rows = user.sub_programs.select_related("round").order_by("round", "order", "pk")
        return [_code(row) for row in rows]

    def give(self, user: User, codes: Sequence[str]) -> None:
        user.sub_programs.add(*_named(codes))

    def take(self, user: User, codes: Sequence[str]) -> None:
        user.sub_programs.remove(*_named(codes))

    def take_all(self, user: User) -> None:
        user.sub_programs.clear()


def _named(codes: Sequence[str]) -> list[SubProgram]:
    wanted = set(codes)
    rows = SubProgram.objects.select_related("round")
    return [row for row in rows if _code(row) in wanted]


def _code(program: SubProgram) -> str:
    return f"{program.round.code}/{program.code}"
