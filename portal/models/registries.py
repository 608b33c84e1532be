"""What agencies answered about firms, and when they were asked."""

from typing import Any

from django.db import models
from django.db.models import F, Q


class Failure(models.TextChoices):
    """Why a registry gave no answer."""

    UNCONNECTED = "unconnected", "이 조회는 아직 연결되어 있지 않습니다."
    KEY = "key", "기관이 포털의 인증키를 받아들이지 않았습니다."
    LIMIT = "limit", "기관이 정한 조회 횟수를 넘었습니다."
    DOWN = "down", "기관의 시스템이 응답하지 않았습니다."
    SLOW = "slow", "기관의 응답이 제때 오지 않았습니다."
    UNREADABLE = "unreadable", "기관의 응답을 읽을 수 없었습니다."
    PARTIAL = "partial", "기관의 응답에 이 기업의 답이 없었습니다."


class RegistryAnswer(models.Model):
    """An answer to a new question, or another one than before to the same; only ever added.

    `subject` is a business number; `details_sha256` the hash of what else was asked about, `sha256`
    that of the answer; `changed` when the one before it said something else.
    """

    registry = models.CharField("조회", max_length=30)
    subject = models.CharField("사업자등록번호", max_length=10)
    details_sha256 = models.CharField(max_length=64)
    found = models.BooleanField("등록 여부")
    facts: Any = models.JSONField("답")
    sha256 = models.CharField("SHA-256", max_length=64)
    answered_at = models.DateTimeField("답을 받은 시각")
    previous = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="later", verbose_name="이전 답"
    )
    changed = models.BooleanField("바뀐 답", default=False)

    class Meta:
        verbose_name = "기관 조회의 답"
        verbose_name_plural = "기관 조회의 답"
        indexes = [
            models.Index(fields=["-id"], condition=Q(changed=True), name="registryanswer_changed"),
            models.Index(fields=["subject", "registry"], name="registryanswer_of_a_firm"),
        ]

    def __str__(self) -> str:
        return f"{self.registry} {self.subject}"


class RegistryRecord(models.Model):
    """What is known now of one firm from one registry, and how the last question went.

    `confirmed_at` is when the agency last gave `answer`, `failure` why it gave none at `tried_at`.
    """

    registry = models.CharField("조회", max_length=30)
    subject = models.CharField("사업자등록번호", max_length=10)
    answer = models.ForeignKey(
        RegistryAnswer, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="답"
    )
    confirmed_at = models.DateTimeField("조회 시각", null=True)
    valid_until = models.DateTimeField("유효 기한", null=True)
    tried_at = models.DateTimeField("마지막으로 물은 시각", null=True)
    failure = models.CharField("답이 없는 까닭", max_length=12, choices=Failure.choices, blank=True)

    class Meta:
        verbose_name = "기관 조회"
        verbose_name_plural = "기관 조회"
        constraints = [
            models.UniqueConstraint(fields=["subject", "registry"], name="one_record_per_registry"),
            models.CheckConstraint(
                condition=Q(answer=None, confirmed_at=None, valid_until=None)
                | Q(answer__isnull=False, confirmed_at__isnull=False, valid_until__isnull=False),
                name="registryrecord_answer_has_its_instants",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(tried_at__gte=F("confirmed_at")),
                name="registryrecord_is_confirmed_when_tried",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.registry} {self.subject}"
