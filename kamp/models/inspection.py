"""Models of inspection, their verdicts, what people decided beside them, drift and reports."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kamp.models.dataset import Clip, Dataset, Recipe
from kamp.states import MODEL_MOVES, Mark, ModelState, Verdict
from portal.models import Dated, IssuedPdf, Job, MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL


class InspectionModelMove(MoveLogBase):
    """One move of a model."""

    thing = models.ForeignKey("InspectionModel", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "모델 이력"
        verbose_name_plural = "모델 이력"


class InspectionModel(Dated, Stateful):
    """A trained model: which data, which artefact, which thresholds, how good.

    Nothing of it changes once it is approved, by somebody who did not train it (the database holds
    both). `parent` is the model that this one recalibrates.
    """

    MOVES = MODEL_MOVES
    MOVE_LOG = InspectionModelMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=ModelState.choices,
        default=ModelState.TRAINING,
        editable=False,
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="models")
    recipe = models.ForeignKey(Recipe, on_delete=models.PROTECT, related_name="models")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    version = models.PositiveIntegerField("판")
    seed = models.PositiveIntegerField("씨앗값", default=0)
    is_synthetic = models.BooleanField("합성", default=False)
    artefact = models.CharField(max_length=100, blank=True, editable=False)
    artefact_sha256 = models.CharField("모델 확인 값", max_length=64, blank=True)
    manifest_sha256 = models.CharField("학습 자료 확인 값", max_length=64, blank=True)
    manifest = models.JSONField("학습 자료", default=list)
    thresholds = models.JSONField("기준값", default=dict)
    facts = models.JSONField("학습 정보", default=dict)
    measures = models.JSONField("성능", default=dict)
    trained_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="학습을 요청한 사람"
    )
    trained_at = models.DateTimeField("학습한 시각", null=True)
    approved_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인한 사람"
    )
    approved_at = models.DateTimeField("승인한 시각", null=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "검사 모델"
        verbose_name_plural = "검사 모델"
        constraints = [
            models.UniqueConstraint(fields=["dataset", "version"], name="one_model_of_a_version"),
            models.CheckConstraint(
                condition=Q(state=ModelState.TRAINING)
                | Q(state=ModelState.RETIRED)
                | (~Q(artefact="") & ~Q(artefact_sha256="")),
                name="trained_model_has_its_artefact",
            ),
            models.CheckConstraint(
                condition=~Q(state=ModelState.APPROVED)
                | (Q(approved_by__isnull=False) & Q(approved_at__isnull=False)),
                name="approved_model_names_its_approver",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("trained_by")),
                name="model_approved_by_a_second_person",
            ),
        ]

    def __str__(self) -> str:
        mark = "[합성] " if self.is_synthetic else ""
        return f"{mark}{self.dataset.name} 모델 {self.version}판"


class Inspection(models.Model):
    """What a model said of one clip: once, never changed.

    `pictures` is one archive of the heatmap on each of the `shown` frames and on the panorama.
    """

    model = models.ForeignKey(InspectionModel, on_delete=models.PROTECT, related_name="inspections")
    clip = models.ForeignKey(Clip, on_delete=models.PROTECT, related_name="inspections")
    verdict = models.CharField("판정", max_length=10, choices=Verdict.choices)
    reasons = models.JSONField("까닭", default=list)
    known_score = models.FloatField("알려진 불량 점수", null=True)
    anomaly_score = models.FloatField("이상 점수", null=True)
    frame_scores = models.JSONField("프레임별 점수", default=list)
    times = models.JSONField("걸린 시간(ms)", default=dict)
    pictures = models.CharField(max_length=100, blank=True, editable=False)
    shown = models.JSONField("보이는 프레임", default=list)
    inspected_at = models.DateTimeField("판정한 시각")

    class Meta:
        verbose_name = "판정"
        verbose_name_plural = "판정"
        constraints = [
            models.UniqueConstraint(fields=["model", "clip"], name="one_verdict_of_a_model"),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.HOLD) | ~Q(reasons=[]), name="a_hold_says_why"
            ),
        ]

    def __str__(self) -> str:
        return self.get_verdict_display()


class InspectorDecision(models.Model):
    """What an inspector decided, beside the model's verdict; a new word is a new row."""

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="decisions")
    mark = models.CharField("검사원 판정", max_length=10, choices=Mark.choices)
    note = models.CharField("덧붙임", max_length=300, blank=True)
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "검사원 판정"
        verbose_name_plural = "검사원 판정"

    def __str__(self) -> str:
        return self.get_mark_display()


class DriftCheck(models.Model):
    """The latest normal products against those of training."""

    model = models.ForeignKey(InspectionModel, on_delete=models.PROTECT, related_name="drifts")
    at = models.DateTimeField("확인한 시각")
    last_inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveIntegerField("제품 수")
    flagged = models.PositiveIntegerField("정상이 아니라고 한 수")
    held = models.PositiveIntegerField("판정을 보류할 수", default=0)
    p_value = models.FloatField("유의확률")
    shift = models.FloatField("점수의 이동")
    drifted = models.BooleanField("달라짐")
    message = models.CharField("알림", max_length=200, blank=True)

    class Meta:
        verbose_name = "촬영 조건 점검"
        verbose_name_plural = "촬영 조건 점검"
        constraints = [
            models.UniqueConstraint(
                fields=["model", "last_inspection"], name="one_drift_check_of_the_same_products"
            ),
        ]

    def __str__(self) -> str:
        return self.message or "달라지지 않음"


class InspectionReport(IssuedPdf):
    """A PDF of what a model said, up to one inspection."""

    model = models.ForeignKey(InspectionModel, on_delete=models.PROTECT, related_name="reports")
    last_inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="+")
    requested_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    decisions_until = models.PositiveBigIntegerField(default=0, editable=False)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "검사 보고서"
        verbose_name_plural = "검사 보고서"
        constraints = [
            models.UniqueConstraint(
                fields=["model", "last_inspection", "decisions_until"],
                name="one_report_of_the_same_facts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} 보고서"
