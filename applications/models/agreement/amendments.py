"""Amendments of concluded agreements (협약변경)."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.agreement.contracts import Agreement, AgreementVersion
from applications.states import (
    AmendmentKind,
    AmendmentState,
)

USER = settings.AUTH_USER_MODEL


PROPOSED = {
    "name": "기업명",
    "business_number": "사업자등록번호",
    "grant_won": "지원금",
    "own_won": "기업부담금",
    "ends_on": "수행 종료일",
}


class Amendment(models.Model):
    """A requested change of a concluded agreement, examined and approved by two people."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="amendments")
    kind = models.CharField("변경 대상", max_length=10, choices=AmendmentKind.choices)
    proposal = models.JSONField("변경 내용", default=dict)
    reason = models.CharField("변경 사유", max_length=500)
    state = models.CharField(
        "상태", max_length=10, choices=AmendmentState.choices, default=AmendmentState.ASKED
    )
    asked_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("신청 시각")
    opinion = models.CharField("검토 의견", max_length=500, blank=True)
    examined_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="검토자"
    )
    examined_at = models.DateTimeField("검토 시각", null=True)
    note = models.CharField("결정 사유", max_length=500, blank=True)
    decided_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="결정자"
    )
    decided_at = models.DateTimeField("결정 시각", null=True)
    version = models.OneToOneField(
        AgreementVersion, on_delete=models.PROTECT, null=True, related_name="amendment"
    )

    class Meta:
        verbose_name = "협약변경"
        verbose_name_plural = "협약변경"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"],
                condition=Q(state__in=[AmendmentState.ASKED, AmendmentState.EXAMINED]),
                name="one_amendment_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=AmendmentState.APPROVED)
                | Q(decided_by__isnull=False, examined_by__isnull=False, version__isnull=False),
                name="approved_amendment_has_its_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=AmendmentState.APPROVED) | ~Q(decided_by=F("examined_by")),
                name="amendment_has_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} 변경"

    @property
    def described(self) -> list[tuple[str, str]]:
        """Label and value of everything the proposal changes."""
        rows = []
        for name, value in self.proposal.items():
            if name in PROPOSED:
                text = f"{value:,}원" if isinstance(value, int) else str(value)
                rows.append((PROPOSED[name], text))
        rows += [(code, f"{won:,}원") for code, won in self.proposal.get("items", {}).items()]
        return rows
