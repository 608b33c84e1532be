"""Which tasks get a panel when seats are short: whole panels first, in an order of preference.

A task gets at least its minimum of workers or nobody. Tasks are taken in their order: one is passed
over only where its panel cannot be completed beside all panels before it. The answer depends on the
order and the permitted pairs alone, not on costs or a seed.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Lack = Literal["people", "seats"]


@dataclass(frozen=True)
class Panel:
    """A task, the fewest workers it may have, and who is on it already or must be.

    `held` workers are on it whatever happens; `pinned` ones must be among those it gets, if any.
    """

    task: int
    minimum: int
    permitted: Collection[int]
    held: frozenset[int] = frozenset()
    pinned: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Admission:
    """The tasks that get a panel, and what each other lacks: permitted people or free seats."""

    admitted: tuple[int, ...]
    lacking: Mapping[int, Lack]


def admit(capacities: Mapping[int, int], panels: Sequence[Panel]) -> Admission:
    """Return which panels can be filled with at least their minimum, the first of the list first.

    `capacities` are how many tasks each worker can take in all, those that hold them already included.
    """
    seats = _Seats(capacities, panels)
    lacking: dict[int, Lack] = {}
    for panel in panels:
        if len({*panel.held, *panel.pinned, *panel.permitted}) < panel.minimum:
            lacking[panel.task] = "people"
        elif not seats.fill(panel):
            lacking[panel.task] = "seats"
    admitted = tuple(panel.task for panel in panels if panel.task not in lacking)
    return Admission(admitted, lacking)


class _Seats:
    """A matching of workers to tasks that grows by augmenting paths, one whole panel at a time."""

    def __init__(self, capacities: Mapping[int, int], panels: Sequence[Panel]) -> None:
        self.free: dict[int, int] = defaultdict(int, capacities)
        self.given: dict[int, set[int]] = defaultdict(set)  # movable tasks of each worker
        self.offers = {
            panel.task: tuple(sorted(set(panel.permitted) - panel.held - panel.pinned))
            for panel in panels
        }
        for panel in panels:
            for worker in panel.held:
                self.free[worker] -= 1
        self.undo: list[Callable[[], None]] = []
        # Of these workers' seats no more than `left` can be freed for the panels that follow.
        self.closed, self.left = frozenset[int](), 0

    def fill(self, panel: Panel) -> bool:
        """Give a task its pinned workers and as many as it needs, or change nothing."""
        needed = max(0, panel.minimum - len(panel.held | panel.pinned))
        if needed > self.left and self.closed.issuperset(self.offers[panel.task]):
            return False
        self.undo.clear()
        pinned, found = panel.pinned - panel.held, 0
        if all(self._seat(worker) for worker in sorted(pinned)):
            while found < needed:
                reach = self._augment(panel.task)
                if reach is not None:
                    if not pinned:
                        self.closed, self.left = reach, found
                    break
                found += 1
            else:
                return True
        for back in reversed(self.undo):
            back()
        return False

    def _seat(self, worker: int) -> bool:
        """Take a seat of this very worker, moving one of its tasks to somebody else if need be."""
        if self.free[worker] <= 0 and not self._move_one(worker):
            return False
        self._count(worker, -1)
        return True

    def _move_one(self, worker: int) -> bool:
        for task in sorted(self.given[worker]):
            if self._augment(task, without=worker) is None:
                self._drop(worker, task)
                self._count(worker, 1)
                return True
        return False

    def _augment(self, task: int, *, without: int | None = None) -> frozenset[int] | None:
        """Give a task one more worker, moving others along.

        Returns None, or the workers that were tried where nobody can be freed.
        """
        came: dict[int, tuple[int, int | None]] = {}  # worker: for which task, given up by whom
        queue: list[tuple[int, int | None]] = [(task, None)]
        queued = {task}
        for subject, giver in queue:
            for worker in self.offers[subject]:
                if worker in came or worker == without or subject in self.given[worker]:
                    continue
                came[worker] = (subject, giver)
                if self.free[worker] > 0:
                    self._shift(worker, came)
                    return None
                others = sorted(self.given[worker] - queued)
                queued.update(others)
                queue += [(other, worker) for other in others]
        return frozenset(came)

    def _shift(self, worker: int, came: Mapping[int, tuple[int, int | None]]) -> None:
        self._count(worker, -1)
        taker: int | None = worker
        while taker is not None:
            subject, giver = came[taker]
            self._add(taker, subject)
            if giver is not None:
                self._drop(giver, subject)
            taker = giver

    def _count(self, worker: int, change: int) -> None:
        self.free[worker] += change
        self.undo.append(lambda: self.free.update({worker: self.free[worker] - change}))

    def _add(self, worker: int, task: int) -> None:
        self.given[worker].add(task)
        self.undo.append(lambda: self.given[worker].discard(task))

    def _drop(self, worker: int, task: int) -> None:
        self.given[worker].discard(task)
        self.undo.append(lambda: self.given[worker].add(task))
