"""The outbox: a notice is written in the transaction of its event and sent afterwards, once."""

import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from smtplib import SMTPDataError, SMTPNotSupportedError, SMTPRecipientsRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, TextField, Value, When
from django.template import engines

from portal.core import following, metrics
from portal.core.errors import BadInput
from portal.jobs import broker
from portal.models import Notice, NoticeState, User

logger = logging.getLogger(__name__)
work = logging.getLogger("portal.work")

# Before the next attempt; the last one is about 17 hours after the first.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
CLAIM = timedelta(minutes=5)
BATCH = 500
INVITATIONS_A_DAY = 100
"""Invitations one person may send to addresses of their choice (assumption)."""
BATCH_SECONDS = 120
# The body after the last attempt: that of a secret mail is erased.
_KEPT_BODY = Case(When(secret=True, then=Value("")), default="body", output_field=TextField())
# Errors of one notice; any other error is the mail server's and ends the batch.
NOTICE_ERRORS = (SMTPRecipientsRefused, SMTPDataError, SMTPNotSupportedError, ValueError)


def write(
    template: str,
    *,
    to_email: str,
    key: str,
    now: datetime,
    user: User | None = None,
    new: bool = False,
    secret: bool = False,
    **context: object,
) -> Notice:
    """Write one notice from `templates/emails/<template>.*`, once per key; return it.

    Pass `new=True` when the key cannot exist yet; this skips one query. The body of a `secret` one,
    which opens something, is kept only until it is sent.
    """
    fields = compose(template, to_email=to_email, user=user, now=now, **context)
    fields["secret"] = secret
    if new:
        notice, created = Notice.objects.create(key=key, **fields), True
    else:
        notice, created = Notice.objects.get_or_create(key=key, defaults=fields)
    if created:
        transaction.on_commit(notify, robust=True)
    return notice


def new(
    template: str, *, to_email: str, key: str, now: datetime, user: User | None, **context: object
) -> Notice:
    """Return a notice under a new key, which the caller inserts in the transaction of its event."""
    transaction.on_commit(notify, robust=True)
    fields = compose(template, to_email=to_email, user=user, now=now, **context)
    return Notice(key=key, **fields)


def write_many(notices: Iterable[Notice]) -> None:
    """Write notices made with `compose` in one statement; those whose key exists are left out."""
    rows = list(notices)
    if rows:
        Notice.objects.bulk_create(rows, ignore_conflicts=True)
        transaction.on_commit(notify, robust=True)


def check_invitation_limit(
    invitations: Iterable[QuerySet[Any]], *, by: User, now: datetime
) -> None:
    """Check that `by` may send one more invitation today, so that nobody floods other mailboxes.

    Counts the rows by `invited_by` and `invited_at` in the last 24 hours, whatever became of them.
    Raises BadInput (`letters_today`).
    """
    since = now - timedelta(days=1)
    sent = sum(rows.filter(invited_by=by, invited_at__gt=since).count() for rows in invitations)
    if sent >= INVITATIONS_A_DAY:
        raise BadInput(
            f"하루에 보낼 수 있는 초대 {INVITATIONS_A_DAY}통을 모두 보냈습니다. 내일 다시 보내 주세요.",
            code="letters_today",
        )


def notify() -> None:
    broker.notify("portal.notices.tasks.send_notices")


def compose(
    template: str, *, to_email: str, user: User | None, now: datetime, **context: object
) -> dict[str, object]:
    values = {"ORIGIN": settings.ORIGIN, "user": user, **context}
    return {
        "user": user,
        "to_email": to_email,
        "subject": " ".join(_plain_text(f"emails/{template}.subject.txt", values).split())[:200],
        "body": _plain_text(f"emails/{template}.body.txt", values).strip() + "\n",
        "created_at": now,
        "request_id": following.current(),
    }


def _plain_text(template: str, values: dict[str, object]) -> str:
    # Plain text: a name with an ampersand stays as it is.
    text: str = _wrapper().render({"template": template, **values})
    return text


@cache
def _wrapper() -> Any:
    return engines["django"].from_string(
        "{% autoescape off %}{% include template %}{% endautoescape %}"
    )


def send_due(now: datetime) -> int:
    """Send the notices that are due; return how many were sent.

    Each is claimed by a conditional UPDATE for CLAIM, so that two workers never send the same one at
    once. A process that dies between sending and recording sends once more: an e-mail may arrive twice
    but is never lost. An unreachable mail server ends the batch and costs one notice an attempt.
    """
    interrupted = Notice.objects.filter(due(now), attempts__gt=len(PAUSES)).update(
        state=NoticeState.FAILED, error="발송 중에 여러 번 중단되었습니다.", body=_KEPT_BODY
    )
    metrics.MAILS.labels("given_up").inc(interrupted)
    sent, started = 0, time.monotonic()
    for notice in Notice.objects.filter(due(now)).order_by("id")[:BATCH]:
        if time.monotonic() - started > BATCH_SECONDS:
            break
        claimed = Notice.objects.filter(due(now), pk=notice.pk).update(
            attempts=F("attempts") + 1, next_at=now + CLAIM
        )
        if not claimed:
            continue
        with following.followed(notice.request_id):
            try:
                _send(notice)
            except NOTICE_ERRORS as error:
                _record_failure(notice, error, now)
            except OSError as error:
                _record_failure(notice, error, now)
                break
            else:
                sent += 1
                _record_success(notice, now)
    return sent


def due(at: datetime) -> Q:
    """Select the notices that may be sent at this instant."""
    return Q(state=NoticeState.PENDING) & (Q(next_at=None) | Q(next_at__lte=at))


def retry(notice: Notice) -> bool:
    """Queue a failed notice again; return whether it had failed and still has its body."""
    changed = Notice.objects.filter(pk=notice.pk, state=NoticeState.FAILED, secret=False).update(
        state=NoticeState.PENDING, attempts=0, next_at=None, error=""
    )
    if changed:
        transaction.on_commit(notify, robust=True)
    return bool(changed)


def _send(notice: Notice) -> None:
    EmailMessage(
        subject=notice.subject,
        body=notice.body,
        to=[notice.to_email],
        headers={
            "Message-ID": f"<notice-{notice.pk}@{settings.ORIGIN.split('//')[-1]}>",
            following.HEADER: following.current(),
        },
    ).send()


def _record_success(notice: Notice, now: datetime) -> None:
    Notice.objects.filter(pk=notice.pk).update(
        state=NoticeState.SENT, sent_at=now, next_at=None, error="", body=_KEPT_BODY
    )
    metrics.MAILS.labels("sent").inc()
    work.info("mail", extra={"mail": notice.pk, "outcome": "sent"})


def _record_failure(notice: Notice, error: Exception, now: datetime) -> None:
    logger.warning("알림 %s 발송 실패: %s", notice.pk, type(error).__name__)
    final = notice.attempts >= len(PAUSES)
    metrics.MAILS.labels("given_up" if final else "again").inc()
    Notice.objects.filter(pk=notice.pk).update(
        error=type(error).__name__,
        state=NoticeState.FAILED if final else NoticeState.PENDING,
        next_at=None if final else now + PAUSES[notice.attempts],
        body=_KEPT_BODY if final else F("body"),
    )
