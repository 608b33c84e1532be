"""Experts and the proposals that match them to firms."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from applications.states import ExpertState
from portal.models import Dated
from programs.models import SubProgram

USER = settings.AUTH_USER_MODEL


class Expert(Dated):
    """A member of a pool (Meister, consultant, level assessor), with evidence staff verified.

    `pool`, `route` and `fields` are codes of the round's `pools`; `regions` those of regions.
    """

    user = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="expertise", verbose_name="전문가"
    )
    pool = models.CharField("전문가 풀", max_length=40)
    route = models.CharField("자격", max_length=40)
    employer = models.CharField("근무한 곳", max_length=100, blank=True)
    years = models.PositiveSmallIntegerField("경력(년)", default=0)
    degree = models.CharField("학위", max_length=100, blank=True)
    institution = models.CharField("소속 기관", max_length=100, blank=True)
    institution_number = models.CharField("소속 기관 사업자등록번호", max_length=10, blank=True)
    career = models.TextField("경력 소개", blank=True)
    fields = models.JSONField("분야", default=list)
    regions = models.JSONField("활동 지역", default=list)
    capacity = models.PositiveSmallIntegerField("함께 맡는 기업 수", default=1)
    file = models.CharField(max_length=100, editable=False)
    file_name = models.CharField("증빙 파일", max_length=160)
    file_sha256 = models.CharField("SHA-256", max_length=64)
    content_type = models.CharField("형식", max_length=120)
    state = models.CharField(
        "상태",
        max_length=10,
        choices=ExpertState.choices,
        default=ExpertState.APPLIED,
        editable=False,
    )
    reason = models.CharField("확인 의견", max_length=300, blank=True)
    checked_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="확인한 사람"
    )
    checked_at = models.DateTimeField("확인 시각", null=True)

    class Meta:
        verbose_name = "전문가"
        verbose_name_plural = "전문가"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "pool"],
                condition=Q(state__in=[ExpertState.APPLIED, ExpertState.VERIFIED]),
                name="one_place_in_a_pool",
            ),
            models.CheckConstraint(
                condition=Q(state=ExpertState.APPLIED)
                | Q(checked_by__isnull=False, checked_at__isnull=False),
                name="checked_expert_has_a_checker",
            ),
            models.CheckConstraint(
                condition=~Q(checked_by=F("user")), name="nobody_verifies_themselves"
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)


class ExpertMatch(models.Model):
    """A solved proposal of experts for firms: repeatable from its seed, confirmed by staff.

    `pairs` are [expert, deliverable], `shortages` the words for every place that stays empty.
    """

    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="expert_matches", verbose_name="내역사업"
    )
    pool = models.CharField("전문가 풀", max_length=40)
    seed = models.PositiveIntegerField("시드")
    inputs_sha256 = models.CharField("입력 SHA-256", max_length=64)
    pairs = models.JSONField("배정안", default=list)
    shortages = models.JSONField("부족", default=list)
    made_by = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="+", verbose_name="작성한 사람"
    )
    made_at = models.DateTimeField("작성 시각")
    confirmed_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField("확정 시각", null=True)

    class Meta:
        verbose_name = "전문가 배정안"
        verbose_name_plural = "전문가 배정안"

    def __str__(self) -> str:
        return f"{self.sub_program} 전문가 배정안 #{self.pk}"
