"""Inspection models."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from kamp.models.datasets import Dataset, Recipe
from kamp.states import ModelMoves, ModelState
from portal.models import Dated, Job, MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL


class InspectionModelMove(MoveLogBase):
    thing = models.ForeignKey("InspectionModel", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "모델 이력"
        verbose_name_plural = "모델 이력"


class InspectionModel(Dated, Stateful):
    """A trained model with its data (`manifest`), artefact, thresholds and measures.

    It is approved by somebody who did not train it and does not change afterwards; the database
    enforces both. `parent` is the model that this one recalibrates.
    """

    MOVES = ModelMoves.by_name()
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
