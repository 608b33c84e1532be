"""Fields, parameters and the base view that all endpoints of the programmes share."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers
from rest_framework.views import APIView

from portal.api.query import DeclaredQuery

TAGS = ["사업"]
ROUND = OpenApiParameter("round", str, description="회차 코드. 없으면 지금 회차입니다.")


def code_parameter(example: str) -> OpenApiParameter:
    return OpenApiParameter(
        "code",
        {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
        OpenApiParameter.PATH,
        description="내역사업 코드",
        examples=[OpenApiExample("코드", value=example)],
    )


class PublicView(DeclaredQuery, APIView):
    access_rule = "public"
    query: ClassVar[frozenset[str]] = frozenset({"round"})


def text(help_text: str = "", **options: Any) -> serializers.CharField:
    return serializers.CharField(help_text=help_text, **options)


def whole(help_text: str = "", **options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(help_text=help_text, **options)


def unknown(help_text: str = "", **options: Any) -> serializers.IntegerField:
    """Return a field of a whole number that is null where the figure is not published."""
    return whole(help_text, allow_null=True, **options)


def origin() -> serializers.CharField:
    return text("출처(/sources/): source S번호(원문 줄), public(공개 자료), assumption(가정)")


def condition() -> serializers.DictField:
    values = serializers.ListField()
    return serializers.DictField(
        child=values, allow_null=True, help_text="이 값일 때만 적용합니다. null이면 늘 적용합니다."
    )
