"""Assignment: never a forbidden pair, every need met or reported as a shortage, repeatable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.assignment.matching import Solution, Task, Worker, solve


@st.composite
def problems(draw):
    workers = [
        Worker(id, draw(st.integers(0, 4)), draw(st.sampled_from("abc")))
        for id in range(draw(st.integers(1, 8)))
    ]
    tasks = [
        Task(
            100 + id,
            draw(st.integers(0, 4)),
            dict.fromkeys(draw(st.sets(st.sampled_from("abc"))), 1),
        )
        for id in range(draw(st.integers(1, 6)))
    ]
    options = [
        (worker.id, task.id, draw(st.integers(0, 50)))
        for worker in workers
        for task in tasks
        if draw(st.booleans())
    ]
    return workers, tasks, options


def met(solution: Solution, workers, tasks, options) -> None:
    permitted = {(worker, task) for worker, task, _ in options}
    assert set(solution.pairs) <= permitted
    assert len(set(solution.pairs)) == len(solution.pairs)
    for worker in workers:
        assert sum(pair[0] == worker.id for pair in solution.pairs) <= worker.capacity
    short = {row.task: row for row in solution.shortages}
    for task in tasks:
        got = sum(pair[1] == task.id for pair in solution.pairs)
        assert got <= task.wanted
        assert (task.id in short) == (got < task.wanted)
        if task.id in short:
            assert short[task.id].got == got


@given(problems(), st.integers(0, 2**40))
def test_no_constraint_is_broken_and_every_shortage_is_named(problem, seed) -> None:
    workers, tasks, options = problem
    met(solve(workers, tasks, options, seed=seed), workers, tasks, options)


@given(problems(), st.integers(0, 2**40))
def test_a_deficit_proves_that_nothing_better_exists(problem, seed) -> None:
    workers, tasks, options = problem
    solution = solve(workers, tasks, options, seed=seed)
    missing = sum(row.wanted - row.got for row in solution.shortages)
    assert (solution.deficit is None) == (missing == 0)
    if solution.deficit:
        assert solution.deficit.missing == missing
        among, those = set(solution.deficit.tasks), set(solution.deficit.workers)
        reach = {worker for worker, task, _ in options if task in among}
        fixed = sum(task in among and worker not in those for worker, task, _ in options)
        assert those <= reach
        assert fixed == solution.deficit.fixed  # each of them is there as often as permitted


@given(problems(), st.integers(0, 2**40), st.randoms())
def test_the_same_seed_gives_the_same_answer_in_any_order(problem, seed, random) -> None:
    workers, tasks, options = problem
    first = solve(workers, tasks, options, seed=seed)
    random.shuffle(options)
    assert solve(workers, tasks, options, seed=seed) == first


def test_each_kind_is_there_where_it_exists() -> None:
    workers = [Worker(id, 1, "firm") for id in range(6)] + [
        Worker(6, 1, "expert"),
        Worker(7, 1, "student"),
    ]
    task = Task(1, 4, {"firm": 1, "expert": 1, "student": 1})
    cheap = [(worker.id, 1, 0 if worker.kind == "firm" else 900) for worker in workers]
    solution = solve(workers, [task], cheap, seed=1)
    assert {6, 7} <= {worker for worker, _ in solution.pairs}
    assert solution.complete


def test_a_kind_that_nobody_is_of_is_named() -> None:
    solution = solve([Worker(1, 1, "firm")], [Task(5, 1, {"expert": 1})], [(1, 5, 0)], seed=1)
    assert [(row.kind, row.permitted) for row in solution.kind_shortages] == [("expert", 0)]


def test_places_are_shared_evenly_when_there_are_too_few() -> None:
    workers = [Worker(id, 1) for id in range(4)]
    tasks = [Task(100, 4), Task(101, 4)]
    options = [(worker.id, task.id, 0) for worker in workers for task in tasks]
    solution = solve(workers, tasks, options, seed=3)
    assert [row.got for row in solution.shortages] == [2, 2]
    assert solution.deficit
    assert solution.deficit.missing == 4


def test_pinned_pairs_stay_and_count() -> None:
    workers = [Worker(1, 1), Worker(2, 1)]
    tasks = [Task(9, 2)]
    solution = solve(workers, tasks, [(2, 9, 0)], seed=1, pinned=[(1, 9)])
    assert solution.pairs == ((1, 9), (2, 9))
    full = solve(workers, [Task(9, 1)], [(2, 9, 0)], seed=1, pinned=[(1, 9)])
    assert full.pairs == ((1, 9),)


def test_wishes_decide_where_nothing_else_does() -> None:
    workers = [Worker(1, 1), Worker(2, 1)]
    tasks = [Task(8, 1), Task(9, 1)]
    options = [(1, 8, 5), (1, 9, 0), (2, 8, 0), (2, 9, 5)]
    assert solve(workers, tasks, options, seed=1).pairs == ((1, 9), (2, 8))


def test_work_is_shared_by_balance() -> None:
    workers = [Worker(1, 4), Worker(2, 4)]
    tasks = [Task(id, 1) for id in range(10, 14)]
    options = [(worker.id, task.id, 0) for worker in workers for task in tasks]
    solution = solve(workers, tasks, options, seed=1, balance=10)
    assert [sum(pair[0] == id for pair in solution.pairs) for id in (1, 2)] == [2, 2]


@pytest.mark.parametrize(
    "options", [[(1, 5, 0), (1, 5, 1)], [(1, 6, 0)], [(3, 5, 0)], [(1, 5, -1)]]
)
def test_nonsense_is_refused(options) -> None:
    with pytest.raises(ValueError, match=r"repeated|unknown|out of range"):
        solve([Worker(1, 1)], [Task(5, 1)], options, seed=1)
