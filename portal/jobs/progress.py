"""How work reports its progress; `Job.progress` is one such function."""

from typing import Protocol


class Progress(Protocol):
    """Receives done, total and the current stage; may raise JobCancelled."""

    def __call__(self, done: int, total: int, stage: str = "") -> None: ...


def no_progress(done: int, total: int, stage: str = "") -> None:
    pass
