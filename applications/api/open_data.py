"""Open data: the list of data sets, and their rows a page at a time."""

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from applications.queries.open_data import datasets
from applications.queries.open_data.publication import Dataset, publication
from portal.access.decorators import may_be_older, same_for_strangers
from portal.api.pagination import Page
from portal.api.query import DeclaredQuery

TAGS = ["공개 데이터"]
DATASET = OpenApiParameter(
    "dataset",
    {"type": "string", "enum": [row.code for row in publication().datasets]},
    OpenApiParameter.PATH,
    description="공개 데이터 코드",
    examples=[OpenApiExample("코드", value="programs")],
)


class OpenPage(Page):
    """Pages in the order of primary keys, so that new rows come last."""

    ordering = "pk"


class FieldShape(serializers.Serializer):
    name = serializers.CharField(help_text="항목 이름")
    kind = serializers.CharField(
        help_text="형식: integer, decimal(글자), text, boolean, instant(ISO 8601)"
    )
    label = serializers.CharField(help_text="뜻")  # type: ignore[assignment]  # hides `Field.label`


class DatasetShape(serializers.Serializer):
    code = serializers.CharField(help_text="공개 데이터 코드")
    title = serializers.CharField(help_text="이름")
    summary = serializers.CharField(help_text="설명")
    version = serializers.CharField(required=False, help_text="판. 내용이 바뀌면 바뀝니다.")
    updated_at = serializers.CharField(
        required=False, allow_null=True, help_text="마지막으로 바뀐 시각"
    )
    columns = FieldShape(many=True, help_text="항목")


class CatalogueShape(serializers.Serializer):
    format = serializers.CharField(help_text="모양의 판")
    licence = serializers.CharField(help_text="이용 조건")
    small_numbers = serializers.CharField(help_text="작은 수를 비우는 규칙")
    results = DatasetShape(many=True, help_text="공개 데이터")


class RowsShape(serializers.Serializer):
    next = serializers.CharField(
        allow_null=True, help_text="다음 쪽의 주소. 마지막이면 null입니다."
    )
    previous = serializers.CharField(
        allow_null=True, help_text="앞 쪽의 주소. 처음이면 null입니다."
    )
    results = serializers.ListField(
        child=serializers.DictField(),
        help_text="줄. 항목의 뜻은 공개 데이터 목록의 columns에 있습니다.",
    )


class OpenView(DeclaredQuery, APIView):
    access_rule = "public"


@same_for_strangers()
@may_be_older
class OpenCatalogue(OpenView):
    @extend_schema(
        tags=TAGS,
        operation_id="open_data",
        summary="공개 데이터 목록",
        description="공개 데이터마다의 항목, 판, 이용 조건과 작은 수를 비우는 규칙입니다.",
        responses={200: CatalogueShape},
        examples=[
            OpenApiExample(
                "지원유형만 보인 목록",
                response_only=True,
                value={
                    "format": "2.0",
                    "licence": "공공누리 제1유형(출처표시)",
                    "small_numbers": publication().rule,
                    "results": [
                        {
                            "code": "tracks",
                            "title": "지원유형",
                            "summary": "내역사업마다의 지원유형과 지원 조건입니다. 정해지지 않은 "
                            "수는 빈칸입니다.",
                            "columns": [
                                {"name": "cap_won", "kind": "integer", "label": "지원 한도(원)"}
                            ],
                        }
                    ],
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        published = publication()
        return Response(
            {
                "format": published.format,
                "licence": published.licence["name"],
                "small_numbers": published.rule,
                "results": [_description(row) for row in published.datasets],
            }
        )


@same_for_strangers("cursor", "page_size")
@may_be_older
class OpenRows(OpenView):
    query: ClassVar[frozenset[str]] = frozenset({"cursor", "page_size"})

    @extend_schema(
        tags=TAGS,
        operation_id="open_rows",
        summary="공개 데이터의 줄",
        description=(
            "오래된 것부터 한 쪽씩 돌려줍니다. 한 쪽은 원래 기록의 수로 나누므로 평가표와 가점처럼 "
            "기록 하나에서 여러 줄이 나오는 것은 한 쪽에 더 많은 줄이 올 수 있습니다. 전체는 "
            "/open-data/ 주소의 파일로 받으세요. 오류 코드: cursor, page_size."
        ),
        parameters=[
            DATASET,
            OpenApiParameter("cursor", str, description="next와 previous 주소에 들어 있는 값"),
            OpenApiParameter(
                "page_size",
                {"type": "integer", "minimum": 1},
                description="한 쪽의 기록 수. 없으면 50, 100을 넘으면 100입니다.",
            ),
        ],
        responses={200: RowsShape},
        examples=[
            OpenApiExample(
                "내역사업 하나만 보인 답",
                response_only=True,
                value={
                    "next": None,
                    "previous": None,
                    "results": [
                        {"round": "2021-1", "code": "robot", "quota_count": 57}
                        | {"quota_kind": "about", "pot": "2021/robot"}
                    ],
                },
            )
        ],
    )
    def get(self, request: Request, dataset: str) -> Response:
        pager = OpenPage()
        pager.get_page_size(request)
        pager.decode_cursor(request)
        source = datasets.paged(dataset)
        if source is None:
            rows = list(datasets.rows(dataset))
            return Response({"next": None, "previous": None, "results": rows})
        query, to_rows = source
        block = pager.paginate_queryset(query, request, view=self) or []
        return Response(
            {
                "next": pager.get_next_link(),
                "previous": pager.get_previous_link(),
                "results": list(to_rows(block)),
            }
        )


def _description(row: Dataset) -> dict[str, Any]:
    state = datasets.version(row.code)
    return {
        "code": row.code,
        "title": row.title,
        "summary": row.summary,
        "version": state.sha256,
        "updated_at": state.updated_at.isoformat() if state.updated_at else None,
        "columns": [
            {"name": field.name, "kind": field.kind, "label": field.label} for field in row.fields
        ],
    }
