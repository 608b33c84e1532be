"""API of public corrections."""

from typing import ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.access.decorators import same_for_strangers
from portal.api.query import DeclaredQuery
from vouchers.api.catalogue import TAGS
from vouchers.api.reports import SERVICE, ServiceOfShape, Time
from vouchers.models import Correction
from vouchers.states import PUBLIC_CORRECTIONS, CorrectionState, IssueKind
from vouchers.visibility import public_corrections

STATES = [(state.value, state.label) for state in CorrectionState if state in PUBLIC_CORRECTIONS]


class CorrectionShape(serializers.Serializer):
    """A case that the agency has verified."""

    id = serializers.IntegerField(help_text="시정 번호")
    service = ServiceOfShape(help_text="서비스")
    kind = serializers.ChoiceField(
        choices=IssueKind.choices,
        help_text="improvement 개선이 필요한 사항, off_purpose 사업 목적에 맞지 않는 내용",
    )
    state = serializers.CharField(
        help_text="verified 문제 확인, asked 시정 요청, answered 결과 확인 중, fixed 시정 완료,"
        " suspended 미시정(판매 중지)"
    )
    finding = serializers.CharField(help_text="전담기관이 확인한 내용")
    request = serializers.CharField(help_text="시정 요청. 요청 전이면 빈 글입니다.")
    asked_at = Time(allow_null=True, help_text="요청한 시각")
    due_at = Time(allow_null=True, help_text="시정 기한")
    answered_at = Time(allow_null=True, help_text="공급기업이 답한 시각")
    closed_at = Time(allow_null=True, help_text="마친 시각")
    suspended = serializers.BooleanField(
        source="suspended_service", help_text="이 일로 판매가 중지되어 있는지"
    )


class CorrectionFilter(django_filters.FilterSet):
    """Filters of the cases."""

    service = django_filters.CharFilter(field_name="service__code", label="서비스 번호")
    state = django_filters.ChoiceFilter(choices=STATES, label="상태")
    kind = django_filters.ChoiceFilter(choices=IssueKind.choices, label="구분")

    class Meta:
        model = Correction
        fields: ClassVar[list[str]] = []


CORRECTION = OpenApiExample(
    "시정을 요청한 서비스",
    response_only=True,
    value={
        "id": 4,
        "service": SERVICE,
        "kind": "improvement",
        "state": "asked",
        "finding": "녹화한 파일이 열리지 않는 것을 확인했습니다.",
        "request": "녹화 기능을 고쳐 주세요.",
        "asked_at": "2021-05-10T11:00:00+09:00",
        "due_at": "2021-05-24T18:00:00+09:00",
        "answered_at": None,
        "closed_at": None,
        "suspended": False,
    },
)


@same_for_strangers("cursor")
class Corrections(DeclaredQuery, generics.ListAPIView):
    """Cases the agency has verified."""

    access_rule = "public"
    serializer_class = CorrectionShape
    filterset_class = CorrectionFilter
    queryset = Correction.objects.none()
    query: ClassVar[frozenset[str]] = frozenset({"service", "state", "kind", "cursor", "page_size"})

    def get_queryset(self) -> QuerySet[Correction]:
        return public_corrections().select_related("service__supplier")

    @extend_schema(
        tags=TAGS,
        operation_id="voucher_corrections",
        summary="시정 현황",
        description="전담기관이 확인한 문제와 공급기업이 고친 결과를 새것부터 돌려줍니다.",
        responses={200: CorrectionShape(many=True)},
        examples=[CORRECTION],
    )
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().get(request, *args, **kwargs)
