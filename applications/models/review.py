"""Score sheets under a frozen rubric, and the runs that compute results from them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from portal.models import Job
from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL


class RubricVersion(models.Model):
    """How a sub-programme is judged, frozen when scoring begins. Append-only in the database.

    `content` is what `rules.scoring.Rubric` reads, `guides` the words beside each criterion; the
    hash is over both. A later version names the one before it and why it was made.
    """

    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="rubrics", verbose_name="내역사업"
    )
    number = models.PositiveIntegerField("버전")
    content = models.JSONField("평가 기준")
    guides = models.JSONField("평가 안내", default=dict)
    sha256 = models.CharField("SHA-256", max_length=64)
    frozen_at = models.DateTimeField("고정 시각")
    frozen_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="고정한 사람"
    )
    reason = models.CharField("사유", max_length=300)
    previous = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="following",
        verbose_name="앞 버전",
    )

    class Meta:
        verbose_name = "평가 기준 판"
        verbose_name_plural = "평가 기준 판"
        constraints = [
            models.UniqueConstraint(fields=["sub_program", "number"], name="one_rubric_per_number"),
            models.CheckConstraint(
                condition=Q(number=1, previous=None) | Q(number__gt=1, previous__isnull=False),
                name="later_rubric_names_the_one_before",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 평가 기준 {self.number}판"


class SheetQuerySet(models.QuerySet["ScoreSheet"]):
    """Which sheets hold a place, and which count."""

    def active(self) -> "SheetQuerySet":
        """Those whose assessor still judges or has judged: neither abstained nor withdrawn."""
        return self.filter(abstained_at=None, withdrawn_at=None)

    def counted(self) -> "SheetQuerySet":
        """Those that a score is computed from."""
        return self.active().filter(locked_at__isnull=False)

    def waiting(self) -> "SheetQuerySet":
        """Those that are still to be handed in."""
        return self.active().filter(locked_at=None)


class ScoreSheet(models.Model):
    """One assessor's sheet for one application: marks and reasons by criterion code.

    A mark is null where the criterion is not applicable. A sheet ends locked (`locked_at`),
    abstained, or withdrawn from the sum because of a tie; the database then refuses any change,
    but that a locked sheet may be withdrawn once, its marks kept.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="sheets")
    assessor = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="sheets", verbose_name="평가위원"
    )
    rubric = models.ForeignKey(
        RubricVersion,
        on_delete=models.PROTECT,
        null=True,
        related_name="sheets",
        verbose_name="평가 기준",
    )
    assigned_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    assigned_at = models.DateTimeField("배정 시각")
    due_at = models.DateTimeField("제출 기한", null=True)
    declared_at = models.DateTimeField("이해관계 확인 시각", null=True)
    marks = models.JSONField("점수", default=dict)
    reasons = models.JSONField("평가 의견", default=dict)
    comment = models.TextField("종합 의견", blank=True)
    version = models.PositiveIntegerField(default=1)
    locked_at = models.DateTimeField("제출 시각", null=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    abstained_at = models.DateTimeField("회피 시각", null=True)
    withdrawn_at = models.DateTimeField("제외 시각", null=True)
    end_reason = models.CharField("회피·제외 사유", max_length=500, blank=True)

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = "평가표"
        verbose_name_plural = "평가표"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "assessor"], name="one_sheet_per_assessor"
            ),
            models.CheckConstraint(
                condition=Q(locked_at=None) | ~Q(sha256=""), name="locked_sheet_is_hashed"
            ),
            models.CheckConstraint(
                condition=Q(abstained_at=None) | Q(locked_at=None),
                name="abstained_sheet_is_not_handed_in",
            ),
            models.CheckConstraint(
                condition=Q(abstained_at=None, withdrawn_at=None, end_reason="")
                | (
                    (Q(abstained_at__isnull=False) | Q(withdrawn_at__isnull=False))
                    & ~Q(end_reason="")
                ),
                name="ended_sheet_says_why",
            ),
        ]
        indexes = [
            models.Index(fields=["assessor", "-id"], name="sheet_of_assessor"),
            models.Index(
                fields=["assessor", "due_at"],
                condition=Q(locked_at=None, abstained_at=None, withdrawn_at=None),
                name="sheet_waiting",
            ),
            models.Index(
                fields=["locked_at"], condition=Q(locked_at__isnull=False), name="sheet_locked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.assessor}"

    @property
    def ended(self) -> bool:
        """Whether this sheet holds no place any more."""
        return self.abstained_at is not None or self.withdrawn_at is not None


class ScoreRun(models.Model):
    """One computation of all results of a sub-programme from a frozen rubric and locked sheets.

    `stale_at` says since when it no longer stands for what is known (a sheet it used was
    withdrawn); it stays as it was, and a new run, linked by `previous`, takes its place.
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
