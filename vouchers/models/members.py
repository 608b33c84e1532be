"""Members of a panel."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal.models import MoveLogBase, Stateful
from vouchers.models.panel import PanelRound
from vouchers.models.recruitment import PanelApplication
from vouchers.states import MemberKind, MonitorMoves, MonitorState

USER = settings.AUTH_USER_MODEL


class MonitorMove(MoveLogBase):
    thing = models.ForeignKey("Monitor", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "단원 이력"
        verbose_name_plural = "단원 이력"


class Monitor(Stateful):
    """A member of a panel (단원): a selected applicant who tries up to `load` services.

    The public and suppliers learn `number` and `kind`, never the name. `excluded_at` and
    `exclusion_reason` are set exactly while the state is `excluded`; the member's reports are then
    left out of averages, and pages say so.
    """

    MOVES = MonitorMoves.by_name()
    MOVE_LOG = MonitorMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=MonitorState.choices,
        default=MonitorState.ACTIVE,
        editable=False,
    )
    round = models.ForeignKey(
        PanelRound, on_delete=models.PROTECT, related_name="monitors", verbose_name="회차"
    )
    user = models.ForeignKey(
        USER, on_delete=models.PROTECT, related_name="monitors", verbose_name="사람"
    )
    application = models.OneToOneField(
        PanelApplication, on_delete=models.PROTECT, related_name="monitor", verbose_name="지원"
    )
    number = models.PositiveIntegerField("단원 번호")
    kind = models.CharField("구분", max_length=10, choices=MemberKind.choices)
    load = models.PositiveSmallIntegerField("최대 체험 서비스")
    joined_at = models.DateTimeField("위촉 시각")
    left_at = models.DateTimeField("사퇴 시각", null=True, editable=False)
    excluded_at = models.DateTimeField("제외 시각", null=True, editable=False)
    exclusion_reason = models.CharField("제외 사유", max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = "단원"
        verbose_name_plural = "단원"
        ordering = ["round", "number"]
        constraints = [
            models.UniqueConstraint(fields=["round", "user"], name="one_membership_per_panel"),
            models.UniqueConstraint(fields=["round", "number"], name="one_member_per_number"),
            models.CheckConstraint(
                condition=Q(state=MonitorState.EXCLUDED, excluded_at__isnull=False)
                | (~Q(state=MonitorState.EXCLUDED) & Q(excluded_at=None)),
                name="excluded_member_has_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"단원 {self.number:03} ({self.get_kind_display()})"
