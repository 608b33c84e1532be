"""Row: solving who tries what, against only listing the permitted pairs."""

import random
import time
from collections.abc import Callable

from bench.environment import Stage
from bench.report import Row, times
from vouchers.rules import assignment as rules
from vouchers.services import assignment
from vouchers.states import MemberKind

PART = "assigning"
KINDS = [str(kind) for kind in MemberKind]
LEAST = dict.fromkeys(KINDS, 1)
EACH, LOAD, WISHES = 4, 8, 6
# members, services, the most seconds it may take
REAL, WHOLE, QUICK, LARGE = (100, 180, 10), (100, 1_757, 30), (500, 900, 60), (10_000, 18_000, 300)


def measure(stage: Stage, template: str, *, quick: bool, say: Callable[[str], None]) -> list[Row]:
    """Solve at the size of a round, for the whole catalogue, and at a hundred rounds at once."""
    told = []
    for members, services, goal in (REAL, WHOLE, QUICK if quick else LARGE):
        say(f"assigning {members:,} members to {services:,} services")
        found = stage.inside(template, PART, members=members, services=services)
        told.append(
            Row(
                PART, f"assign {members:,} members to {services:,} services",
                f"{found['solve']:.1f} s, {found['cpu']:.1f} s of its CPU",
                f"{found['list']:.2f} s (pairs listed)",
                times(found["solve"] / found["list"]), f"≤ {goal} s", found["solve"] <= goal,
            )
        )  # fmt: skip
    return told


def inside(members: int, services: int) -> dict[str, float]:
    """Make a round of this size and solve it; the answer must be the same twice at the small one."""
    dice = random.Random(1)  # noqa: S311 - a round, no secret
    ids = range(1, services + 1)
    given = assignment.Problem(
        members=tuple(
            rules.Member(id, KINDS[id % 3], LOAD, tuple(dice.sample(ids, WISHES)))
            for id in range(1, members + 1)
        ),
        services=tuple(rules.Demand(id, EACH, LEAST) for id in ids),
        forbidden=(),
        pinned=(),
        kept=(),
    )
    rules.options(given.members[:1], given.services[:1], ())  # loads what the solver stands on
    began = time.monotonic()
    pairs = rules.options(given.members, given.services, given.forbidden)
    listed, before = time.monotonic(), time.process_time()
    solution = assignment.solve(given, seed=1)
    solved, after = time.monotonic(), time.process_time()
    return {
        "list": listed - began,
        "solve": solved - listed,
        "cpu": after - before,
        "pairs": len(pairs),
        "filled": len(solution.pairs),
    }
