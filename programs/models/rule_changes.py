"""Changes of rules of an announced sub-programme: proposed by one manager, approved by another."""

from django.db import models
from django.db.models import F, Q

from portal.models import User
from programs.models.catalogue import SubProgram
from programs.models.proposals import Proposal, two_people


class RuleProposal(Proposal):
    """What would change, field by field with before and after, in the shape of `rules.rule_changes`."""

    sub_program = models.ForeignKey(
        SubProgram,
        on_delete=models.PROTECT,
        related_name="rule_proposals",
        verbose_name="내역사업",
    )
    changes = models.JSONField("바꿀 내용")
    reason = models.CharField("사유", max_length=500)

    class Meta:
        verbose_name = "규칙 변경안"
        verbose_name_plural = "규칙 변경안"
        constraints = [
            models.UniqueConstraint(
                fields=["sub_program"],
                condition=Q(ended_at=None),
                name="one_open_rule_proposal_per_program",
            ),
            two_people("rule_proposal_needs_two_people"),
            models.CheckConstraint(condition=~Q(reason=""), name="rule_proposal_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 규칙 변경안"


class RuleChange(models.Model):
    """A change of rules that took effect. Append-only in the database."""

    proposal = models.OneToOneField(
        RuleProposal, on_delete=models.PROTECT, related_name="change", verbose_name="변경안"
    )
    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="rule_changes", verbose_name="내역사업"
    )
    lines = models.JSONField("바뀐 내용")
    """[what, label, before, after] as people read it, in the words of that day."""
    changes = models.JSONField("바뀐 값")
    reason = models.CharField("사유", max_length=500)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name="제안자")
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="승인자"
    )
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "규칙 변경 이력"
        verbose_name_plural = "규칙 변경 이력"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(approved_by=F("by")), name="rule_change_needs_two_people"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 규칙 변경"
