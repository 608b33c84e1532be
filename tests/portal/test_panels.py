"""Whole panels first: at least the minimum or nobody, in the order given, within every limit."""

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.assignment.matching import Task, Worker, solve
from portal.assignment.panels import Panel, admit

PEOPLE = range(1, 6)
TASKS = range(11, 17)
permitted_sets = st.frozensets(st.sampled_from(PEOPLE))


@st.composite
def cases(draw) -> tuple[dict[int, int], list[Panel]]:
    minimum = draw(st.integers(1, 3))
    capacities = {who: draw(st.integers(0, 4)) for who in PEOPLE}
    rows = []
    for task in draw(st.permutations(TASKS)):
        permitted = draw(permitted_sets)
        held = frozenset(who for who in draw(permitted_sets) if draw(st.booleans()))
        rows.append(Panel(task, minimum, permitted - held, held=held))
    for row in rows:
        for who in row.held:
            capacities[who] = max(capacities[who], sum(who in other.held for other in rows))
    return capacities, rows


def solution(capacities: dict[int, int], rows: Iterable[Panel], whole: set[int], wanted: int):
    """Solve with `wanted` places for the tasks in `whole`, and none but the held ones elsewhere."""
    rows = list(rows)
    return solve(
        [Worker(who, most) for who, most in capacities.items()],
        [
            Task(row.task, max(wanted, len(row.held)) if row.task in whole else len(row.held))
            for row in rows
        ],
        [(who, row.task, 0) for row in rows if row.task in whole for who in row.permitted],
        seed=1,
        pinned=[(who, row.task) for row in rows for who in row.held],
    )


@given(cases())
@settings(max_examples=150)
def test_each_is_admitted_exactly_when_it_fits_beside_all_before_it(case) -> None:
    capacities, rows = case
    admitted: set[int] = set()
    for row in rows:
        if solution(capacities, rows, {*admitted, row.task}, row.minimum).complete:
            admitted.add(row.task)
    found = admit(capacities, rows)
    assert set(found.admitted) == admitted
    assert set(found.lacking) == {row.task for row in rows} - admitted
    for row in rows:
        if found.lacking.get(row.task) == "people":
            assert len(row.permitted) + len(row.held) < row.minimum


@given(cases(), st.integers(0, 2))
@settings(max_examples=150)
def test_the_even_solution_of_the_admitted_reaches_every_minimum_within_every_limit(
    case, more: int
) -> None:
    capacities, rows = case
    admitted = set(admit(capacities, rows).admitted)
    minimum = rows[0].minimum
    made = solution(capacities, rows, admitted, minimum + more)
    counts = {row.task: sum(task == row.task for _, task in made.pairs) for row in rows}
    assert all(counts[task] >= minimum for task in admitted)
    assert all(counts[row.task] == len(row.held) for row in rows if row.task not in admitted)
    for who, most in capacities.items():
        assert sum(worker == who for worker, _ in made.pairs) <= most
    allowed = {(who, row.task) for row in rows for who in (*row.permitted, *row.held)}
    assert set(made.pairs) <= allowed


def test_a_pin_counts_only_for_a_task_that_gets_a_panel() -> None:
    rows = [Panel(1, 2, [5, 6]), Panel(2, 2, [5, 6], pinned=frozenset({5}))]
    assert admit({5: 1, 6: 1}, rows).admitted == (1,)
    assert admit({5: 2, 6: 2}, rows).admitted == (1, 2)


def test_a_pin_moves_another_task_to_somebody_else() -> None:
    rows = [Panel(1, 1, [5, 6]), Panel(2, 1, [5, 6], pinned=frozenset({5}))]
    assert admit({5: 1, 6: 1}, rows).admitted == (1, 2)


def test_who_waits_in_vain_leaves_the_seats_to_the_next() -> None:
    rows = [Panel(1, 3, [5, 6, 7]), Panel(2, 3, [5, 6, 7]), Panel(3, 2, [6, 7])]
    found = admit({5: 1, 6: 2, 7: 2}, rows)
    assert (found.admitted, found.lacking) == ((1, 3), {2: "seats"})


def test_many_tasks_and_few_seats_are_settled_at_once() -> None:
    rows = [Panel(task, 3, range(1, 401)) for task in range(1_000, 4_000)]
    found = admit(dict.fromkeys(range(1, 401), 5), rows)
    assert len(found.admitted) == 666
