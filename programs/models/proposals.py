"""What a change has in common that one manager proposes and another approves."""

from django.db import models
from django.db.models import F, Q

from portal.models import User


class Proposal(models.Model):
    """Who proposed and who approved; open until `ended_at`, by approval or because it was dropped."""

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="제안자")
    at = models.DateTimeField("제안 시각")
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인자"
    )
    ended_at = models.DateTimeField("끝난 시각", null=True)

    class Meta:
        abstract = True


def two_people(name: str) -> models.CheckConstraint:
    """Return the constraint that nobody approves what they proposed."""
    return models.CheckConstraint(
        condition=Q(approved_by=None) | ~Q(approved_by=F("by")) & Q(ended_at__isnull=False),
        name=name,
    )
