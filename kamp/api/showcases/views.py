"""Endpoints of showcases: public, read only."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from kamp.api.showcases import examples
from kamp.api.showcases.shapes import FullShowcaseShape, ShowcaseShape
from kamp.models import Showcase
from kamp.queries.showcases import CHOICES, FILTERS, published, published_by_slug
from portal.access.decorators import same_for_strangers
from portal.api.query import DeclaredQuery
from portal.core.errors import BadInput
from portal.core.particles import with_particle

TAGS = ["KAMP"]
FILTER_LABELS = {
    "process": "공정",
    "purpose": "목적",
    "data_kind": "자료 종류",
    "equipment": "설비 이름",
}


@same_for_strangers("cursor")
class Showcases(DeclaredQuery, ListAPIView):
    access_rule = "public"
    query: ClassVar[frozenset[str]] = frozenset({*FILTERS, "cursor", "page_size"})
    queryset = Showcase.objects.none()
    serializer_class = ShowcaseShape

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        filters = self.request.query_params
        for name, choices in CHOICES.items():
            if filters.get(name) and filters[name] not in choices.values:
                raise BadInput(
                    f"{name}의 값은 {', '.join(choices.values)} 가운데 하나입니다.",
                    code="filter_value",
                )
        return published(filters).order_by().prefetch_related("metrics")

    @extend_schema(
        tags=TAGS,
        operation_id="kamp_showcases",
        summary="KAMP 사례 목록",
        description=(
            "공개된 제조 인공지능 사례입니다. 값마다 정의, 표본수, 출처(보도·실측·합성)가 함께 "
            "있습니다. 오류 코드: filter_unknown, filter_empty, filter_value, cursor, page_size."
        ),
        parameters=[
            OpenApiParameter(
                name,
                str,
                enum=CHOICES[name].values if name in CHOICES else None,
                description=f"{with_particle(label, '이/가')} 이 값인 사례만",
            )
            for name, label in FILTER_LABELS.items()
        ],
        responses={200: ShowcaseShape(many=True)},
        examples=[examples.SHOWCASES],
    )
    def get(self, request: Request) -> Response:
        return self.list(request)


@same_for_strangers()
class OneShowcase(DeclaredQuery, APIView):
    access_rule = "public"

    @extend_schema(
        tags=TAGS,
        operation_id="kamp_showcase",
        summary="KAMP 사례 하나",
        description="문제, 자료, 단계, 성과 지표, 알려지지 않은 점까지 사례에 적힌 것 전부입니다.",
        parameters=[
            OpenApiParameter(
                "code",
                {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
                OpenApiParameter.PATH,
                description="사례 코드",
                examples=[OpenApiExample("코드", value=examples.CODE)],
            )
        ],
        responses={200: FullShowcaseShape},
        examples=[examples.SHOWCASE],
    )
    def get(self, request: Request, code: str) -> Response:
        case = published_by_slug(code)
        if case is None:
            raise Http404
        return Response(FullShowcaseShape(case).data)
