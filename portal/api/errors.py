"""The shape of every error the API answers."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from portal.core.errors import PortalError

MESSAGES = {
    400: "보낸 내용을 확인해 주세요.",
    401: "로그인하거나 유효한 토큰을 보내 주세요.",
    403: "이 토큰으로는 할 수 없는 요청입니다.",
    404: "찾을 수 없습니다.",
    405: "지원하지 않는 방식의 요청입니다.",
    406: "JSON으로만 답합니다.",
    413: "보낸 내용이 너무 큽니다.",
    415: "이 주소가 받는 형식이 아닙니다. API 설명을 확인해 주세요.",
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


def error_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate an exception to the documented error body, or None for an unexpected one."""
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
    """Return (field path, message) pairs of a nested DRF error."""
    if isinstance(detail, dict):
        return [
            row
            for key, value in detail.items()
            for row in flatten(value, f"{where}.{key}" if where else str(key))
        ]
    if isinstance(detail, list):
        return [row for value in detail for row in flatten(value, where)]
    return [(where or "body", str(detail))]


def error_body(error: PortalError) -> dict[str, object]:
    return {
        "code": error.code,
        "message": error.message,
        "findings": [
            {"code": row.code, "message": row.message, "blocking": row.blocking}
            for row in error.findings
        ],
    }
