"""API of the service catalogue."""

from typing import ClassVar

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
)
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.access.decorators import may_be_older, same_for_strangers
from portal.api.query import DeclaredQuery
from portal.core.errors import BadInput
from portal.core.money import MAX_WON
from portal.core.validators import row_number
from vouchers import models
from vouchers.queries import catalogue
from vouchers.states import Category
from vouchers.visibility import PUBLIC_STATES, public_services

TAGS = ["바우처"]
SHOWN_STATES = [state.value for state in PUBLIC_STATES]
LISTED = {
    "code": "KV-000123",
    "name": "가온 화상회의",
    "category": "meeting",
    "state": "on_sale",
    "supplier": "가온소프트(가상)",
    "price_won": 120_000,
    "price_basis": "월, 10명",
    "summary": "회의록을 스스로 쓰는 화상회의입니다.",
    "promoted": False,
    "reports": 1,
    "rating": 4.0,
    "rated": 1,
    "corrections_open": 1,
}


class ServiceShape(serializers.Serializer):
    """A service as lists show it."""

    code = serializers.CharField(help_text="서비스 번호")
    name = serializers.CharField(help_text="서비스명")
    category = serializers.ChoiceField(
        choices=Category.choices,
        help_text=", ".join(f"{value} {label}" for value, label in Category.choices),
    )
    state = serializers.ChoiceField(
        choices=SHOWN_STATES,
        help_text="on_sale 판매 중, suspended 판매 중지",
    )
    supplier = serializers.CharField(source="supplier.name", help_text="공급기업")
    price_won = serializers.IntegerField(help_text="가격(원)")
    price_basis = serializers.CharField(help_text="가격이 무엇에 대한 것인지")
    summary = serializers.CharField(help_text="한 줄 소개")
    promoted = serializers.SerializerMethodField(help_text="우수 사례로 알리는 서비스인지")

    reports = serializers.IntegerField(source="report_count", help_text="공개된 소비자 보고서의 수")
    rating = serializers.FloatField(
        source="rating_mean",
        allow_null=True,
        help_text="만족도 평균. 매긴 보고서가 없으면 null입니다.",
    )
    rated = serializers.IntegerField(
        source="rated_count", help_text="만족도 평균에 넣은 보고서의 수"
    )
    corrections_open = serializers.IntegerField(help_text="시정하고 있는 일의 수")

    def get_promoted(self, service: models.Service) -> bool:
        return service.promoted_at is not None


class FullServiceShape(ServiceShape):
    """A service with everything the public may know."""

    target = serializers.CharField(help_text="이용 대상")
    contents = serializers.CharField(help_text="제공 내용")
    supplier_homepage = serializers.CharField(
        source="supplier.homepage", help_text="공급기업 누리집. 없으면 빈 글자입니다."
    )


@same_for_strangers("cursor")
@may_be_older
class Services(DeclaredQuery, generics.ListAPIView):
    """Services on sale, and suspended ones."""

    access_rule = "public"
    serializer_class = ServiceShape
    queryset = models.Service.objects.none()
    filter_backends = ()
    query: ClassVar[frozenset[str]] = frozenset(
        {"q", "category", "state", "highest_won", "cursor", "page_size"}
    )

    def get_queryset(self) -> QuerySet[models.Service]:
        params = self.request.query_params
        highest = row_number(params.get("highest_won"))
        if "highest_won" in params and (highest is None or highest > MAX_WON):
            raise BadInput("highest_won은 0 이상의 정수입니다.", code="highest_won")
        category, state = params.get("category", ""), params.get("state", "")
        if category and category not in Category.values:
            raise BadInput("category는 여섯 분야의 코드입니다.", code="category")
        if state and state not in PUBLIC_STATES:
            raise BadInput("state는 on_sale 또는 suspended입니다.", code="state")
        search = catalogue.Search(
            text=params.get("q", "")[:60],
            category=category,
            state=state,
            highest_won=highest,
        )
        return catalogue.with_supplier(catalogue.matching(public_services(), search))

    @extend_schema(
        tags=TAGS,
        operation_id="services",
        summary="비대면 서비스 목록",
        description=(
            "바우처로 살 수 있는 서비스를 새로 등록한 것부터 돌려줍니다. "
            "오류 코드: search_short, category, state, highest_won."
        ),
        parameters=[
            OpenApiParameter(
                "q", str, description="서비스명, 공급기업, 소개에서 찾을 말(두 글자부터)"
            ),
            OpenApiParameter("category", str, enum=Category.values, description="분야"),
            OpenApiParameter(
                "state",
                str,
                enum=SHOWN_STATES,
                description="상태",
            ),
            OpenApiParameter("highest_won", int, description="가격 상한(원)"),
        ],
        responses={200: ServiceShape(many=True)},
        examples=[OpenApiExample("서비스 하나", value=LISTED, response_only=True)],
    )
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().get(request, *args, **kwargs)


@same_for_strangers()
class Service(DeclaredQuery, APIView):
    """One service."""

    access_rule = "public"

    @extend_schema(
        tags=TAGS,
        operation_id="service",
        summary="비대면 서비스 하나",
        description="서비스의 내용과 상태입니다.",
        parameters=[
            OpenApiParameter(
                "code",
                {"type": "string", "maxLength": 20},
                OpenApiParameter.PATH,
                description="서비스 번호",
                examples=[OpenApiExample("번호", value="KV-000123")],
            )
        ],
        responses={200: FullServiceShape},
        examples=[
            OpenApiExample(
                "서비스",
                response_only=True,
                value={
                    **LISTED,
                    "target": "중소기업",
                    "contents": "화상회의, 자동 회의록, 화면 공유",
                    "supplier_homepage": "",
                },
            )
        ],
    )
    def get(self, request: Request, code: str) -> Response:
        service = get_object_or_404(public_services().select_related("supplier"), code=code)
        return Response(FullServiceShape(service).data)
