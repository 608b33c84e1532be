"""API of published reports."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.access.decorators import same_for_strangers
from portal.api.query import DeclaredQuery
from portal.core.clock import KST
from vouchers.api.catalogue import LISTED, TAGS
from vouchers.models import ConsumerReport
from vouchers.queries.reports import publication
from vouchers.queries.reports import ratings as ratings_queries
from vouchers.rules.reports import publication as publication_rules
from vouchers.states import Category, MemberKind
from vouchers.visibility import public_reports


class Time(serializers.DateTimeField):
    """An instant in KST."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=KST, **options)


class ServiceOfShape(serializers.Serializer):
    """Which service a report or a case is about."""

    code = serializers.CharField(help_text="서비스 번호")
    name = serializers.CharField(help_text="서비스명")
    category = serializers.ChoiceField(choices=Category.choices, help_text="분야")
    supplier = serializers.CharField(source="supplier.name", help_text="공급기업")


class RatingShape(serializers.Serializer):
    """One rating."""

    code = serializers.CharField(help_text="평가 척도")
    label = serializers.CharField(help_text="이름")  # type: ignore[assignment] # DRF collects declared fields
    value = serializers.IntegerField(
        allow_null=True, help_text="점수. 판단할 수 없다고 답했으면 null입니다."
    )
    low = serializers.IntegerField(help_text="가장 낮은 점수")
    high = serializers.IntegerField(help_text="가장 높은 점수")


class ReportPartShape(serializers.Serializer):
    """One written part."""

    code = serializers.CharField(help_text="항목")
    label = serializers.CharField(help_text="이름")  # type: ignore[assignment] # DRF collects declared fields
    text = serializers.CharField(help_text="쓴 글. 비었으면 빈 글입니다.")


class SupplierWordShape(serializers.Serializer):
    """The supplier's comment."""

    text = serializers.CharField(help_text="의견")
    at = Time(help_text="낸 시각")


class ReportShape(serializers.Serializer):
    """A published report; its author by kind."""

    id = serializers.IntegerField(help_text="보고서 번호")
    service = ServiceOfShape(source="assignment.service", help_text="서비스")
    author_kind = serializers.ChoiceField(
        source="filed.content.kind",
        choices=MemberKind.choices,
        help_text="쓴 사람의 구분. 이름은 없습니다.",
    )
    published_at = Time(help_text="공개 시각")
    used_from = serializers.DateField(
        source="filed.content.used_from", help_text="이용을 시작한 날"
    )
    used_to = serializers.DateField(source="filed.content.used_to", help_text="이용을 마친 날")
    counted = serializers.SerializerMethodField(
        help_text="평균에 넣었는지. 쓴 사람이 제외되었으면 거짓입니다."
    )
    fee_won = serializers.IntegerField(
        source="fee.amount_won", help_text="채택된 이 보고서에 쓴 사람이 받는 원고료(원)"
    )
    disclosure = serializers.SerializerMethodField(
        help_text="쓴 사람이 무료로 써 보았고 원고료를 받는다는 안내. 옮겨 실을 때 함께 실어 주세요."
    )
    ratings = RatingShape(source="filed.content.ratings", many=True, help_text="점수")
    sections = ReportPartShape(source="filed.content.sections", many=True, help_text="글")
    supplier_comment = serializers.SerializerMethodField(
        help_text="공급기업 의견. 내지 않았으면 null입니다."
    )
    sha256 = serializers.CharField(source="filed.sha256", help_text="제출본의 SHA-256")

    def get_disclosure(self, report: ConsumerReport) -> str:
        return publication.disclosure(report)

    def get_counted(self, report: ConsumerReport) -> bool:
        return ratings_queries.counted(report)

    @extend_schema_field(SupplierWordShape(allow_null=True))
    def get_supplier_comment(self, report: ConsumerReport) -> dict[str, Any] | None:
        comment = getattr(report, "comment", None)
        return dict(SupplierWordShape(comment).data) if comment else None


class ReportFilter(django_filters.FilterSet):
    """Filters of the reports."""

    service = django_filters.CharFilter(field_name="assignment__service__code", label="서비스 번호")
    category = django_filters.ChoiceFilter(
        field_name="assignment__service__category", choices=Category.choices, label="분야"
    )
    author_kind = django_filters.ChoiceFilter(
        field_name="assignment__monitor__kind", choices=MemberKind.choices, label="쓴 사람의 구분"
    )

    class Meta:
        model = ConsumerReport
        fields: ClassVar[list[str]] = []


SERVICE = {name: LISTED[name] for name in ("code", "name", "category", "supplier")}


FEATURES = (
    "회의를 마치면 회의록이 저절로 남고 할 일이 담당자에게 나뉘어 갑니다. "
    "열 명이 함께 들어와도 소리와 화면이 끊기지 않았습니다."
)


REPORT = OpenApiExample(
    "점수와 글을 하나씩만 보인 보고서",
    response_only=True,
    value={
        "id": 31,
        "service": SERVICE,
        "author_kind": "expert",
        "published_at": "2021-05-03T10:00:00+09:00",
        "used_from": "2021-04-01",
        "used_to": "2021-04-12",
        "counted": True,
        "fee_won": 50_000,
        "disclosure": publication_rules.disclosure(50_000),
        "ratings": [
            {"code": "satisfaction", "label": "전반적 만족도", "value": 4, "low": 1, "high": 5}
        ],
        "sections": [{"code": "features", "label": "서비스의 특징", "text": FEATURES}],
        "supplier_comment": {
            "text": "다음 판에서 녹화를 고치겠습니다.",
            "at": "2021-04-28T15:12:00+09:00",
        },
        "sha256": "4b5f1f0c6f0b0c0a3d1f6b2f2f8a9e1b7c5d3e2f1a0b9c8d7e6f5a4b3c2d1e0f",
    },
)


@same_for_strangers("cursor")
class Reports(DeclaredQuery, generics.ListAPIView):
    """Published reports."""

    access_rule = "public"
    serializer_class = ReportShape
    filterset_class = ReportFilter
    queryset = ConsumerReport.objects.none()
    query: ClassVar[frozenset[str]] = frozenset(
        {"service", "category", "author_kind", "cursor", "page_size"}
    )

    def get_queryset(self) -> QuerySet[ConsumerReport]:
        return public_reports().select_related(
            "filed", "comment", "fee", "assignment__monitor", "assignment__service__supplier"
        )

    @extend_schema(
        tags=TAGS,
        operation_id="voucher_reports",
        summary="소비자 보고서",
        description=(
            "공개된 소비자 보고서를 하나씩 전문과 점수로, 새것부터 돌려줍니다. 쓴 사람은 구분만 "
            "나옵니다. 건수가 적은 평균도 이 점수로 셈할 수 있어 어디에서도 가리지 않습니다."
        ),
        responses={200: ReportShape(many=True)},
        examples=[REPORT],
    )
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().get(request, *args, **kwargs)
