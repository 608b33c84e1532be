"""Facts of the ground: people, moves, jobs, notices, tokens and issued paper."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from portal.errors import JobCancelled


class UserManager(BaseUserManager["User"]):
    """Makes accounts that sign in by e-mail."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create an account; the address is kept in lower case so that it is one person's."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        """Create the account that sets up the others; `createsuperuser` calls it."""
        return self.create_user(email, password, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find an account however its address is capitalised."""
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail."""

    email = models.EmailField("이메일", unique=True)
    name = models.CharField("이름", max_length=50, blank=True)
    phone = models.CharField("연락처", max_length=20, blank=True)
    is_staff = models.BooleanField("관리자 화면 접근", default=False)
    is_active = models.BooleanField("사용 중", default=True)
    joined_at = models.DateTimeField("가입 시각", auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "계정"
        verbose_name_plural = "계정"
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Dated(models.Model):
    """When a row came and last changed."""

    created_at = models.DateTimeField("만든 시각", auto_now_add=True)
    updated_at = models.DateTimeField("바뀐 시각", auto_now=True)

    class Meta:
        abstract = True


class Stateful(models.Model):
    """A thing with a life: its `state` is written by `portal.workflow` alone.

    A subclass names its moves (`MOVES`) and the model that logs them (`MoveLogBase` with a
    foreign key called `thing`).
    """

    state = models.CharField("상태", max_length=20, editable=False)

    class Meta:
        abstract = True


class MoveLogBase(models.Model):
    """One move of one thing: who, when, from, to, why. Append-only in the database."""

    move = models.CharField("처리", max_length=30)
    source = models.CharField("이전 상태", max_length=20)
    target = models.CharField("이후 상태", max_length=20)
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="처리자"
    )
    at = models.DateTimeField("처리 시각")
    note = models.TextField("사유", blank=True)

    class Meta:
        abstract = True
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.move}: {self.source} → {self.target}"


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "대기"
    RUNNING = "running", "진행 중"
    DONE = "done", "완료"
    PARKED = "parked", "중단(확인 필요)"
    CANCELLED = "cancelled", "취소"


class Job(models.Model):
    """Work to be done in the background. This row is the truth; the broker only rings."""

    kind = models.CharField("종류", max_length=60)
    key = models.CharField("고유 키", max_length=200, unique=True)
    args = models.JSONField("인자", default=dict)
    state = models.CharField(
        "상태", max_length=10, choices=JobState.choices, default=JobState.QUEUED
    )
    total = models.PositiveIntegerField("전체", default=0)
    done = models.PositiveIntegerField("처리", default=0)
    attempts = models.PositiveSmallIntegerField("시도", default=0)
    waits = models.PositiveSmallIntegerField("미룸", default=0)
    lease_until = models.DateTimeField("점유 기한", null=True)
    run_after = models.DateTimeField("다음 시도", null=True)
    stage = models.CharField("단계", max_length=60, blank=True)
    cancel_asked_at = models.DateTimeField("취소 요청 시각", null=True)
    error = models.TextField("오류", blank=True)
    result = models.JSONField("결과", default=dict)
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="요청자"
    )
    created_at = models.DateTimeField("요청 시각", auto_now_add=True)
    finished_at = models.DateTimeField("끝난 시각", null=True)

    class Meta:
        verbose_name = "작업"
        verbose_name_plural = "작업"
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(state__in=["queued", "running"]),
                name="job_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_state_display()})"

    def progress(self, done: int, total: int, stage: str = "") -> None:
        """Record how far the work is, outside the worker's own transaction where possible.

        Raises JobCancelled when somebody has asked to stop; what is written so far stays or is
        undone, as the work itself arranges its transactions.
        """
        self.done, self.total, self.stage = done, total, stage
        row = Job.objects.filter(pk=self.pk)
        if not row.filter(cancel_asked_at=None).update(done=done, total=total, stage=stage):
            raise JobCancelled()

    def stop_if_asked(self) -> None:
        """Raise JobCancelled when somebody has asked to stop; writes nothing.

        For work within one transaction, where `progress` would lock this row until its end.
        """
        if Job.objects.filter(pk=self.pk, cancel_asked_at__isnull=False).exists():
            raise JobCancelled()


