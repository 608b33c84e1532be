"""Base models of workflow; the audit chain; incidents."""

from collections.abc import Mapping
from typing import ClassVar

from django.db import models

from portal.core.moves import Move
from portal.models.access import User


class Dated(models.Model):
    created_at = models.DateTimeField("만든 시각", auto_now_add=True)
    updated_at = models.DateTimeField("바뀐 시각", auto_now=True)

    class Meta:
        abstract = True


class Stateful(models.Model):
    """An object with a transition table; only `portal.records.workflow` writes its `state`.

    A subclass names its moves (`MOVES`) and the model that logs them (`MoveLogBase` with a foreign
    key `thing`).
    """

    state = models.CharField("상태", max_length=20, editable=False)

    MOVES: ClassVar[Mapping[str, Move]]
    MOVE_LOG: ClassVar[type["MoveLogBase"]]

    class Meta:
        abstract = True

    def name_of(self, by: User) -> str:
        """Return how to call this person before staff, who may not know everybody by name."""
        return str(by)


class MoveLogBase(models.Model):
    """One move of one object: who, when, from, to, why. Append-only in the database."""

    move = models.CharField("처리", max_length=30)
    source = models.CharField("이전 상태", max_length=20)
    target = models.CharField("이후 상태", max_length=20)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리자"
    )
    at = models.DateTimeField("처리 시각")
    note = models.TextField("사유", blank=True)

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.move}: {self.source} → {self.target}"


class AuditChain(models.Model):
    """How far the rows of one audited table are sealed, and the hash of its last seal."""

    name = models.CharField("사슬", max_length=60, primary_key=True)
    number = models.PositiveIntegerField("마지막 봉인", default=0)
    head = models.CharField("SHA-256", max_length=64, blank=True)
    rows = models.PositiveBigIntegerField("봉인한 행", default=0)
    swept_at = models.DateTimeField("마지막으로 훑은 시각", null=True)

    class Meta:
        verbose_name = "감사 사슬"
        verbose_name_plural = "감사 사슬"

    def __str__(self) -> str:
        return self.name


class AuditSeal(models.Model):
    """The hashes of some rows, chained to the seal before. Append-only in the database."""

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="seals")
    number = models.PositiveIntegerField("번호")
    columns = models.JSONField("열")
    pks = models.JSONField("행")
    digests = models.BinaryField("행마다의 SHA-256")
    count = models.PositiveIntegerField("행 수")
    previous = models.CharField("앞 봉인의 SHA-256", max_length=64, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    sealed_at = models.DateTimeField("봉인 시각")

    class Meta:
        verbose_name = "봉인"
        verbose_name_plural = "봉인"
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="one_seal_per_number"),
        ]
        indexes = [models.Index(fields=["chain", "sealed_at"], name="seal_of_late")]

    def __str__(self) -> str:
        return f"{self.chain_id} {self.number}"


class AuditCheck(models.Model):
    """One verification of the chains and its result. Append-only in the database."""

    started_at = models.DateTimeField("시작")
    finished_at = models.DateTimeField("끝")
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="요청자"
    )
    rows = models.PositiveBigIntegerField("확인한 행")
    seals = models.PositiveIntegerField("확인한 봉인")
    faults = models.PositiveIntegerField("어긋난 행")
    unsealed = models.PositiveIntegerField("봉인 전 행")
    oldest_unsealed_at = models.DateTimeField("가장 오래된 봉인 전 행", null=True)
    findings = models.JSONField("발견한 것", default=list)
    heads = models.JSONField("사슬의 끝", default=list)

    class Meta:
        verbose_name = "감사 검증"
        verbose_name_plural = "감사 검증"

    def __str__(self) -> str:
        return f"감사 검증 #{self.pk}"


class IncidentMinute(models.Model):
    """Failures of one kind in one minute of one process: the portal's own evidence of an outage."""

    class Kind(models.TextChoices):
        CLOSED = "closed", "마감 뒤 접수 거절"
        ERROR = "error", "오류"
        UNAVAILABLE = "unavailable", "이용 불가"
        SLOW = "slow", "느린 응답"
        SHED = "shed", "접속이 몰려 돌려보냄"
        TICKET = "ticket", "접수 확인표 발급"

    scope = models.CharField("대상", max_length=80)
    minute = models.DateTimeField("분")
    kind = models.CharField("종류", max_length=12, choices=Kind.choices)
    source = models.CharField("프로세스", max_length=80)
    count = models.PositiveIntegerField("건수")

    class Meta:
        verbose_name = "장애 기록"
        verbose_name_plural = "장애 기록"
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "minute", "kind", "source"], name="one_count_per_minute"
            ),
        ]
        indexes = [models.Index(fields=["minute"], name="incident_minute")]

    def __str__(self) -> str:
        return f"{self.scope} {self.minute:%H:%M} {self.get_kind_display()}"
