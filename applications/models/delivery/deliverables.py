"""Deliverables of an agreement with their records, files and certificates."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.agreement.contracts import Agreement
from applications.models.delivery.experts import Expert
from applications.states import DeliverableMoves, DeliverableState
from portal.models import Dated, MoveLogBase, Stateful

USER = settings.AUTH_USER_MODEL


class DeliverableMove(MoveLogBase):
    thing = models.ForeignKey("Deliverable", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "수행 이력"
        verbose_name_plural = "수행 이력"


class Deliverable(Dated, Stateful):
    """One deliverable of an agreement; `spec` is the catalogue's row at the conclusion.

    `result` holds what was found when it was handed in, such as a level.
    """

    MOVES = DeliverableMoves.by_name()
    MOVE_LOG = DeliverableMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=DeliverableState.choices,
        default=DeliverableState.PLANNED,
        editable=False,
    )
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="deliverables", verbose_name="협약"
    )
    code = models.CharField("코드", max_length=40)
    label = models.CharField("이름", max_length=100)
    order = models.PositiveSmallIntegerField("순서", default=0)
    spec = models.JSONField("기준", default=dict)
    expert = models.ForeignKey(
        Expert,
        on_delete=models.PROTECT,
        null=True,
        related_name="deliverables",
        verbose_name="전문가",
    )
    starts_on = models.DateField("시작일", null=True)
    ends_on = models.DateField("종료일", null=True)
    result = models.JSONField("결과", default=dict)
    handed_in_at = models.DateTimeField("제출 시각", null=True)
    finished_at = models.DateTimeField("끝난 시각", null=True)

    class Meta:
        verbose_name = "수행 항목"
        verbose_name_plural = "수행 항목"
        ordering = ["agreement", "order"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "code"], name="deliverable_once"),
            models.CheckConstraint(
                condition=~Q(state__in=[DeliverableState.ACCEPTED, DeliverableState.STOPPED])
                | Q(finished_at__isnull=False),
                name="finished_deliverable_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "ends_on", "id"], name="deliverable_due"),
            models.Index(fields=["expert", "state"], name="deliverable_of_expert"),
        ]

    def __str__(self) -> str:
        return self.label


class DeliveryEntry(models.Model):
    """One record of a deliverable: a visit, a held day, an installation, a yearly proof.

    What it asks for is named in the deliverable's `spec["entry"]`; `amount` is a plain count.
    Where the firm confirms each record, `confirmed` is None until it has answered.
    """

    deliverable = models.ForeignKey(Deliverable, on_delete=models.PROTECT, related_name="entries")
    number = models.PositiveSmallIntegerField("차수")
    on = models.DateField("날짜")
    title = models.CharField("제목", max_length=100)
    body = models.TextField("내용")
    outcome = models.TextField("결과", blank=True)
    amount = models.PositiveBigIntegerField("수", null=True)
    written_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField("적은 시각")
    confirmed = models.BooleanField("기업 확인", null=True)
    answered_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField("확인 시각", null=True)
    note = models.CharField("기업 의견", max_length=300, blank=True)

    class Meta:
        verbose_name = "수행 기록"
        verbose_name_plural = "수행 기록"
        ordering = ["deliverable", "number"]
        constraints = [
            models.UniqueConstraint(fields=["deliverable", "number"], name="entry_once"),
            models.CheckConstraint(
                condition=Q(confirmed=None, answered_by=None, answered_at=None)
                | Q(confirmed__isnull=False, answered_by__isnull=False, answered_at__isnull=False),
                name="confirmed_entry_names_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(answered_by=None) | ~Q(answered_by=F("written_by")),
                name="nobody_confirms_their_own_entry",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class DeliveryFile(models.Model):
    """A file attached to a record as evidence."""

    entry = models.ForeignKey(DeliveryEntry, on_delete=models.PROTECT, related_name="files")
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    uploaded_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField("올린 시각")

    class Meta:
        verbose_name = "수행 파일"
        verbose_name_plural = "수행 파일"

    def __str__(self) -> str:
        return self.name


class LevelCertificate(models.Model):
    """The certificate of a factory's level (스마트공장 수준확인서). Append-only in the database."""

    deliverable = models.OneToOneField(
        Deliverable, on_delete=models.PROTECT, related_name="certificate"
    )
    number = models.CharField("확인서 번호", max_length=60, unique=True)
    level = models.CharField("확인 수준", max_length=20)
    level_label = models.CharField("확인 수준(말)", max_length=100)
    issued_on = models.DateField("발급일")
    valid_until = models.DateField("유효기한")
    by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField("발급 시각")

    class Meta:
        verbose_name = "수준확인서"
        verbose_name_plural = "수준확인서"
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("issued_on")), name="certificate_is_valid_for_a_while"
            ),
        ]

    def __str__(self) -> str:
        return self.number
