"""How many requests a process works on, who waits, and who is let in first."""

import threading
import time
from collections.abc import Callable

import pytest

from portal.web.admission import Gate, Kind

FIRST = Kind("first", spare=0, line=2, seconds=5.0)
SECOND = Kind("second", spare=1, line=2, seconds=5.0)
LAST = Kind("last", spare=2, line=1, seconds=0.05)
KINDS = (FIRST, SECOND, LAST)


def in_background(act: Callable[[], bool]) -> tuple[threading.Thread, list[bool]]:
    said: list[bool] = []
    thread = threading.Thread(target=lambda: said.append(act()))
    thread.start()
    return thread, said


def waiting(gate: Gate, kind: Kind) -> int:
    return len(gate._lines[kind])


def until_waiting(gate: Gate, kind: Kind, count: int) -> None:
    for _ in range(500):
        if waiting(gate, kind) == count:
            return
        time.sleep(0.01)
    pytest.fail("nobody waits")


@pytest.mark.parametrize(("kind", "most"), [(FIRST, 4), (SECOND, 3), (LAST, 2)])
def test_each_kind_leaves_places_to_those_before_it(kind: Kind, most: int) -> None:
    gate = Gate(4, [Kind(row.name, row.spare, 0, 0) for row in KINDS])
    [bare] = [row for row in gate._lines if row.name == kind.name]
    assert [gate.enter(bare) for _ in range(5)] == [place < most for place in range(5)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_process_for_one_request_serves_every_kind(kind: Kind) -> None:
    gate = Gate(1, KINDS)
    for _ in range(3):
        assert gate.enter(kind)
        gate.leave()


def test_the_line_has_so_many_places_and_no_more() -> None:
    gate = Gate(1, KINDS)
    assert gate.enter(FIRST)
    waits = [in_background(lambda: gate.enter(FIRST)) for _ in range(FIRST.line)]
    until_waiting(gate, FIRST, FIRST.line)
    assert gate.enter(FIRST) is False  # at once
    for _ in range(FIRST.line):
        gate.leave()
    for thread, said in waits:
        thread.join(5)
        assert said == [True]


def test_the_wait_ends_and_leaves_its_place() -> None:
    gate = Gate(1, KINDS)
    assert gate.enter(FIRST)
    assert gate.enter(LAST) is False
    assert waiting(gate, LAST) == 0
    gate.leave()
    assert gate.enter(LAST)


def test_the_first_kind_is_let_in_first_whoever_waited_longer() -> None:
    gate = Gate(1, KINDS)
    assert gate.enter(FIRST)
    second, said_second = in_background(lambda: gate.enter(SECOND))
    until_waiting(gate, SECOND, 1)
    first, said_first = in_background(lambda: gate.enter(FIRST))
    until_waiting(gate, FIRST, 1)
    gate.leave()
    first.join(5)
    assert said_first == [True]
    assert said_second == []
    gate.leave()
    second.join(5)
    assert said_second == [True]


def test_a_storm_never_has_more_inside_than_places() -> None:
    gate = Gate(3, KINDS)
    lock, inside, most = threading.Lock(), 0, 0
    start = threading.Barrier(24)

    def act(kind: Kind) -> None:
        nonlocal inside, most
        start.wait(10)
        for _ in range(50):
            if gate.enter(kind):
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1
                gate.leave()

    threads = [threading.Thread(target=act, args=[KINDS[n % 3]]) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert most <= 3
    assert [gate.enter(FIRST) for _ in range(3)] == [True] * 3  # nobody kept a place
