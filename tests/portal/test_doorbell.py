"""The doorbell: one call takes along all sweeps of a second, a job is called by its number."""

import pytest
from celery.exceptions import OperationalError

from portal.jobs import broker


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[object, ...], float | None]]:
    """Hear what is sent to the broker while the clock stands still."""
    heard: list[tuple[str, tuple[object, ...], float | None]] = []
    monkeypatch.setattr(broker, "_called", {})
    monkeypatch.setattr(broker, "_quiet_until", 0.0)
    monkeypatch.setattr(broker.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(
        broker.app,
        "send_task",
        lambda task, args, retry, countdown: heard.append((task, args, countdown)),
    )
    return heard


def test_every_job_is_called_at_once(sent: list) -> None:
    assert broker.notify("run", 1)
    assert broker.notify("run", 2)
    assert sent == [("run", (1,), None), ("run", (2,), None)]


def test_a_sweep_is_called_once_a_second_and_starts_after_the_last_that_was_not(
    sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert broker.notify("sweep")
    assert broker.notify("sweep")
    assert broker.notify("another")
    assert sent == [("sweep", (), 1.0), ("another", (), 1.0)]
    monkeypatch.setattr(broker.time, "monotonic", lambda: 101.0)
    assert broker.notify("sweep")
    assert sent[2:] == [("sweep", (), 1.0)]


def test_a_broker_that_is_away_is_asked_again_after_a_while(
    sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: object, **more: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr(broker.app, "send_task", fail)
    assert not broker.notify("sweep")
    monkeypatch.setattr(broker.app, "send_task", lambda *words, **more: sent.append(words))
    assert not broker.notify("sweep")
    monkeypatch.setattr(broker.time, "monotonic", lambda: 100.0 + broker.PAUSE_SECONDS)
    assert broker.notify("sweep")
    assert sent == [("sweep",)]
