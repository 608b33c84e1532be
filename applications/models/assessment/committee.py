"""Assessors' profiles, and assignments as they were wished for and solved."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.application import Application
from portal.models import Dated, Job
from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL


class AssessorProfile(Dated):
    """What an assessor knows and how much they can take; without one they are never assigned.

    `programs` are sub-programme codes, `industries` first digits of industry codes (KSIC). Employer
    and address are used for ties only.
    """

    user = models.OneToOneField(
        USER, on_delete=models.PROTECT, related_name="assessor_profile", verbose_name="평가위원"
    )
    programs = models.JSONField("전문 내역사업", default=list, blank=True)
    industries = models.JSONField("전문 업종(KSIC 앞자리)", default=list, blank=True)
    region = models.CharField("활동 지역", max_length=20, blank=True)
    max_load = models.PositiveSmallIntegerField("최대 배정 건수", default=20)
    active = models.BooleanField("배정 가능", default=True)
    employer = models.CharField("소속 기관", max_length=100, blank=True)
    business_number = models.CharField("소속 기관 사업자등록번호", max_length=10, blank=True)
    address = models.CharField("주소", max_length=200, blank=True)

    class Meta:
        verbose_name = "평가위원 정보"
        verbose_name_plural = "평가위원 정보"

    def __str__(self) -> str:
        return str(self.user)


class CommitteeWish(models.Model):
    """A pair pinned or forbidden by staff, with the reason."""

    class Kind(models.TextChoices):
        PIN = "pin", "꼭 배정"
        FORBID = "forbid", "배정 금지"

    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="committee_wishes", verbose_name="신청"
    )
    assessor = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="평가위원"
    )
    kind = models.CharField("구분", max_length=6, choices=Kind.choices)
    reason = models.CharField("사유", max_length=300)
    by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="정한 사람"
    )
    at = models.DateTimeField("시각")
    ended_at = models.DateTimeField("거둔 시각", null=True)

    class Meta:
        verbose_name = "배정 조건"
        verbose_name_plural = "배정 조건"
        constraints = [
            models.UniqueConstraint(
                fields=["application", "assessor"],
                condition=Q(ended_at=None),
                name="one_open_wish_per_pair",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.application} · {self.assessor}: {self.get_kind_display()}"


class CommitteeProposal(models.Model):
    """A solved assignment: seed, hash of the inputs, pairs, and shortages with reasons.

    `application` is set when only the free places of one application are filled.
    """

    sub_program = models.ForeignKey(
        SubProgram,
        on_delete=models.PROTECT,
        related_name="committee_proposals",
        verbose_name="내역사업",
    )
    application = models.ForeignKey(
        Application,
        on_delete=models.PROTECT,
        null=True,
        related_name="committee_proposals",
        verbose_name="신청(한 건만 다시 풀 때)",
    )
    seed = models.PositiveBigIntegerField("시드")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="요청자"
    )
    requested_at = models.DateTimeField("요청 시각")
    solved_at = models.DateTimeField("계산 시각", null=True)
    inputs_sha256 = models.CharField("입력 SHA-256", max_length=64, blank=True)
    pairs = models.JSONField("배정(평가위원, 신청)", default=list)
    wanted = models.PositiveIntegerField("필요한 자리", default=0)
    placed = models.PositiveIntegerField("채운 자리", default=0)
    shortages = models.JSONField("부족", default=list)
    explanation = models.JSONField("설명", default=list)
    confirmed_at = models.DateTimeField("확정 시각", null=True)
    confirmed_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="확정한 사람"
    )
    note = models.CharField("확정·폐기 사유", max_length=300, blank=True)
    discarded_at = models.DateTimeField("폐기 시각", null=True)

    class Meta:
        verbose_name = "평가위원 배정안"
        verbose_name_plural = "평가위원 배정안"
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_at=None) | Q(discarded_at=None, solved_at__isnull=False),
                name="confirmed_committee_was_solved",
            ),
            models.UniqueConstraint(
                fields=["sub_program"],
                condition=Q(confirmed_at=None, discarded_at=None),
                name="one_open_committee_per_program",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sub_program} 배정안 #{self.pk}"
