"""Accounts, and the reset of their second factor."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from portal.core.validators import same_email


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        # One spelling of an address, so that it is one person's.
        user = self.model(email=same_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=same_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in by e-mail."""

    email = models.EmailField("이메일", unique=True)
    name = models.CharField("이름", max_length=50, blank=True)
    phone = models.CharField("연락처", max_length=20, blank=True)
    is_staff = models.BooleanField("관리자 화면 접근", default=False)
    is_active = models.BooleanField("사용 중", default=True)
    joined_at = models.DateTimeField("가입 시각", auto_now_add=True)

    objects = UserManager()
    held_roles: frozenset[str] | None = None  # read once per instance by `roles_of`

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "계정"
        verbose_name_plural = "계정"
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="user_email_lower_case"),
        ]
        indexes = [models.Index(fields=["phone"], name="user_phone")]

    def __str__(self) -> str:
        return self.name or self.email


class FactorReset(models.Model):
    """The removal of a person's second factor: one operator or manager requests it, another does it."""

    class Check(models.TextChoices):
        IN_PERSON = "in_person", "대면(신분증)"
        LETTER = "letter", "소속기관 공문"
        CALL = "call", "등록된 연락처로 통화"
        VIDEO = "video", "영상 통화(신분증)"

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="factor_resets", verbose_name="대상 계정"
    )
    reason = models.CharField("사유", max_length=500)
    # How, when and by whom the person was identified; empty in rows of earlier releases.
    checked_how = models.CharField("확인 방법", max_length=12, choices=Check.choices, db_default="")
    checked_by = models.CharField("확인한 사람", max_length=100, db_default="")
    checked_on = models.DateField("확인한 날", null=True)
    checked_note = models.CharField("확인 내용", max_length=500, db_default="")
    requested_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="요청자"
    )
    requested_at = models.DateTimeField("요청 시각")
    confirmed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="승인자"
    )
    confirmed_at = models.DateTimeField("승인 시각", null=True)
    withdrawn_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="취소한 사람"
    )
    withdrawn_at = models.DateTimeField("취소 시각", null=True)

    class Meta:
        verbose_name = "2단계 인증 재설정"
        verbose_name_plural = "2단계 인증 재설정"
        constraints = [
            models.CheckConstraint(
                condition=Q(confirmed_by=None, confirmed_at=None)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="factor_reset_confirmed_whole",
            ),
            models.CheckConstraint(
                condition=~Q(requested_by=F("user"))
                & (
                    Q(confirmed_by=None)
                    | ~Q(confirmed_by=F("requested_by")) & ~Q(confirmed_by=F("user"))
                ),
                name="factor_reset_has_two_operators",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at=None) | Q(confirmed_at=None),
                name="factor_reset_done_or_withdrawn",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(confirmed_by=None, withdrawn_at=None),
                name="one_open_reset_of_a_factor",
            ),
        ]

    def __str__(self) -> str:
        return str(self.user)
