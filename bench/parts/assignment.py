"""Solve the assignment of members to services, beside only listing the permitted pairs."""

import random
import time

from bench.environment import Environment, Log
from bench.report import Row, times
from vouchers.rules import assignment as rules
from vouchers.services import assignment
from vouchers.states import MemberKind

PART = "assignment"
KINDS = [str(kind) for kind in MemberKind]
LEAST = dict.fromkeys(KINDS, 1)
EACH, LOAD, WISHES = 4, 8, 6
# members, services, goal in seconds
REAL, WHOLE, QUICK, LARGE = (100, 180, 10), (100, 1_757, 30), (500, 900, 60), (10_000, 18_000, 300)


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    rows = []
    for members, services, goal in (REAL, WHOLE, QUICK if quick else LARGE):
        log(f"assigning {members:,} members to {services:,} services")
        result = environment.run_part(template, PART, members=members, services=services)
        rows.append(
            Row(
                PART, f"assign {members:,} members to {services:,} services",
                f"{result['solve']:.1f} s, {result['cpu']:.1f} s of its CPU",
                f"{result['list']:.2f} s (pairs listed)",
                times(result["solve"] / result["list"]), f"≤ {goal} s", result["solve"] <= goal,
            )
        )  # fmt: skip
    return rows


def run(members: int, services: int) -> dict[str, float]:
    rng = random.Random(1)  # noqa: S311 - a round, no secret
    ids = range(1, services + 1)
    problem = assignment.Problem(
        members=tuple(
            rules.Member(id, KINDS[id % 3], LOAD, tuple(rng.sample(ids, WISHES)))
            for id in range(1, members + 1)
        ),
        services=tuple(rules.Demand(id, EACH, LEAST) for id in ids),
        forbidden=(),
        pinned=(),
        kept=(),
    )
    rules.options(
        problem.members[:1], problem.services[:1], ()
    )  # load the solver before the clock starts
    started = time.monotonic()
    pairs = rules.options(problem.members, problem.services, problem.forbidden)
    listed, before = time.monotonic(), time.process_time()
    solution = assignment.solve(problem, seed=1)
    solved, after = time.monotonic(), time.process_time()
    return {
        "list": listed - started,
        "solve": solved - listed,
        "cpu": after - before,
        "pairs": len(pairs),
        "filled": len(solution.pairs),
    }
