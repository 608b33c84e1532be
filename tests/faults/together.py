"""Many threads at once, each with a connection of its own, let go by a barrier."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection

WAIT_SECONDS = 30


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Run `act(0)` … `act(count - 1)` at the same moment; return what each gave or raised."""
    gate = threading.Barrier(count)
    answers: list[Any] = [None] * count

    def run(place: int) -> None:
        try:
            connection.ensure_connection()
            gate.wait(WAIT_SECONDS)
            answers[place] = act(place)
        except Exception as error:  # noqa: BLE001 - the test judges what came
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place]) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive(), "a thread hangs"
    return answers
