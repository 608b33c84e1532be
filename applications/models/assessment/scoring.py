"""Score runs and their results."""

from django.conf import settings
from django.db import models

from applications.models.application import Application
from applications.models.assessment.rubrics import RubricVersion
from portal.models import Job
from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL


class ScoreRun(models.Model):
    """One computation of all results of a sub-programme from a frozen rubric and locked sheets.

    `stale_at` is set when a sheet that it used was withdrawn; the run itself is kept, and a new
    one, linked by `previous`, replaces it.
    """

    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="score_runs", verbose_name="내역사업"
    )
    number = models.PositiveIntegerField("회차")
    version = models.ForeignKey(
        RubricVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="runs",
        verbose_name="평가 기준 판",
    )
    rubric = models.JSONField("평가 기준(고정)")
    rubric_sha256 = models.CharField("기준 SHA-256", max_length=64)
    previous = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="later", verbose_name="이전 산정"
    )
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="요청자"
    )
    requested_at = models.DateTimeField("요청 시각")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    finished_at = models.DateTimeField("완료 시각", null=True)
    scored = models.PositiveIntegerField("산정 건수", default=0)
    inputs_sha256 = models.CharField("입력 SHA-256", max_length=64, blank=True)
    results_sha256 = models.CharField("결과 SHA-256", max_length=64, blank=True)
    stale_at = models.DateTimeField("다시 산정이 필요해진 시각", null=True)
    stale_reason = models.CharField("다시 산정이 필요한 사유", max_length=300, blank=True)

    class Meta:
        verbose_name = "점수 산정"
        verbose_name_plural = "점수 산정"
        constraints = [
            models.UniqueConstraint(fields=["sub_program", "number"], name="one_run_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} {self.number}차 산정"


class ScoreResult(models.Model):
    """One application's score in one run, with the hash of what it was computed from."""

    run = models.ForeignKey(ScoreRun, on_delete=models.CASCADE, related_name="results")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="results")
    raw = models.DecimalField("평가점수", max_digits=7, decimal_places=2, null=True)
    bonus = models.PositiveSmallIntegerField("가점", default=0)
    total = models.DecimalField("합계", max_digits=7, decimal_places=2, null=True)
    core = models.DecimalField("핵심 항목", max_digits=7, decimal_places=2, null=True)
    passed_floor = models.BooleanField("과락 없음", default=False)
    breakdown = models.JSONField("산출 내역")
    inputs_sha256 = models.CharField("입력 SHA-256", max_length=64)

    class Meta:
        verbose_name = "평가 결과"
        verbose_name_plural = "평가 결과"
        constraints = [
            models.UniqueConstraint(fields=["run", "application"], name="one_result_per_run"),
        ]

    def __str__(self) -> str:
        return f"{self.application}: {self.total}"
