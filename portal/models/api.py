"""API tokens and the answers kept for repeated calls."""

from datetime import timedelta
from typing import ClassVar

from django.db import models

from portal.models.access import User


class TokenScope(models.TextChoices):
    READ = "read", "조회"
    WRITE = "write", "작성·제출"


class ApiToken(models.Model):
    """A key to the API: scoped, expiring, shown once and stored as a hash."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="tokens", verbose_name="사용자"
    )
    name = models.CharField("이름", max_length=50)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField("범위", max_length=10, choices=TokenScope.choices)
    created_at = models.DateTimeField("발급 시각", auto_now_add=True)
    expires_at = models.DateTimeField("만료 시각")
    last_used_at = models.DateTimeField("마지막 사용 시각", null=True, blank=True)
    revoked_at = models.DateTimeField("폐기 시각", null=True, blank=True)

    LIFETIME: ClassVar[timedelta] = timedelta(days=90)
    MOST: ClassVar[int] = 10
    """Living tokens one person may have (assumption)."""

    class Meta:
        verbose_name = "API 토큰"
        verbose_name_plural = "API 토큰"

    def __str__(self) -> str:
        return self.name


class IdempotentCall(models.Model):
    """The answer to a call with an Idempotency-Key, for its repeats."""

    KEPT = timedelta(days=7)  # long after the last repeat; the answer holds what the call sent

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "멱등 호출"
        verbose_name_plural = "멱등 호출"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key"),
        ]

    def __str__(self) -> str:
        return self.key
