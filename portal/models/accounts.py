"""How accounts of staff and assessors begin, get roles, lose them, and end."""

from django.db import models
from django.db.models import F, Q

from portal.core.validators import same_email
from portal.models.access import User


class StaffInvitation(models.Model):
    """An invitation to an address; only the hash of its token is stored.

    `roles` names the roles that are requested when it is accepted, each with its parts: codes of what
    the role is held for, such as sub-programmes.
    """

    email = models.EmailField("이메일")
    name = models.CharField("이름", max_length=50)
    affiliation = models.CharField("소속", max_length=100)
    roles = models.JSONField("역할")
    reason = models.CharField("사유", max_length=500)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="초대한 사람"
    )
    invited_at = models.DateTimeField("초대 시각")
    sent_at = models.DateTimeField("마지막 발송 시각")
    expires_at = models.DateTimeField("링크 만료 시각")
    accepted_by = models.OneToOneField(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="staff_invitation",
        verbose_name="수락한 계정",
    )
    accepted_at = models.DateTimeField("수락 시각", null=True)
    withdrawn_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="취소한 사람"
    )
    withdrawn_at = models.DateTimeField("취소 시각", null=True)

    class Meta:
        verbose_name = "계정 초대"
        verbose_name_plural = "계정 초대"
        constraints = [
            models.UniqueConstraint(
                fields=["email"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="one_open_staff_invitation",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None) | Q(withdrawn_at=None),
                name="staff_invitation_accepted_or_withdrawn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.email})"

    def is_for(self, user: User) -> bool:
        return same_email(user.email) == same_email(self.email)


class RoleRequest(models.Model):
    """A role requested for a person; it is held from the approval of another one.

    `decides` is what the role's declaration said when it was requested: then the one who requested it
    does not approve it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "승인 대기"
        APPROVED = "approved", "승인"
        REFUSED = "refused", "불승인"
        WITHDRAWN = "withdrawn", "요청 취소"

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="role_requests", verbose_name="대상 계정"
    )
    role = models.CharField("역할", max_length=30)
    parts = models.JSONField("담당 내역사업", default=list, blank=True)
    decides = models.BooleanField("두 사람이 필요한 역할")
    reason = models.CharField("사유", max_length=500)
    invitation = models.ForeignKey(
        StaffInvitation,
        on_delete=models.PROTECT,
        null=True,
        related_name="requests",
        verbose_name="초대",
    )
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="요청한 사람"
    )
    requested_at = models.DateTimeField("요청 시각")
    state = models.CharField("상태", max_length=10, choices=State.choices, default=State.WAITING)
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리한 사람"
    )
    decided_at = models.DateTimeField("처리 시각", null=True)
    note = models.CharField("처리 사유", max_length=500, blank=True)

    class Meta:
        verbose_name = "역할 요청"
        verbose_name_plural = "역할 요청"
        indexes = [models.Index(fields=["state", "-id"], name="role_request_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role"],
                condition=Q(state="waiting"),
                name="one_open_request_per_role",
            ),
            models.CheckConstraint(
                condition=~Q(requested_by=F("user")), name="nobody_requests_an_own_role"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at=None, decided_by=None)
                | ~Q(state="waiting") & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="role_request_decided_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | ~Q(decided_by=F("user")) & (Q(decides=False) | ~Q(decided_by=F("requested_by"))),
                name="role_needs_two_people",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} 역할 요청"


class RoleChange(models.Model):
    """A role that was given or taken, with all roles before and after. Append-only in the database.

    `by` requested or took it, `approved_by` approved it; both are empty for a command on the server.
    """

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="role_changes", verbose_name="대상 계정"
    )
    role = models.CharField("역할", max_length=30)
    given = models.BooleanField("부여")
    before = models.JSONField("이전 역할")
    after = models.JSONField("이후 역할")
    parts = models.JSONField("담당 내역사업", default=list, blank=True)
    reason = models.CharField("사유", max_length=500)
    request = models.OneToOneField(
        RoleRequest,
        on_delete=models.PROTECT,
        null=True,
        related_name="change",
        verbose_name="요청",
    )
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리한 사람"
    )
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인한 사람"
    )
    at = models.DateTimeField("시각")

    class Meta:
        verbose_name = "역할 변경 이력"
        verbose_name_plural = "역할 변경 이력"
        constraints = [
            models.CheckConstraint(
                condition=Q(by=None) | ~Q(by=F("user")), name="nobody_changes_own_roles"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("user")),
                name="nobody_approves_own_roles",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} 역할 변경"


class AccountEnding(models.Model):
    """The end of an account from a day on: why, by whom, and who takes over what it holds."""

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="endings", verbose_name="대상 계정"
    )
    ends_on = models.DateField("끝나는 날")
    reason = models.CharField("사유", max_length=500)
    successor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="넘겨받는 사람"
    )
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="처리한 사람"
    )
    at = models.DateTimeField("처리 시각")
    done_at = models.DateTimeField("종료 시각", null=True)
    cancelled_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="취소한 사람"
    )
    cancelled_at = models.DateTimeField("취소 시각", null=True)
    outcome = models.JSONField("넘긴 것과 남은 것", default=list)
    """[label, text] of everything that was taken, handed over or left, as people read it."""

    class Meta:
        verbose_name = "계정 종료"
        verbose_name_plural = "계정 종료"
        indexes = [
            models.Index(
                fields=["ends_on"],
                condition=Q(done_at=None, cancelled_at=None),
                name="account_ending_due",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(done_at=None, cancelled_at=None),
                name="one_open_account_ending",
            ),
            models.CheckConstraint(
                condition=~Q(by=F("user"))
                & (Q(successor=None) | ~Q(successor=F("user")))
                & (Q(done_at=None) | Q(cancelled_at=None)),
                name="account_ending_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} 계정 종료"
