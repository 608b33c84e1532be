"""Endpoint of the grant preview."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.strict import SentShape
from portal.core import ranges
from portal.core.errors import BadInput
from programs.api.catalogue.views import find_program
from programs.api.fields import ROUND, TAGS, PublicView, code_parameter, text, unknown
from programs.rules.grants import ceilings

COST = OpenApiExample(
    "협업로봇에 총사업비 7억원",
    request_only=True,
    value={"track": "cobot", "total_cost_won": 700_000_000},
)
GRANT = OpenApiExample(
    "절반은 3억 5,000만원이나 한도가 3억원",
    response_only=True,
    value={
        "support_won": 300_000_000,
        "own_won": 400_000_000,
        "rows": [
            {"label": "총사업비", "won": 700_000_000, "reason": "입력한 금액입니다."},
            {"label": "지원비율 적용", "won": 350_000_000, "reason": "총사업비의 50% 이내입니다."},
            {"label": "천원 미만 절사", "won": 350_000_000, "reason": "끝수를 버립니다."},
            {
                "label": "한도 적용",
                "won": 300_000_000,
                "reason": "지원 한도는 300,000,000원입니다.",
            },
            {"label": "정부지원금", "won": 300_000_000, "reason": "심사와 예산에 따라 확정됩니다."},
            {
                "label": "기업부담금",
                "won": 400_000_000,
                "reason": "총사업비에서 정부지원금을 뺀 금액입니다.",
            },
        ],
    },
)


class WonInput(serializers.IntegerField):
    def __init__(self, **options: Any) -> None:
        cost = ranges.known()["cost_won"]
        super().__init__(
            min_value=cost.least, max_value=cost.most, required=False, allow_null=True, **options
        )

    def to_internal_value(self, data: Any) -> int:
        # In Python True is the number 1, and a float may have lost a won.
        if isinstance(data, bool | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class CostShape(SentShape):
    """What a preview needs, in won."""

    track = text("지원유형 코드")
    total_cost_won = WonInput(help_text="총사업비(원)")
    requested_won = WonInput(
        help_text="신청하는 정부지원금(원). 신청금액을 심사하는 유형에만 씁니다."
    )


class RowShape(serializers.Serializer):
    """One line of the reckoning."""

    label = text("항목")  # type: ignore[assignment]  # the stubs take it for Field.label
    won = unknown("금액(원)")
    reason = text("근거")


class GrantShape(serializers.Serializer):
    """What the state pays and what the firm pays."""

    support_won = unknown("정부지원금(원)")
    own_won = unknown("기업부담금(원)")
    rows = RowShape(many=True, help_text="계산한 순서")


class Preview(PublicView):
    @extend_schema(
        tags=TAGS,
        operation_id="preview",
        summary="지원금 미리보기",
        description=(
            "총사업비에서 정부지원금과 기업부담금을 한 줄씩 계산합니다. 선정할 때 쓰는 바로 그 "
            "계산입니다. 저장하지 않습니다. 오류 코드: track, invalid:total_cost_won."
        ),
        parameters=[code_parameter("robot"), ROUND],
        request=CostShape,
        responses={200: GrantShape},
        examples=[COST, GRANT],
    )
    def post(self, request: Request, code: str) -> Response:
        program = find_program(request, code)
        requested = CostShape(data=request.data)
        requested.is_valid(raise_exception=True)
        tracks = {track.code: track for track in program.tracks.all()}
        track = tracks.get(requested.validated_data["track"])
        if track is None:
            raise BadInput(f"지원유형은 {', '.join(tracks)} 가운데 하나입니다.", code="track")
        grant = ceilings.preview(
            track.terms(),
            total_cost_won=requested.validated_data.get("total_cost_won"),
            requested_won=requested.validated_data.get("requested_won"),
        )
        return Response(GrantShape(grant).data)
