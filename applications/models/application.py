"""Applications and their log of moves."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from applications.models.company import Company, Site
from applications.states import APPLICANT_LABELS, ApplicationMoves, ApplicationState
from portal.models import Dated, MoveLogBase, Stateful
from programs.models import SubProgram, Track

USER = settings.AUTH_USER_MODEL


NEVER_FILED = [ApplicationState.DRAFT, ApplicationState.WITHDRAWN]


class ApplicationMove(MoveLogBase):
    thing = models.ForeignKey("Application", on_delete=models.PROTECT, related_name="moves")

    class Meta(MoveLogBase.Meta):
        verbose_name = "처리 이력"
        verbose_name_plural = "처리 이력"


class Application(Dated, Stateful):
    """Application of one site to one sub-programme of one round.

    `version` counts every change of the draft and its parts; filing is refused when it has changed
    since the parts were read.
    """

    MOVES = ApplicationMoves.by_name()
    MOVE_LOG = ApplicationMove

    state = models.CharField(
        "상태",
        max_length=20,
        choices=ApplicationState.choices,
        default=ApplicationState.DRAFT,
        editable=False,
    )
    sub_program = models.ForeignKey(
        SubProgram, on_delete=models.PROTECT, related_name="applications", verbose_name="내역사업"
    )
    track = models.ForeignKey(
        Track, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="지원유형"
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, related_name="applications", verbose_name="신청기업"
    )
    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="applications", verbose_name="사업장"
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(USER, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(  # noqa: DJ001 - unique, and drafts have none
        "접수번호", max_length=40, unique=True, null=True, editable=False
    )
    submitted_at = models.DateTimeField("제출 시각", null=True, editable=False)
    # Copied at filing for the filters of the staff list, which may not join a growing table.
    region = models.CharField("지역", max_length=20, blank=True, editable=False)
    size = models.CharField("기업 규모", max_length=20, blank=True, editable=False)
    # A draft of those who had registered the company before it was transferred.
    detached = models.ForeignKey(
        "CompanyTransfer",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="drafts",
    )
    # `SupplementState` of the latest supplement request; empty without one.
    supplement_state = models.CharField("보완", max_length=10, blank=True, editable=False)
    # A column and no table beside: "nobody's" is then found in an index. Written by
    # `services.officers` alone, always with an `OfficerChange`.
    officer = models.ForeignKey(
        USER,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        db_index=False,
        related_name="+",
        verbose_name="담당자",
    )

    class Meta:
        verbose_name = "신청"
        verbose_name_plural = "신청"
        constraints = [
            # A14: one active application per site and programme round
            models.UniqueConstraint(
                fields=["sub_program", "site"],
                condition=~Q(state=ApplicationState.WITHDRAWN),
                name="one_active_application_per_site",
            ),
            models.CheckConstraint(
                condition=Q(state__in=NEVER_FILED)
                | Q(submitted_at__isnull=False, number__isnull=False),
                name="filed_application_has_number_and_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=ApplicationState.DRAFT) | Q(submitted_at=None, number=None),
                name="draft_has_no_number",
            ),
        ]
        indexes = [
            # With the time of filing, so that staff lists are counted in the index alone.
            models.Index(
                fields=["sub_program", "state", "-id", "submitted_at"],
                name="application_program_state",
            ),
            models.Index(fields=["state", "-id", "submitted_at"], name="application_state"),
            models.Index(fields=["sub_program", "-id", "submitted_at"], name="application_program"),
            models.Index(fields=["track", "-id"], name="application_track"),
            models.Index(fields=["region", "-id"], name="application_region"),
            models.Index(fields=["size", "-id"], name="application_size"),
            models.Index(fields=["submitted_at"], name="application_received"),
            # The one that has waited longest in a state, among those of some sub-programmes.
            models.Index(
                fields=["state", "submitted_at", "sub_program"], name="application_waiting"
            ),
            models.Index(
                fields=["supplement_state", "-id"],
                condition=Q(state=ApplicationState.SCREENING) & ~Q(supplement_state=""),
                name="application_supplement",
            ),
            models.Index(
                fields=["officer", "-id", "submitted_at"],
                condition=Q(officer__isnull=False),
                name="application_officer",
            ),
            models.Index(
                fields=["sub_program", "-id", "submitted_at"],
                condition=Q(officer=None, submitted_at__isnull=False),
                name="application_of_nobody",
            ),
        ]

    def __str__(self) -> str:
        return self.number or f"작성 중 #{self.pk}"

    @property
    def applicant_label(self) -> str:
        """Return the state as the applicant may know it: no decision before its release."""
        return APPLICANT_LABELS[ApplicationState(self.state)]

    @property
    def objection(self) -> Any:
        """The objection to a result; those to an exclusion are in `objections` only."""
        return self.objections.filter(exclusion=None).first()

    @property
    def subject(self) -> str:
        """Return the name of this application in the ledger."""
        return f"application:{self.pk}"
