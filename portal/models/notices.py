"""The outbox of e-mails."""

from django.db import models
from django.db.models import Q

from portal.models.access import User


class NoticeState(models.TextChoices):
    PENDING = "pending", "발송 대기"
    SENT = "sent", "발송"
    FAILED = "failed", "발송 실패(확인 필요)"


class Notice(models.Model):
    """An e-mail of the outbox, written in the transaction of the event it reports."""

    key = models.CharField("고유 키", max_length=200, unique=True)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="notices", verbose_name="받는 사람"
    )
    to_email = models.EmailField("받는 주소")
    subject = models.CharField("제목", max_length=200)
    body = models.TextField("본문")
    secret = models.BooleanField("보안 메일", default=False)
    """The body opens something: never shown, and erased once the mail has left."""
    state = models.CharField(
        "상태", max_length=10, choices=NoticeState.choices, default=NoticeState.PENDING
    )
    attempts = models.PositiveSmallIntegerField("시도", default=0)
    next_at = models.DateTimeField("다음 시도", null=True)
    error = models.CharField("오류", max_length=200, blank=True)
    request_id = models.CharField(
        "요청 번호", max_length=32, blank=True, default="", db_default="", editable=False
    )
    created_at = models.DateTimeField("작성 시각")
    sent_at = models.DateTimeField("발송 시각", null=True)

    class Meta:
        verbose_name = "알림"
        verbose_name_plural = "알림"
        indexes = [
            models.Index(fields=["id"], condition=Q(state="pending"), name="notice_pending"),
            models.Index(fields=["id"], condition=Q(state="failed"), name="notice_given_up"),
            models.Index(fields=["user", "-id"], name="notice_of_user"),
        ]

    def __str__(self) -> str:
        return self.subject


class News(models.Model):
    """A mail to staff or an assessor that waits for their mail of the day; its text goes with that one.

    `kind` and `about` say what it tells of: whoever may not read that any more is not told.
    """

    kind = models.CharField("종류", max_length=100, default="", db_default="", blank=True)
    about = models.BigIntegerField("대상", null=True)
    key = models.CharField("고유 키", max_length=200, unique=True)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", verbose_name="받는 사람"
    )
    subject = models.CharField("제목", max_length=200)
    body = models.TextField("본문")
    at = models.DateTimeField("시각")
    told_at = models.DateTimeField("알린 시각", null=True)

    class Meta:
        verbose_name = "소식"
        verbose_name_plural = "소식"
        indexes = [
            models.Index(fields=["user", "id"], condition=Q(told_at=None), name="news_untold"),
            models.Index(fields=["told_at"], condition=Q(told_at__isnull=False), name="news_told"),
        ]

    def __str__(self) -> str:
        return self.subject
