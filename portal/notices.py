"""The outbox: a notice is written with the fact it tells, and sent afterwards, once."""

import logging
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.template import engines

from portal import doorbell
from portal.models import Notice, NoticeState, User

logger = logging.getLogger(__name__)

ATTEMPTS = 5
BATCH = 500


def write(
    template: str,
    *,
    to_email: str,
    key: str,
    now: datetime,
    user: User | None = None,
    **context: object,
) -> Notice:
    """Write one notice from `templates/emails/<template>.*`; the key makes it the only one."""
    notice, created = Notice.objects.get_or_create(
        key=key, defaults=compose(template, to_email=to_email, user=user, now=now, **context)
    )
    if created:
        transaction.on_commit(lambda: doorbell.ring("portal.tasks.send_notices"), robust=True)
    return notice


def compose(
    template: str, *, to_email: str, user: User | None, now: datetime, **context: object
) -> dict[str, object]:
    """Render a notice's fields without saving it, for one row or for many."""
    words = {"ORIGIN": settings.ORIGIN, "user": user, **context}
    return {
        "user": user,
        "to_email": to_email,
        "subject": " ".join(_plain_text(f"emails/{template}.subject.txt", words).split()),
        "body": _plain_text(f"emails/{template}.body.txt", words).strip() + "\n",
        "created_at": now,
    }


def _plain_text(template: str, words: dict[str, object]) -> str:
    """Render a letter, which is no HTML: a name with an ampersand stays as it is."""
    letter = engines["django"].from_string(
        "{% autoescape off %}{% include template %}{% endautoescape %}"
    )
    return letter.render({"template": template, **words})


def send_waiting(now: datetime) -> int:
    """Send what waits, each claimed by a conditional UPDATE before it leaves.

    A crash between claim and sending leaves the row claimed once more on the next sweep, up to
    `ATTEMPTS`; a mail may then arrive twice but is never lost.
    """
    sent = 0
    waiting = Notice.objects.filter(state=NoticeState.PENDING).order_by("id")[:BATCH]
    for notice in waiting:
        claimed = Notice.objects.filter(
            pk=notice.pk, state=NoticeState.PENDING, attempts=notice.attempts
        ).update(attempts=F("attempts") + 1)
        if claimed:
            sent += _send(notice, now)
    return sent


def _send(notice: Notice, now: datetime) -> int:
    mail = EmailMessage(
        subject=notice.subject,
        body=notice.body,
        to=[notice.to_email],
        headers={"Message-ID": f"<notice-{notice.pk}@{settings.ORIGIN.split('//')[-1]}>"},
    )
    try:
        mail.send()
    except (OSError, SMTPException) as error:
        logger.warning("알림 %s 발송 실패: %s", notice.pk, type(error).__name__)
        final = notice.attempts + 1 >= ATTEMPTS
        Notice.objects.filter(pk=notice.pk).update(
            error=type(error).__name__,
            state=NoticeState.FAILED if final else NoticeState.PENDING,
        )
        return 0
    Notice.objects.filter(pk=notice.pk).update(state=NoticeState.SENT, sent_at=now, error="")
    return 1
