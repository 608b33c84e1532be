"""Endpoint of the self-check."""

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.errors import FindingShape
from portal.core.clock import KST, now
from portal.core.errors import BadInput
from programs.api.catalogue import examples
from programs.api.catalogue.views import find_program
from programs.api.fields import ROUND, TAGS, PublicView, code_parameter
from programs.queries import eligibility as eligibility_queries
from programs.rules.eligibility import Standing

VERDICT = OpenApiExample(
    "소기업이 아니라서 안 됨",
    response_only=True,
    value={
        "eligible": False,
        "standing": "blocked",
        "unanswered": [],
        "findings": [
            {"code": "small_only", "message": "소기업만 신청할 수 있습니다.", "blocking": True}
        ],
    },
)

# A body of facts: which ones depends on the programme, so that no serializer can name them.
FACTS = {
    "type": "object",
    "properties": {
        "track": {
            "type": ["string", "null"],
            "description": "지원유형 코드. 없으면 모든 유형에 공통인 요건만 봅니다.",
        }
    },
    "additionalProperties": {
        "type": ["string", "integer", "boolean", "array", "null"],
        "items": {"type": "string"},
        "description": "사업 조회의 self_check에 있는 항목(fact)과 답",
    },
}


STANDINGS = {
    Standing.BLOCKED: "신청할 수 없음",
    Standing.OPEN: "답하지 않은 질문이 있음",
    Standing.CURABLE: "풀어야 할 사유가 있음",
    Standing.FITS: "모두 갖춤",
}


class UnansweredShape(serializers.Serializer):
    fact = serializers.CharField(help_text="항목")
    label = serializers.CharField(help_text="질문")  # type: ignore[assignment]  # hides `Field.label`


class VerdictShape(serializers.Serializer):
    """The answer: eligible is null while answers are missing and nothing speaks against it."""

    eligible = serializers.BooleanField(
        allow_null=True,
        help_text="제출을 막는 사유가 없는지. null은 답이 더 있어야 알 수 있다는 뜻입니다.",
    )
    standing = serializers.ChoiceField(
        choices=[(row.value, label) for row, label in STANDINGS.items()],
        help_text="blocked 신청할 수 없음, open 답하지 않은 질문이 있음, curable 신청할 수 있으나 풀어야 할 사유가 있음, fits 모두 갖춤",
    )
    unanswered = UnansweredShape(many=True, help_text="답하지 않은 질문 전부")
    findings = FindingShape(many=True, help_text="사유 전부")


class SelfCheck(PublicView):
    @extend_schema(
        tags=TAGS,
        operation_id="self_check",
        summary="자가진단",
        description=(
            "답한 사실로 신청 자격을 확인하고 모든 사유를 한 번에 돌려줍니다. 저장하지 않습니다. "
            "숫자, 날짜, 예/아니요는 글자로 보내도 됩니다. 오류 코드: track, fact, body."
        ),
        parameters=[code_parameter("aftercare"), ROUND],
        request={"application/json": FACTS},
        responses={200: VerdictShape},
        examples=[examples.FACTS, VERDICT],
    )
    def post(self, request: Request, code: str) -> Response:
        program = find_program(request, code)
        if not isinstance(request.data, dict):
            raise BadInput("항목과 값의 짝(JSON 객체)을 보내 주세요.", code="body")
        verdict = eligibility_queries.check_self(
            program, request.data, on=now().astimezone(KST).date()
        )
        answer = {
            "eligible": verdict.eligible,
            "standing": verdict.standing,
            "unanswered": eligibility_queries.unanswered(program, verdict),
            "findings": verdict.findings,
        }
        return Response(VerdictShape(answer).data)
