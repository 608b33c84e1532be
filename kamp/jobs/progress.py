"""How the work reports its progress."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]  # steps done, steps in all, current stage in Korean
