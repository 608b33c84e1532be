"""Broker messages: one per second and sweep, one per job."""

import pytest
from celery.exceptions import OperationalError

from portal.jobs import broker


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[object, ...], float | None]]:
    """Collect what is sent to the broker; the clock does not advance."""
    messages: list[tuple[str, tuple[object, ...], float | None]] = []
    monkeypatch.setattr(broker, "_scheduled", {})
    monkeypatch.setattr(broker, "_quiet_until", 0.0)
    monkeypatch.setattr(broker.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(
        broker.app,
        "send_task",
        lambda task, args, retry, countdown, queue: messages.append((task, args, countdown)),
    )
    return messages


def test_every_job_is_sent_at_once(sent: list) -> None:
    assert broker.notify("run", 1)
    assert broker.notify("run", 2)
    assert sent == [("run", (1,), None), ("run", (2,), None)]


def test_a_sweep_is_sent_once_a_second_and_starts_after_the_last_call(
    sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert broker.notify("sweep")
    assert broker.notify("sweep")
    assert broker.notify("another")
    assert sent == [("sweep", (), 1.0), ("another", (), 1.0)]
    monkeypatch.setattr(broker.time, "monotonic", lambda: 101.0)
    assert broker.notify("sweep")
    assert sent[2:] == [("sweep", (), 1.0)]


def test_an_unreachable_broker_is_tried_again_after_a_pause(
    sent: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: object, **more: object) -> None:
        raise OperationalError("unreachable")

    monkeypatch.setattr(broker.app, "send_task", fail)
    assert not broker.notify("sweep")
    monkeypatch.setattr(broker.app, "send_task", lambda *words, **more: sent.append(words))
    assert not broker.notify("sweep")
    monkeypatch.setattr(broker.time, "monotonic", lambda: 100.0 + broker.PAUSE_SECONDS)
    assert broker.notify("sweep")
    assert sent == [("sweep",)]
