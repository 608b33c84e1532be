"""Processor time is counted of everything that a measured process has started."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from bench.cpu import Cpu, family, seconds_of

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"


@pytest.fixture
def parent() -> Iterator[subprocess.Popen]:
    """Start a process that has reaped one busy child and keeps another, both done with their work."""
    code = (
        "import subprocess, sys\n"
        f"burn = {BURN!r}\n"
        "subprocess.run([sys.executable, '-c', burn])\n"
        "kept = subprocess.Popen([sys.executable, '-c', burn + 'print(1, flush=True); input()'],"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "kept.stdout.readline()\n"
        "print(kept.pid, flush=True)\n"
        "input()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    yield process
    process.communicate(b"\n")


def test_counts_children_that_run_and_children_that_have_ended(parent) -> None:
    kept = int(parent.stdout.readline())
    assert set(family(parent.pid)) == {parent.pid, kept}
    assert seconds_of(kept) >= 0.28
    assert seconds_of(parent.pid) >= 0.28  # of the child that has ended
    assert sum(map(seconds_of, family(parent.pid))) >= 0.56


def test_a_process_that_has_ended_counts_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert seconds_of(ended.pid) == 0


def test_is_compared_with_a_limit_in_both_parts() -> None:
    used = Cpu(0.5, 0.2) - Cpu(0.1, 0.1)
    assert f"{used.each(100)}" == "4.0 + 1.0 ms"
    assert used.each(100).within(Cpu(0.0041, 0.002))
    assert not used.each(100).within(Cpu(0.0041, 0.0009))
    assert not used.each(100).within(Cpu(0.0039, 0.002))
