"""How work reports its progress; `Job.progress` is one such function."""

from typing import Protocol


class Progress(Protocol):
    """Takes how much is done of how much, and the stage in words; may raise JobCancelled."""

    def __call__(self, done: int, total: int, stage: str = "") -> None: ...


def no_progress(done: int, total: int, stage: str = "") -> None:
    """Report nothing."""
