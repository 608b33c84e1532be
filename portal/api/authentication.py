"""API tokens: issue one, and authenticate a call by one."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from portal.core.dates import end_of_day, korean_day
from portal.core.errors import MoveNotAllowed
from portal.models import ApiToken, User

USE_NOTED = timedelta(minutes=5)


def living_tokens(user: User, *, now: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=now)


def issue_token(user: User, *, name: str, scope: str) -> tuple[ApiToken, str]:
    """Create a token; return it with its text, of which only the SHA-256 is kept.

    Raises MoveNotAllowed (`too_many_tokens`) when the person has as many as one may have.
    """
    if living_tokens(user, now=timezone.now()).count() >= ApiToken.MOST:
        raise MoveNotAllowed(
            f"토큰은 한 사람이 {ApiToken.MOST}개까지 쓸 수 있습니다. 쓰지 않는 토큰을 폐기한 뒤 만드세요.",
            code="too_many_tokens",
        )
    text = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scope=scope,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        expires_at=end_of_day(korean_day(timezone.now()) + ApiToken.LIFETIME),
    )
    return token, text


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise exceptions.AuthenticationFailed()
        token = (
            ApiToken.objects.select_related("user")
            .filter(
                digest=hashlib.sha256(parts[1]).hexdigest(),
                expires_at__gt=timezone.now(),
                revoked_at=None,
                user__is_active=True,
            )
            .first()
        )
        if token is None:
            raise exceptions.AuthenticationFailed()
        self.note_use(token)
        return token.user, token

    @staticmethod
    def note_use(token: ApiToken) -> None:
        """Write down when a token was used, at most once every five minutes."""
        at = timezone.now()
        if token.last_used_at is None or at - token.last_used_at > USE_NOTED:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=at)

    def authenticate_header(self, request: Request) -> str:
        # With it DRF answers 401 instead of 403.
        return "Bearer"
