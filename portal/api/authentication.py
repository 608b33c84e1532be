"""API tokens: issue one, and authenticate a call by one."""

import hashlib
import secrets

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.request import Request

from portal.models import ApiToken, User


def issue_token(user: User, *, name: str, scope: str) -> tuple[ApiToken, str]:
    """Create a token; return it with its text, of which only the SHA-256 is kept."""
    text = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user,
        name=name,
        scope=scope,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        expires_at=timezone.now() + ApiToken.LIFETIME,
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
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        # With it DRF answers 401 instead of 403.
        return "Bearer"
