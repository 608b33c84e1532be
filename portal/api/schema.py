"""OpenAPI schema: access, limits and errors of each operation, derived from its view."""

from typing import Any, Literal

import uritemplate
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from portal.api.errors import MESSAGES, ErrorShape
from portal.api.strict import SentShape

# What the portal itself answers; an operation adds its own (409, 422) with `responses`.
REFUSALS = {
    400: ("bad_input", "읽을 수 없거나 범위를 벗어난 값을 보냈습니다."),
    401: ("not_authenticated", "토큰이 없거나, 틀리거나, 만료되었거나, 폐기되었습니다."),
    403: ("permission_denied", "조회 범위의 토큰으로는 쓸 수 없습니다."),
    404: ("not_found", "없거나 내 것이 아닙니다. 둘을 구별하지 않습니다."),
    409: ("move_not_allowed", "지금 상태에서는 할 수 없습니다."),
    413: ("body_too_large", "본문은 1 MiB까지입니다."),
    415: ("unsupported_media_type", "Content-Type이 application/json이 아닙니다."),
    422: ("rule_broken", "규칙에 맞지 않습니다."),
    503: ("unavailable", "지금은 처리할 수 없습니다. 잠시 뒤 다시 보내세요."),
    429: ("throttled", "1분 동안의 호출 한도를 넘었습니다. Retry-After(초) 뒤에 다시 보내세요."),
}
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "portal.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "계정의 API 토큰 화면에서 만듭니다. 범위는 조회 또는 작성·제출입니다.",
        }


class Contract(AutoSchema):
    """Describes an operation; access comes from the view's `access_rule`."""

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> dict[str, Any]:
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        if isinstance(serializer, SentShape):
            schema["additionalProperties"] = False
        return schema

    def get_auth(self) -> list[dict[str, Any]]:
        # Sessions are for the portal's own pages and stay undocumented.
        needed = super().get_auth()
        if getattr(self.view, "access_rule", "") == "public":
            return [{}]
        return [each for each in needed if "token" in each]

    def _get_response_bodies(
        self, direction: Literal["request", "response"] = "response"
    ) -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
        for status in sorted(self._refusals() | {int(code) for code in bodies}):
            body = bodies.get(str(status), {})
            description = body.get("description", "") if "content" in body else ""
            if status >= 400:
                bodies[str(status)] = self._refusal(status, description)
            else:
                body["description"] = description or ("만든 것" if status == 201 else "답")
        return dict(sorted(bodies.items()))

    def _refusals(self) -> set[int]:
        """Return the statuses with which the portal may refuse before the view decides anything."""
        statuses = {400, 401, 429}
        if self.method in WRITES and getattr(self.view, "access_rule", "") != "public":
            statuses.add(403)
        if uritemplate.variables(self.path):
            statuses.add(404)
        if self.method in WRITES:
            statuses |= {413, 415}
        return statuses

    def _refusal(self, status: int, description: str) -> dict[str, Any]:
        code, default = REFUSALS[status]
        message = MESSAGES.get(status, default)
        body = {
            "schema": self.resolve_serializer(ErrorShape, "response").ref,
            "example": {"code": code, "message": message, "findings": []},
        }
        return {"description": description or default, "content": {"application/json": body}}
