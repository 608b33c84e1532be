"""What every API endpoint shares: tokens, access, pages and the shape of an error."""

import hashlib
import json
import re
import secrets
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle, UserRateThrottle

from portal.access import owes_second_factor, person
from portal.errors import BadInput, PortalError, SecondFactorNeeded, StaleVersion
from portal.middleware import error_body
from portal.models import ApiToken, IdempotentCall, TokenScope, User

SAFE = {"GET", "HEAD", "OPTIONS"}
PLACE = re.compile(r"[0-9]{1,18}")
MESSAGES = {
    400: "보낸 내용을 확인해 주세요.",
    401: "로그인하거나 유효한 토큰을 보내 주세요.",
    403: "이 토큰으로는 할 수 없는 요청입니다.",
    404: "찾을 수 없습니다.",
    405: "지원하지 않는 방식의 요청입니다.",
    406: "JSON으로만 답합니다.",
    413: "보낸 내용이 너무 큽니다.",
    415: "JSON으로 보내 주세요.",
    429: "요청이 너무 많습니다. 잠시 뒤 다시 시도해 주세요.",
}


class FindingShape(serializers.Serializer):
    """사유 하나."""

    code = serializers.CharField(help_text="변하지 않는 사유 코드")
    message = serializers.CharField(help_text="사람이 읽는 설명")
    blocking = serializers.BooleanField(help_text="참이면 처리를 막고, 거짓이면 알리기만 합니다.")


class ErrorShape(serializers.Serializer):
    """모든 오류의 한 가지 모양."""

    code = serializers.CharField(help_text="변하지 않는 오류 코드")
    message = serializers.CharField(help_text="사람이 읽는 설명")
    findings = FindingShape(many=True, help_text="사유 전부")


def issue_token(user: User, *, name: str, scope: str) -> tuple[ApiToken, str]:
    """Make a token; its text is returned once and kept only as a SHA-256."""
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
        """Find the living token behind the header."""
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
        """Make a missing sign-in a 401."""
        return "Bearer"


class DeclaredAccess(BasePermission):
    """Each view declares `access_rule`: "public" or "signed_in". None declared, none let in."""

    def has_permission(self, request: Request, view: object) -> bool:
        """Check the view's rule, then the second factor of staff, then the token's scope.

        A token was made behind the second factor. Raises SecondFactorNeeded for staff without one.
        """
        rule = getattr(view, "access_rule", None)
        if rule == "public":
            return True
        if rule != "signed_in" or not request.user.is_authenticated:
            return False
        token = request.auth
        if token is None and owes_second_factor(request):
            raise SecondFactorNeeded
        writes = request.method not in SAFE
        return not (isinstance(token, ApiToken) and writes and token.scope != TokenScope.WRITE)


class DeclaredQuery:
    """Each view names the query words it knows; any other is refused, never ignored."""

    query: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let in, then check the words. Raises BadInput (`filter_unknown`, `filter_empty`)."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        if strange := set(request.query_params) - self.query:
            raise BadInput(
                f"모르는 조건입니다: {', '.join(sorted(strange))}", code="filter_unknown"
            )
        if empty := [name for name, value in request.query_params.items() if not value]:
            raise BadInput(f"값이 빈 조건입니다: {', '.join(empty)}", code="filter_empty")


class VisitorLimit(AnonRateThrottle):
    """So many calls a minute from one address without a token.

    Counted in the memory of each web process: no query, no Redis, and a flood is still shed.
    """

    cache = caches["limits"]


class MemberLimit(UserRateThrottle):
    """So many calls a minute of one person."""

    cache = caches["limits"]


