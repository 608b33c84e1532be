"""The outbox: one notice per key, sent once, retried, and visible when it has failed."""

import time
from datetime import datetime, timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, transaction
from django.test import Client

from portal.core.clock import KST, now
from portal.jobs import broker
from portal.models import Notice, NoticeState
from portal.notices import outbox
from tests.faults.together import at_once

NOW = datetime(2021, 2, 10, 14, 3, 22, tzinfo=KST)


def notice(key: str = "n", to: str = "kim@example.kr", **fields: object) -> Notice:
    return Notice.objects.create(
        key=key, to_email=to, subject="제목", body="본문\n", created_at=NOW, **fields
    )


class Backend(EmailBackend):
    """A mail server whose fault the test chooses."""

    fault: Exception | None = None
    only: str = ""
    pause: float = 0

    def send_messages(self, letters):
        time.sleep(self.pause)
        if self.fault and all(self.only in letter.to[0] for letter in letters):
            raise self.fault
        return super().send_messages(letters)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch):
    """Send through `Backend`; set its `fault` to break it."""
    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend", Backend)
    for name in ("fault", "only", "pause"):
        monkeypatch.setattr(Backend, name, getattr(Backend, name))
    return Backend


@pytest.mark.django_db
def test_a_notice_is_written_once_per_key_with_the_first_words() -> None:
    filed = {"number": "2021-구축-1차-000001", "submitted_at": NOW, "pk": 1}
    first = outbox.write(
        "applications/receipt", to_email="kim@example.kr", key="r:1", now=NOW, filed=filed
    )
    second = outbox.write(
        "applications/receipt", to_email="lee@example.kr", key="r:1", now=NOW, filed=filed
    )
    assert first.pk == second.pk
    row = Notice.objects.get()
    assert row.to_email == "kim@example.kr"
    assert "2021-구축-1차-000001" in row.subject + row.body


@pytest.mark.django_db
def test_the_database_itself_refuses_a_second_notice_of_a_key() -> None:
    notice("same")
    with pytest.raises(IntegrityError), transaction.atomic():
        notice("same")


@pytest.mark.django_db(transaction=True)
def test_the_worker_is_notified_after_the_commit_and_a_rollback_leaves_no_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[object] = []
    monkeypatch.setattr(broker, "notify", lambda *words, queue=None: heard.append(words))
    words = {
        "to_email": "kim@example.kr",
        "now": NOW,
        "filed": {"number": "1", "submitted_at": NOW, "pk": 1},
    }
    with transaction.atomic():
        outbox.write("applications/receipt", key="lost", **words)
        transaction.set_rollback(True)
    assert heard == []
    assert not Notice.objects.exists()
    with transaction.atomic():
        outbox.write("applications/receipt", key="kept", **words)
        assert heard == []
    assert heard == [("portal.notices.tasks.send_notices",)]


@pytest.mark.django_db
def test_a_due_notice_is_sent_once_and_recorded() -> None:
    row = notice()
    assert outbox.send_due(NOW) == 1
    assert outbox.send_due(NOW) == 0
    (letter,) = mail.outbox
    assert (letter.to, letter.subject, letter.body) == (["kim@example.kr"], "제목", "본문\n")
    assert letter.extra_headers["Message-ID"].startswith(f"<notice-{row.pk}@")
    row.refresh_from_db()
    assert (row.state, row.sent_at, row.attempts) == (NoticeState.SENT, NOW, 1)


@pytest.mark.django_db
def test_a_subject_is_one_line_and_fits_its_column() -> None:
    filed = {"number": "줄\n바꿈" + "가" * 300, "submitted_at": NOW, "pk": 1}
    row = outbox.write(
        "applications/receipt", to_email="kim@example.kr", key="s", now=NOW, filed=filed
    )
    assert "\n" not in row.subject
    assert len(row.subject) <= 200
    assert outbox.send_due(NOW) == 1


