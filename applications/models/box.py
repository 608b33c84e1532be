"""The document box of a firm: papers that it uses for several applications."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.company import Company

USER = settings.AUTH_USER_MODEL


class BoxPaper(models.Model):
    """A paper of a firm with its days; `kind` is a code of `programs/catalogue/papers.yaml`.

    An application that uses it gets a file of its own, so that removing the paper takes nothing from
    what was filed. The row of a removed paper stays, its file does not; nobody removed one whose
    `removed_by` is empty: it had expired.
    """

    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="papers", verbose_name="기업"
    )
    kind = models.CharField("서류", max_length=40)
    name = models.CharField("파일 이름", max_length=160)
    file = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("크기")
    sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    issued_on = models.DateField("발급일")
    valid_until = models.DateField("유효기간의 마지막 날", null=True)
    uploaded_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="올린 사람"
    )
    uploaded_at = models.DateTimeField("올린 시각")
    reminded_at = models.DateTimeField("만료를 알린 시각", null=True)
    removed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="뺀 사람"
    )
    removed_at = models.DateTimeField("뺀 시각", null=True)

    class Meta:
        verbose_name = "서류함의 서류"
        verbose_name_plural = "서류함의 서류"
        constraints = [
            models.UniqueConstraint(
                fields=["company", "kind", "sha256"],
                condition=Q(removed_at=None),
                name="one_box_paper_per_content",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("issued_on")),
                name="paper_is_valid_after_its_issue",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=False) | Q(removed_by=None),
                name="removed_paper_has_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["valid_until"], condition=Q(removed_at=None), name="paper_valid_until"
            ),
        ]

    def __str__(self) -> str:
        return self.name
