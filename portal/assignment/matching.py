"""Assignment of workers to tasks as a minimum-cost flow, with the reasons of every shortage.

Each task needs some workers, each worker can take some tasks, only permitted pairs count. The same
input and seed give the same assignment.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from ortools.graph.python import min_cost_flow

NOISE = 16  # parts of one unit of cost: equal choices are settled by the seed
HIGHEST_COST = 1_000_000


@dataclass(frozen=True)
class Worker:
    """Somebody who can take up to `capacity` tasks; `kind` is the category that tasks may require."""

    id: int
    capacity: int
    kind: str = ""


@dataclass(frozen=True)
class Task:
    """Something that needs `wanted` workers, among them at least `least` of some kinds."""

    id: int
    wanted: int
    least: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Shortage:
    """A task that got fewer workers than it needs.

    `permitted` counts its permitted workers. With fewer than needed the reason is "permitted";
    otherwise it is "capacity": they are needed elsewhere, see `Deficit`.
    """

    task: int
    wanted: int
    got: int
    permitted: int

    @property
    def reason(self) -> str:
        return "permitted" if self.permitted < self.wanted else "capacity"


@dataclass(frozen=True)
class KindShortage:
    """A task that lacks workers of a kind; `permitted` counts the permitted ones of that kind."""

    task: int
    kind: str
    wanted: int
    got: int
    permitted: int


@dataclass(frozen=True)
class Deficit:
    """Why no assignment can do better: these tasks need more than these workers can take.

    `wanted` places of `tasks` against `room`, the free capacity of `workers`, plus `fixed` places that
    other workers fill, each as often as permitted: `missing` = wanted - room - fixed.
    """

    tasks: tuple[int, ...]
    workers: tuple[int, ...]
    wanted: int
    room: int
    fixed: int

    @property
    def missing(self) -> int:
        return self.wanted - self.room - self.fixed


@dataclass(frozen=True)
class Solution:
    """The pairs (worker, task), sorted, and everything that could not be met."""

    pairs: tuple[tuple[int, int], ...]
    cost: int
    shortages: tuple[Shortage, ...]
    kind_shortages: tuple[KindShortage, ...]
    deficit: Deficit | None

    @property
    def complete(self) -> bool:
        return not (self.shortages or self.kind_shortages)


def solve(
    workers: Sequence[Worker],
    tasks: Sequence[Task],
    options: Iterable[tuple[int, int, int]],
    *,
    seed: int,
    pinned: Collection[tuple[int, int]] = (),
    balance: int = 0,
) -> Solution:
    """Return the assignment that fills the most places, spread evenly, then kinds, then costs.

    `options` are the permitted (worker id, task id, cost); no other pair is made. Cost is a whole
    number from 0 (best) to HIGHEST_COST, `balance` the cost of each further task of one worker.
    `pinned` pairs are kept whatever they cost, and count against capacity and needs. Raises ValueError
    for unknown ids, a repeated pair, or a cost out of range.
    """
    who = {worker.id: worker for worker in workers}
    what = {task.id: task for task in tasks}
    kept = sorted(set(pinned))
    costs = _costs(options, who, what, set(kept))
    net = _Network(who, what, costs, kept, balance, seed)
    made = net.flow() if costs else []
    pairs = sorted([*kept, *made])
    return Solution(
        pairs=tuple(pairs),
        cost=sum(costs[pair] for pair in made),
        shortages=tuple(_shortages(what, pairs, costs)),
        kind_shortages=tuple(_kind_shortages(who, what, pairs, costs)),
        deficit=_deficit(who, what, pairs, costs, kept),
    )


Costs = dict[tuple[int, int], int]
Pairs = Sequence[tuple[int, int]]


def _costs(
    options: Iterable[tuple[int, int, int]],
    who: Mapping[int, Worker],
    what: Mapping[int, Task],
    kept: Collection[tuple[int, int]],
) -> Costs:
    costs: Costs = {}
    for worker, task, cost in options:
        if (worker, task) in costs:
            raise ValueError(f"pair {worker}, {task} is repeated")
        if not 0 <= cost <= HIGHEST_COST:
            raise ValueError(f"cost {cost} is out of range")
        costs[worker, task] = cost
    named = {*costs, *kept}
    if any(worker not in who or task not in what for worker, task in named):
        raise ValueError("a pair names an unknown id")
    return {pair: costs[pair] for pair in sorted(costs) if pair not in kept}


class _Network:
    """Source → worker → (task, kind) → task → sink; pinned pairs are subtracted beforehand."""

    def __init__(
        self,
        who: Mapping[int, Worker],
        what: Mapping[int, Task],
        costs: Costs,
        kept: Pairs,
        balance: int,
        seed: int,
    ) -> None:
        self.who, self.what, self.costs, self.balance = who, what, costs, balance
        self.load: dict[int, int] = defaultdict(int)
        self.filled: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for worker, task in kept:
            self.load[worker] += 1
            self.filled[task][who[worker].kind] += 1
        self.noise = _noise(costs, seed)
        self.arcs: list[tuple[int, int, int, int]] = []
        self.nodes = 2

    def flow(self) -> list[tuple[int, int]]:
        source, sink = 0, 1
        worker_nodes = {id: self._node() for id in self.who}
        task_nodes = {id: self._node() for id in self.what}
        kind_nodes: dict[tuple[int, str], int] = {}
        for someone, something in self.costs:
            key = (something, self.who[someone].kind)
            if key not in kind_nodes:
                kind_nodes[key] = self._node()
        highest = NOISE * (max(self.costs.values()) + self.balance * self._largest() + 1)
        kind_prize, spread_prize = self._prizes(highest)
        first = len(self.arcs)
        for pair, noise in zip(self.costs, self.noise, strict=True):
            someone, something = pair
            head = kind_nodes[something, self.who[someone].kind]
            self._arc(worker_nodes[someone], head, 1, self.costs[pair] * NOISE + noise)
        last = len(self.arcs)
        for id, worker_row in self.who.items():
            self._graded(source, worker_nodes[id], worker_row.capacity - self.load[id],
                         lambda nth: nth * self.balance * NOISE, self.load[id])  # fmt: skip
        for (task, kind), node in kind_nodes.items():
            least = max(0, self.what[task].least.get(kind, 0) - self.filled[task][kind])
            self._arc(node, task_nodes[task], least, -kind_prize)
            self._arc(node, task_nodes[task], self.what[task].wanted, 0)
        for id, row in self.what.items():
            there = sum(self.filled[id].values())
            self._graded(task_nodes[id], sink, row.wanted - there,
                         lambda nth: nth * spread_prize, there)  # fmt: skip
        chosen = self._solve(source, sink)
        pairs = list(self.costs)
        return [pairs[place] for place in range(last - first) if chosen[first + place]]

    def _largest(self) -> int:
        return max((worker.capacity for worker in self.who.values()), default=0)

    def _prizes(self, highest: int) -> tuple[int, int]:
        """Return the rewards of a required kind and of an even spread.

        Each exceeds any sum of costs, as far as 64 bits allow: the solver multiplies costs by the number
        of nodes.
        """
        places = sum(task.wanted for task in self.what.values()) + 1
        limit = 2**60 // (self.nodes + len(self.what) + 1)
        most = max((task.wanted for task in self.what.values()), default=1) + 1
        kind = min(highest * places, max(highest, limit // (places * most)))
        kinds = max((len(task.least) for task in self.what.values()), default=0) + 1
        return kind, min(kind * kinds * places, max(kind, limit // most))

    def _node(self) -> int:
        self.nodes += 1
        return self.nodes - 1

    def _arc(self, tail: int, head: int, capacity: int, cost: int) -> None:
        if capacity > 0:
            self.arcs.append((tail, head, capacity, cost))

    def _graded(
        self, tail: int, head: int, capacity: int, price: Callable[[int], int], start: int
    ) -> None:
        # The n-th unit costs `price(n)`.
        if capacity <= 0:
            return
        if price(1) == 0:
            self._arc(tail, head, capacity, 0)
            return
        for nth in range(start, start + capacity):
            self._arc(tail, head, 1, price(nth))

    def _solve(self, source: int, sink: int) -> list[int]:
        solver = min_cost_flow.SimpleMinCostFlow()
        table = np.array(self.arcs, dtype=np.int64)
        solver.add_arcs_with_capacity_and_unit_cost(
            table[:, 0], table[:, 1], table[:, 2], table[:, 3]
        )
        most = int(table[table[:, 0] == source, 2].sum())
        solver.set_node_supply(source, most)
        solver.set_node_supply(sink, -most)
        status = solver.solve_max_flow_with_min_cost()
        if status != solver.OPTIMAL:
            raise RuntimeError(f"the solver failed: {status}")
        flows = solver.flows(np.arange(len(self.arcs)))
        return [int(flow) for flow in flows]


def _noise(costs: Costs, seed: int) -> list[int]:
    """Return a small number for each pair that depends on seed, worker and task alone."""
    if not costs:
        return []
    ids = np.array(list(costs), dtype=np.uint64)
    with np.errstate(over="ignore"):
        mixed = (
            ids[:, 0] * np.uint64(0x9E3779B97F4A7C15)
            ^ ids[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F)
            ^ np.uint64(seed % 2**63) * np.uint64(0x165667B19E3779F9)
        )
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return [int(value) for value in (mixed ^ (mixed >> np.uint64(31))) % np.uint64(NOISE)]


def _shortages(what: Mapping[int, Task], pairs: Pairs, costs: Costs) -> Iterable[Shortage]:
    got, permitted = _counted(pairs), _counted({*pairs, *costs})
    for id, task in sorted(what.items()):
        if got[id] < task.wanted:
            yield Shortage(id, task.wanted, got[id], permitted[id])


def _kind_shortages(
    who: Mapping[int, Worker], what: Mapping[int, Task], pairs: Pairs, costs: Costs
) -> Iterable[KindShortage]:
    got: dict[tuple[int, str], int] = defaultdict(int)
    permitted: dict[tuple[int, str], int] = defaultdict(int)
    for counts, rows in ((got, pairs), (permitted, {*pairs, *costs})):
        for worker, something in rows:
            counts[something, who[worker].kind] += 1
    for id, task in sorted(what.items()):
        for kind, wanted in sorted(task.least.items()):
            if got[id, kind] < wanted:
                yield KindShortage(id, kind, wanted, got[id, kind], permitted[id, kind])


def _counted(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    counts: dict[int, int] = defaultdict(int)
    for _, task in pairs:
        counts[task] += 1
    return counts


def _deficit(
    who: Mapping[int, Worker],
    what: Mapping[int, Task],
    pairs: Pairs,
    costs: Costs,
    kept: Pairs,
) -> Deficit | None:
    """Return the minimum cut: tasks that cannot be filled and all workers they could have."""
    got = _counted(pairs)
    short = [id for id, task in what.items() if got[id] < task.wanted]
    if not short:
        return None
    tasks, workers = _reachable(short, set(pairs), costs)
    held: dict[int, int] = defaultdict(int)
    for worker, task in kept:
        if task not in tasks:
            held[worker] += 1
    return Deficit(
        tasks=tuple(sorted(tasks)),
        workers=tuple(sorted(workers)),
        wanted=sum(what[id].wanted for id in tasks),
        room=sum(max(0, who[id].capacity - held[id]) for id in workers),
        fixed=sum(task in tasks and worker not in workers for worker, task in pairs),
    )


def _reachable(
    short: Sequence[int], made: set[tuple[int, int]], costs: Costs
) -> tuple[set[int], set[int]]:
    """Return the tasks and workers reached from `short` by taking workers from other tasks."""
    offers: dict[int, list[int]] = defaultdict(list)  # workers a task may still take
    serves: dict[int, list[int]] = defaultdict(list)  # tasks a worker could give up
    for worker, task in costs:
        if (worker, task) in made:
            serves[worker].append(task)
        else:
            offers[task].append(worker)
    tasks, workers, pending = set(short), set[int](), list(short)
    while pending:
        for worker in offers[pending.pop()]:
            if worker not in workers:
                workers.add(worker)
                reached = [task for task in serves[worker] if task not in tasks]
                tasks.update(reached)
                pending += reached
    return tasks, workers
