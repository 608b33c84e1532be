"""Background jobs."""

from django.db import models
from django.db.models import Q

from portal.core.errors import JobCancelled
from portal.models.access import User


class JobState(models.TextChoices):
    QUEUED = "queued", "대기"
    RUNNING = "running", "진행 중"
    DONE = "done", "완료"
    PARKED = "parked", "중단(확인 필요)"
    CANCELLED = "cancelled", "취소"


class Job(models.Model):
    """Work to be done in the background. This row decides; a broker message only wakes a worker."""

    kind = models.CharField("종류", max_length=60)
    key = models.CharField("고유 키", max_length=200, unique=True)
    args = models.JSONField("인자", default=dict)
    state = models.CharField(
        "상태", max_length=10, choices=JobState.choices, default=JobState.QUEUED
    )
    total = models.PositiveIntegerField("전체", default=0)
    done = models.PositiveIntegerField("처리", default=0)
    attempts = models.PositiveSmallIntegerField("시도", default=0)
    postponements = models.PositiveSmallIntegerField("미룸", default=0)
    lease_until = models.DateTimeField("점유 기한", null=True)
    run_after = models.DateTimeField("다음 시도", null=True)
    stage = models.CharField("단계", max_length=60, blank=True)
    cancel_requested_at = models.DateTimeField("취소 요청 시각", null=True)
    error = models.TextField("오류", blank=True)  # in words for people
    cause = models.TextField("기술적 원인", blank=True)
    result = models.JSONField("결과", default=dict)
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="요청자"
    )
    request_id = models.CharField(
        "요청 번호", max_length=32, blank=True, default="", db_default="", editable=False
    )
    created_at = models.DateTimeField("요청 시각", auto_now_add=True)
    finished_at = models.DateTimeField("끝난 시각", null=True)

    class Meta:
        verbose_name = "작업"
        verbose_name_plural = "작업"
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["queued", "running"]),
                name="job_pending",
            ),
            models.Index(fields=["id"], condition=Q(state="parked"), name="job_parked"),
        ]

    def __str__(self) -> str:
        return f"작업 {self.pk} ({self.get_state_display()})"

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """Record progress. Raises JobCancelled when somebody requested that the job stop.

        Whether the work done so far stays is decided by the work's own transactions.
        """
        self.done, self.total, self.stage = done, total, stage
        row = Job.objects.filter(pk=self.pk)
        if not row.filter(cancel_requested_at=None).update(done=done, total=total, stage=stage):
            raise JobCancelled()

    def raise_if_cancelled(self) -> None:
        """Raise JobCancelled when somebody requested that the job stop; write nothing.

        For work within one transaction, where `progress` would lock this row until its end.
        """
        if Job.objects.filter(pk=self.pk, cancel_requested_at__isnull=False).exists():
            raise JobCancelled()
