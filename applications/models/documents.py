"""Issued PDFs."""

from django.db import models

from applications.models.application import Application
from portal.models import IssuedPdf


class IssuedDocument(IssuedPdf):
    """PDF about an application; `version` counts successive texts of one kind."""

    class Kind(models.TextChoices):
        RECEIPT = "receipt", "접수증"
        RESULT = "result", "평가 결과서"
        AGREEMENT = "agreement", "협약서"
        SETTLEMENT = "settlement", "정산서"
        NOTICE = "notice", "선정결과 통지서"
        SHEETS = "sheets", "평가표"
        CERTIFICATE = "certificate", "수준확인서"
        PLEDGE = "pledge", "참여확약서"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField("종류", max_length=12, choices=Kind.choices)
    version = models.PositiveSmallIntegerField("차수", default=1)

    class Meta:
        verbose_name = "발급 문서"
        verbose_name_plural = "발급 문서"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "kind", "version"], name="one_pdf_per_kind"
            ),
        ]
        indexes = [
            # Whoever holds a receipt has it checked by its content.
            models.Index(
                fields=["sha256"],
                condition=models.Q(kind="receipt", issued_at__isnull=False),
                name="receipt_by_content",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