class Page(CursorPagination):
    """Pages that cost the same however many rows there are."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100
    page_size_query_description = "한 쪽의 건수. 없으면 50, 100을 넘으면 100입니다."
    cursor_query_description = "next와 previous 주소에 들어 있는 값. 만들어 쓰지 마세요."
    ordering = "-pk"

    def get_page_size(self, request: Request) -> int:
        """Read the wanted size, at most 100. Raises BadInput (`page_size`)."""
        wanted = request.query_params.get(self.page_size_query_param)
        if wanted is None:
            return self.page_size
        if not wanted.isascii() or not wanted.isdigit() or not wanted.strip("0"):
            raise BadInput("page_size는 1 이상의 정수입니다.", code="page_size")
        return self.max_page_size if len(wanted) > 3 else min(int(wanted), self.max_page_size)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read the place in the list. Raises BadInput (`cursor`) when it is not one of ours."""
        try:
            cursor: Cursor | None = super().decode_cursor(request)
        except exceptions.NotFound as unreadable:
            raise BadInput("cursor가 올바르지 않습니다.", code="cursor") from unreadable
        if cursor and cursor.position and not PLACE.fullmatch(str(cursor.position)):
            raise BadInput("cursor가 올바르지 않습니다.", code="cursor")
        return cursor

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        """Describe a page of `schema`; a mark stands there when only the place is asked for."""
        where = {"type": ["string", "null"], "format": "uri"}
        words = {"description": "이 쪽의 것들"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {
                    **where,
                    "description": "다음 쪽의 주소. 마지막이면 null입니다.",
                    "example": f"{settings.ORIGIN}/api/v1/applications/?cursor=cD0xMjM%3D",
                },
                "previous": {
                    **where,
                    "description": "앞 쪽의 주소. 처음이면 null입니다.",
                    "example": None,
                },
                "results": {**schema, **words} if isinstance(schema, dict) else schema,
            },
        }

    def get_schema_operation_parameters(self, view: object) -> list[dict[str, Any]]:
        """Describe the words of a page in a call."""
        size, cursor = self.page_size_query_description, self.cursor_query_description
        number = {"type": "integer", "minimum": 1}
        return [
            {
                "name": self.cursor_query_param,
                "in": "query",
                "required": False,
                "description": cursor,
                "schema": {"type": "string"},
            },
            {
                "name": self.page_size_query_param,
                "in": "query",
                "required": False,
                "description": size,
                "schema": number,
            },
        ]


def readable_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Give every error the documented shape."""
    if isinstance(error, PortalError):
        return Response(error_body(error), status=error.status)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    findings = []
    if isinstance(error, exceptions.ValidationError):
        findings = [
            {"code": f"invalid:{where}", "message": text, "blocking": True}
            for where, text in flatten(error.detail)
        ]
    code = error.default_code if error.status_code != 400 else "bad_input"
    message = MESSAGES.get(error.status_code, "요청을 처리할 수 없습니다.")
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if seconds := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(seconds))
    return Response(
        {"code": str(code), "message": message, "findings": findings},
        status=error.status_code,
        headers=headers,
    )


def flatten(detail: Any, where: str = "") -> list[tuple[str, str]]:
    """List (field path, message) of a nested DRF error."""
    if isinstance(detail, dict):
        return [
            row
            for key, value in detail.items()
            for row in flatten(value, f"{where}.{key}" if where else str(key))
        ]
    if isinstance(detail, list):
        return [row for value in detail for row in flatten(value, where)]
    return [(where or "body", str(detail))]


def idempotent(request: Request, act: Callable[[], tuple[int, dict[str, Any]]]) -> Response:
    """Answer a repeated call with the first answer; the same key with other data is refused.

    The key is the `Idempotency-Key` header (at most 255 characters); without it the act simply
    runs. Key and effect are written in one transaction: of two first calls at the same moment one
    waits for the other's answer, and an act that is refused leaves its key unused.
    Raises BadInput (`idempotency_key`) and StaleVersion (`idempotency_mismatch`).
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        status, body = act()
        return Response(body, status=status)
    if len(key) > 255 or not key.isprintable():
        raise BadInput("Idempotency-Key는 255자까지의 글자입니다.", code="idempotency_key")
    described = json.dumps([request.method, request.path, request.data], sort_keys=True)
    fingerprint = hashlib.sha256(described.encode()).hexdigest()
    with transaction.atomic():
        call, first = IdempotentCall.objects.get_or_create(
            user=person(request),
            key=key,
            defaults={"fingerprint": fingerprint, "status": 0, "body": {}},
        )
        if first:
            call.status, call.body = act()
            call.save(update_fields=["status", "body"])
    if call.fingerprint != fingerprint:
        raise StaleVersion(
            "같은 Idempotency-Key로 다른 내용을 보냈습니다.", code="idempotency_mismatch"
        )
    return Response(call.body, status=call.status)