class DeclaredTie(models.Model):
    """A person's own word about a firm: employment, shares, kinship, advice (see `portal.ties`)."""

    class Kind(models.TextChoices):
        EMPLOYMENT = "employment", "재직"
        SHARES = "shares", "지분·출자"
        FAMILY = "family", "가족·친족"
        ADVICE = "advice", "자문·용역"
        OTHER = "other", "그 밖의 이해관계"

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="declared_ties", verbose_name="사람"
    )
    kind = models.CharField("관계", max_length=12, choices=Kind.choices)
    firm_name = models.CharField("기업명", max_length=100)
    business_number = models.CharField("사업자등록번호", max_length=10, blank=True)
    note = models.CharField("설명", max_length=300, blank=True)
    declared_at = models.DateTimeField("신고 시각")
    declared_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="신고한 사람"
    )
    ended_on = models.DateField("관계가 끝난 날", null=True, blank=True)

    class Meta:
        verbose_name = "이해관계 신고"
        verbose_name_plural = "이해관계 신고"

    def __str__(self) -> str:
        return f"{self.user} · {self.firm_name}"


class FirmLink(models.Model):
    """Two firms that belong together by shares or partnership (see `portal.ties.linked`)."""

    class Kind(models.TextChoices):
        SHARES = "shares", "지분 관계"
        PARTNER = "partner", "협력 관계"

    one = models.CharField("사업자등록번호", max_length=10, db_index=True)
    other = models.CharField("상대 사업자등록번호", max_length=10, db_index=True)
    kind = models.CharField("관계", max_length=12, choices=Kind.choices)
    origin = models.CharField("출처", max_length=100)
    recorded_at = models.DateTimeField("기록 시각")
    recorded_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="기록한 사람"
    )

    class Meta:
        verbose_name = "기업 간 관계"
        verbose_name_plural = "기업 간 관계"
        constraints = [
            models.UniqueConstraint(fields=["one", "other", "kind"], name="one_link_of_two_firms"),
            models.CheckConstraint(condition=~Q(one=F("other")), name="a_link_joins_two_firms"),
        ]

    def __str__(self) -> str:
        return f"{self.one} – {self.other}"


class NoticeState(models.TextChoices):
    """Where a notice stands."""

    PENDING = "pending", "발송 대기"
    SENT = "sent", "발송"
    FAILED = "failed", "발송 실패(확인 필요)"


class Notice(models.Model):
    """An e-mail to be sent, written in the same transaction as what it tells."""

    key = models.CharField("고유 키", max_length=200, unique=True)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, related_name="notices", verbose_name="받는 사람"
    )
    to_email = models.EmailField("받는 주소")
    subject = models.CharField("제목", max_length=200)
    body = models.TextField("본문")
    state = models.CharField(
        "상태", max_length=10, choices=NoticeState.choices, default=NoticeState.PENDING
    )
    attempts = models.PositiveSmallIntegerField("시도", default=0)
    next_at = models.DateTimeField("다음 시도", null=True)
    error = models.CharField("오류", max_length=200, blank=True)
    created_at = models.DateTimeField("작성 시각")
    sent_at = models.DateTimeField("발송 시각", null=True)

    class Meta:
        verbose_name = "알림"
        verbose_name_plural = "알림"
        indexes = [
            models.Index(fields=["id"], condition=Q(state="pending"), name="notice_waiting"),
            models.Index(fields=["user", "-id"], name="notice_of_user"),
        ]

    def __str__(self) -> str:
        return self.subject


class TokenScope(models.TextChoices):
    """What a token may do."""

    READ = "read", "조회"
    WRITE = "write", "작성·제출"


