"""Accounts."""

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        # One spelling of an address, so that it is one person's.
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True)

    def get_by_natural_key(self, username: str | None) -> "User":
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
    held_roles: frozenset[str] | None = None  # read once per instance by `roles_of`

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