@pytest.mark.django_db
def test_a_mail_server_that_is_away_is_tried_again_ever_later_then_the_notice_shows(
    server, client: Client
) -> None:
    server.fault = ConnectionRefusedError()
    row = notice()
    at, tries = NOW, []
    for _ in range(100):
        outbox.send_due(at)
        row.refresh_from_db()
        tries.append(at - NOW)
        if row.state == NoticeState.FAILED:
            break
        assert outbox.send_due(row.next_at - timedelta(microseconds=1)) == 0
        at = row.next_at
    assert row.state == NoticeState.FAILED
    assert row.attempts == len(tries) == 7
    assert tries[-1] > timedelta(hours=12)  # longer than a night without mail
    assert row.error == "ConnectionRefusedError"
    assert client.get("/readyz/").json()["failed_notices"] == 1
    server.fault = None
    assert outbox.send_due(at + timedelta(days=9)) == 0
    assert outbox.retry(row) is True
    assert outbox.retry(row) is False
    assert outbox.send_due(at) == 1


@pytest.mark.django_db
def test_a_mail_server_that_is_away_costs_only_one_notice_an_attempt(server) -> None:
    server.fault = TimeoutError()
    for n in range(5):
        notice(f"n{n}")
    outbox.send_due(NOW)
    assert sorted(Notice.objects.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]
    server.fault = None
    assert outbox.send_due(NOW + timedelta(minutes=1)) == 5


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [SMTPRecipientsRefused({}), ValueError("bad header")])
def test_one_bad_address_does_not_hold_up_the_others(server, fault: Exception) -> None:
    server.fault, server.only = fault, "nobody@"
    bad = notice("bad", to="nobody@example.kr")
    for n in range(3):
        notice(f"good{n}")
    assert outbox.send_due(NOW) == 3
    bad.refresh_from_db()
    assert (bad.state, bad.attempts, bad.error) == ("pending", 1, type(fault).__name__)


@pytest.mark.django_db
def test_a_sender_killed_between_claim_and_record_sends_later_and_not_for_ever() -> None:
    row = notice()
    at = NOW
    for _ in range(7):
        claimed = Notice.objects.filter(outbox.due(at), pk=row.pk).update(
            attempts=row.attempts + 1, next_at=at + outbox.CLAIM
        )
        assert claimed
        row.refresh_from_db()
        assert outbox.send_due(at) == 0  # another sender leaves it alone meanwhile
        at += outbox.CLAIM
    assert outbox.send_due(at) == 0
    row.refresh_from_db()
    assert row.state == NoticeState.FAILED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_senders_side_by_side_send_each_notice_once(server) -> None:
    server.pause = 0.02
    for n in range(12):
        notice(f"n{n}", to=f"person{n}@example.kr")
    sent = at_once(8, lambda place: outbox.send_due(now()))
    assert sum(sent) == 12
    assert sorted(letter.to[0] for letter in mail.outbox) == sorted(
        f"person{n}@example.kr" for n in range(12)
    )


def naive_sender() -> int:
    """Send as one should not: look, send, then note it."""
    rows = list(Notice.objects.filter(state=NoticeState.PENDING))
    for row in rows:
        outbox._send(row)
        Notice.objects.filter(pk=row.pk).update(state=NoticeState.SENT)
    return len(rows)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_negative_control_without_the_claim_notices_leave_more_than_once(server) -> None:
    server.pause = 0.02
    for n in range(5):
        notice(f"n{n}")
    assert sum(at_once(8, lambda place: naive_sender())) > 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_who_tell_the_same_fact_at_once_write_one_notice() -> None:
    filed = {"number": "1", "submitted_at": NOW, "pk": 1}
    words = {"to_email": "kim@example.kr", "key": "same", "now": NOW, "filed": filed}
    answers = at_once(20, lambda place: outbox.write("applications/receipt", **words).pk)
    assert len(set(answers)) == 1
    assert Notice.objects.count() == 1