class ApiToken(models.Model):
    """A key to the API: scoped, expiring, shown once and kept only as a hash."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="tokens", verbose_name="사용자"
    )
    name = models.CharField("이름", max_length=50)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField("범위", max_length=10, choices=TokenScope.choices)
    created_at = models.DateTimeField("발급 시각", auto_now_add=True)
    expires_at = models.DateTimeField("만료 시각")
    revoked_at = models.DateTimeField("폐기 시각", null=True, blank=True)

    LIFETIME: ClassVar[timedelta] = timedelta(days=90)

    class Meta:
        verbose_name = "API 토큰"
        verbose_name_plural = "API 토큰"

    def __str__(self) -> str:
        return self.name


class IdempotentCall(models.Model):
    """The answer to a call that carried an Idempotency-Key, so that a repeat gets the same."""

    KEPT = timedelta(days=7)  # long after the last repeat; the answer holds what the call sent

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "멱등 호출"
        verbose_name_plural = "멱등 호출"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key"),
        ]

    def __str__(self) -> str:
        return self.key


class IssuedPdf(models.Model):
    """A PDF made by a job: the row is there first, the file follows."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    file = models.CharField(max_length=100, blank=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True, editable=False)
    pages = models.PositiveSmallIntegerField("쪽수", default=0, editable=False)
    requested_at = models.DateTimeField("요청 시각")
    issued_at = models.DateTimeField("발급 시각", null=True, editable=False)

    class Meta:
        abstract = True


class AuditChain(models.Model):
    """How far the rows of one audited table are sealed, and the hash at the end of its chain."""

    name = models.CharField("사슬", max_length=60, primary_key=True)
    number = models.PositiveIntegerField("마지막 봉인", default=0)
    head = models.CharField("SHA-256", max_length=64, blank=True)
    rows = models.PositiveBigIntegerField("봉인한 행", default=0)
    swept_at = models.DateTimeField("마지막으로 훑은 시각", null=True)

    class Meta:
        verbose_name = "감사 사슬"
        verbose_name_plural = "감사 사슬"

    def __str__(self) -> str:
        return self.name


class AuditSeal(models.Model):
    """The hashes of some rows, chained to the seal before. Append-only in the database."""

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="seals")
    number = models.PositiveIntegerField("번호")
    columns = models.JSONField("열")
    pks = models.JSONField("행")
    digests = models.BinaryField("행마다의 SHA-256")
    count = models.PositiveIntegerField("행 수")
    previous = models.CharField("앞 봉인의 SHA-256", max_length=64, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64)
    sealed_at = models.DateTimeField("봉인 시각")

    class Meta:
        verbose_name = "봉인"
        verbose_name_plural = "봉인"
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="one_seal_per_number"),
        ]
        indexes = [models.Index(fields=["chain", "sealed_at"], name="seal_of_late")]

    def __str__(self) -> str:
        return f"{self.chain_id} {self.number}"


class AuditCheck(models.Model):
    """One verification of the chains: how much was read and what was found. Append-only."""

    started_at = models.DateTimeField("시작")
    finished_at = models.DateTimeField("끝")
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="요청자"
    )
    rows = models.PositiveBigIntegerField("확인한 행")
    seals = models.PositiveIntegerField("확인한 봉인")
    faults = models.PositiveIntegerField("어긋난 행")
    unsealed = models.PositiveIntegerField("봉인 전 행")
    oldest_unsealed_at = models.DateTimeField("가장 오래된 봉인 전 행", null=True)
    findings = models.JSONField("발견한 것", default=list)
    heads = models.JSONField("사슬의 끝", default=list)

    class Meta:
        verbose_name = "감사 검증"
        verbose_name_plural = "감사 검증"

    def __str__(self) -> str:
        return f"감사 검증 #{self.pk}"


class TroubleMinute(models.Model):
    """What went wrong in one minute of one process: the portal's own evidence of an outage."""

    class Kind(models.TextChoices):
        CLOSED = "closed", "마감 뒤 접수 거절"
        ERROR = "error", "오류"
        UNAVAILABLE = "unavailable", "이용 불가"
        SLOW = "slow", "느린 응답"

    scope = models.CharField("대상", max_length=80)
    minute = models.DateTimeField("분")
    kind = models.CharField("종류", max_length=12, choices=Kind.choices)
    source = models.CharField("프로세스", max_length=80)
    count = models.PositiveIntegerField("건수")

    class Meta:
        verbose_name = "장애 기록"
        verbose_name_plural = "장애 기록"
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "minute", "kind", "source"], name="one_count_per_minute"
            ),
        ]
        indexes = [models.Index(fields=["minute"], name="trouble_minute")]

    def __str__(self) -> str:
        return f"{self.scope} {self.minute:%H:%M} {self.get_kind_display()}"
