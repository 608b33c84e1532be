"""Pledges of partners to take part, signed in the portal instead of on paper."""

from django.conf import settings
from django.db import models

from applications.models.company import Company
from applications.models.intake.partners import PartnerTerms


class Pledge(models.Model):
    """What a partner pledged, as it read it, and who signed for it. Append-only in the database.

    `content` has the words and the facts in them; `sha256` is over its canonical bytes.
    """

    terms = models.OneToOneField(
        PartnerTerms, on_delete=models.PROTECT, primary_key=True, related_name="pledge"
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="pledges", verbose_name="기업"
    )
    content = models.JSONField("내용")
    sha256 = models.CharField("SHA-256", max_length=64)
    name = models.CharField("서명한 이름", max_length=50)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name="서명자"
    )
    signed_at = models.DateTimeField("서명 시각")

    class Meta:
        verbose_name = "참여확약서"
        verbose_name_plural = "참여확약서"

    def __str__(self) -> str:
        return f"{self.company} 참여확약서"
