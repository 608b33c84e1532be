"""Books."""

from django.conf import settings
from django.db import models

from portal.models import IssuedPdf
from vouchers.models.panel import PanelRound
from vouchers.models.reports import ConsumerReport
from vouchers.states import Category

USER = settings.AUTH_USER_MODEL


class ReportBook(IssuedPdf):
    """The published reports of one category as a book; `reports` were in at `requested_at`."""

    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="books", verbose_name="회차"
    )
    category = models.CharField("분야", max_length=12, choices=Category.choices)
    number = models.PositiveSmallIntegerField("판")
    content_sha256 = models.CharField("내용 SHA-256", max_length=64)
    reports = models.PositiveIntegerField("보고서")
    included = models.ManyToManyField(ConsumerReport, related_name="books")
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="요청자"
    )

    class Meta:
        verbose_name = "소비자 보고서집"
        verbose_name_plural = "소비자 보고서집"
        constraints = [
            models.UniqueConstraint(
                fields=["round", "category", "number"], name="one_book_a_number"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.get_category_display()} 보고서집 {self.number}판"
