"""How a person is told of what waits for them: the address of their calendar, and fewer mails."""

from django.db import models

from portal.models.access import User


class TodoSettings(models.Model):
    """The secret address of a person's calendar, kept as a hash, and which mails they want."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="todo_settings")
    feed_digest = models.CharField(  # noqa: DJ001 - unique, and many have no calendar
        max_length=64, unique=True, null=True, editable=False
    )
    feed_made_at = models.DateTimeField("달력 주소를 만든 시각", null=True)
    feed_used_at = models.DateTimeField("달력을 마지막으로 읽은 시각", null=True)
    urgent_only = models.BooleanField("급한 알림만 받기", default=False, db_default=False)
    """Mails only on the day before something is due, and later."""

    class Meta:
        verbose_name = "할 일 알림 설정"
        verbose_name_plural = "할 일 알림 설정"

    def __str__(self) -> str:
        return str(self.user)
