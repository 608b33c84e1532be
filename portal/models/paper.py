"""Issued PDFs."""

import uuid

from django.db import models


class IssuedPdf(models.Model):
    """A PDF made by a job: the row is written first, the file follows."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file = models.CharField(max_length=100, blank=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, editable=False)
    pages = models.PositiveSmallIntegerField("쪽수", default=0, editable=False)
    requested_at = models.DateTimeField("요청 시각")
    issued_at = models.DateTimeField("발급 시각", null=True, editable=False)

    class Meta:
        abstract = True
