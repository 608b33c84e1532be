"""Late filing: permission for one company to file after the deadline."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.models.application import Application
from applications.models.company import Company, Site
from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL


class LateGrant(models.Model):
    """Permission to file late, from the approval of a second manager on, used once.

    `application` is the one it was used for.
    """

    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="+", verbose_name="내역사업"
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="+", verbose_name="기업"
    )
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="사업장"
    )
    reason = models.CharField("사유", max_length=300)
    until = models.DateTimeField("허용 기한")
    granted_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="허용한 사람"
    )
    granted_at = models.DateTimeField("허용 시각")
    approved_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인자"
    )
    approved_at = models.DateTimeField("승인 시각", null=True)
    cancelled_at = models.DateTimeField("취소 시각", null=True)
    used_at = models.DateTimeField("사용 시각", null=True)
    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, null=True, related_name="late_grant"
    )

    class Meta:
        verbose_name = "기한 뒤 접수 허용"
        verbose_name_plural = "기한 뒤 접수 허용"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="late_grant_has_a_reason"),
            models.CheckConstraint(
                condition=Q(until__gt=F("granted_at")), name="late_grant_has_time"
            ),
            models.CheckConstraint(
                condition=Q(used_at=None, application=None)
                | Q(used_at__isnull=False, application__isnull=False, cancelled_at=None),
                name="late_grant_is_used_once",
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None, approved_at=None)
                | Q(approved_by__isnull=False, approved_at__isnull=False)
                & ~Q(approved_by=F("granted_by")),
                name="late_grant_needs_two_people",
            ),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(used_at__lt=F("until")),
                name="late_grant_was_used_in_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company} · {self.sub_program}"
