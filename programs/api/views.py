"""The endpoints of programmes: what is offered, the self-check, the preview, the money."""

from typing import ClassVar

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api.query import DeclaredQuery
from portal.core.clock import KST, now
from portal.core.errors import BadInput
from programs import queries
from programs.api import examples
from programs.api.shapes import (
    FACTS,
    BudgetShape,
    CostShape,
    FullProgramShape,
    GrantShape,
    ProgramsShape,
    VerdictShape,
)
from programs.models import SubProgram
from programs.rules import ceilings
from programs.visibility import public_pots

TAGS = ["사업"]
ROUND = OpenApiParameter("round", str, description="회차 코드. 없으면 지금 회차입니다.")


def code_of(example: str) -> OpenApiParameter:
    """Describe the programme in the path."""
    return OpenApiParameter(
        "code",
        {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
        OpenApiParameter.PATH,
        description="내역사업 코드",
        examples=[OpenApiExample("코드", value=example)],
    )


class PublicView(DeclaredQuery, APIView):
    """An endpoint for everybody."""

    access_rule = "public"
    query: ClassVar[frozenset[str]] = frozenset({"round"})


class Programs(PublicView):
    """All sub-programmes of a round."""

    @extend_schema(
        tags=TAGS,
        operation_id="programs",
        summary="사업 목록",
        description="한 회차의 내역사업과 지원유형, 모집 규모, 예산 잔액입니다.",
        parameters=[ROUND],
        responses={200: ProgramsShape, 404: None},
        examples=[examples.PROGRAMS],
    )
    def get(self, request: Request) -> Response:
        """List the current round, or the one that is named."""
        at = now()
        current = queries.current_round(at)
        code = request.query_params.get("round") or (current.code if current else "")
        programs = list(queries.offered_in(code)) if code else []
        if request.query_params.get("round") and not programs:
            raise Http404
        return Response(ProgramsShape({"results": programs}).data)


class Program(PublicView):
    """One sub-programme."""

    @extend_schema(
        tags=TAGS,
        operation_id="program",
        summary="사업 하나",
        description="접수 기간, 신청 요건, 제출서류, 평가항목, 절차와 각 수치의 출처입니다.",
        parameters=[code_of("robot"), ROUND],
        responses={200: FullProgramShape},
        examples=[examples.PROGRAM],
    )
    def get(self, request: Request, code: str) -> Response:
        """Tell everything an applicant wants to know."""
        at = now()
        return Response(FullProgramShape(_program(request, code), context={"now": at}).data)


class SelfCheck(PublicView):
    """The self-check."""

    @extend_schema(
        tags=TAGS,
        operation_id="self_check",
        summary="자가진단",
        description=(
            "답한 사실로 신청 자격을 확인하고 모든 사유를 한 번에 돌려줍니다. 저장하지 않습니다. "
            "숫자, 날짜, 예/아니요는 글자로 보내도 됩니다. 오류 코드: track, fact, body."
        ),
        parameters=[code_of("aftercare"), ROUND],
        request={"application/json": FACTS},
        responses={200: VerdictShape},
        examples=[examples.FACTS, examples.VERDICT],
    )
    def post(self, request: Request, code: str) -> Response:
        """Judge the facts, every reason at once."""
        program = _program(request, code)
        if not isinstance(request.data, dict):
            raise BadInput("항목과 값의 짝(JSON 객체)을 보내 주세요.", code="body")
        verdict = queries.check_self(program, request.data, on=now().astimezone(KST).date())
        return Response(VerdictShape(verdict).data)


class Preview(PublicView):
    """The grant preview."""

    @extend_schema(
        tags=TAGS,
        operation_id="preview",
        summary="지원금 미리보기",
        description=(
            "총사업비에서 정부지원금과 기업부담금을 한 줄씩 계산합니다. 선정할 때 쓰는 바로 그 "
            "계산입니다. 저장하지 않습니다. 오류 코드: track, invalid:total_cost_won."
        ),
        parameters=[code_of("robot"), ROUND],
        request=CostShape,
        responses={200: GrantShape},
        examples=[examples.COST, examples.GRANT],
    )
    def post(self, request: Request, code: str) -> Response:
        """Reckon what the state and the firm pay."""
        program = _program(request, code)
        asked = CostShape(data=request.data)
        asked.is_valid(raise_exception=True)
        tracks = {track.code: track for track in program.tracks.all()}
        track = tracks.get(asked.validated_data["track"])
        if track is None:
            raise BadInput(f"지원유형은 {', '.join(tracks)} 가운데 하나입니다.", code="track")
        grant = ceilings.preview(
            track.terms(),
            total_cost_won=asked.validated_data.get("total_cost_won"),
            requested_won=asked.validated_data.get("requested_won"),
        )
        return Response(GrantShape(grant).data)


class Budgets(PublicView):
    """The money."""

    query: ClassVar[frozenset[str]] = frozenset()

    @extend_schema(
        tags=TAGS,
        operation_id="budget",
        summary="예산 현황",
        description="예산마다 저장된 잔액과, 원장을 처음부터 다시 더한 잔액입니다.",
        responses={200: BudgetShape},
        examples=[examples.BUDGET],
    )
    def get(self, request: Request) -> Response:
        """Show every pot, counted twice."""
        statements = queries.statements(public_pots())
        total = queries.total(row.stored for row in statements if row.in_total)
        return Response(BudgetShape({"results": statements, "total": total}).data)


def _program(request: Request, code: str) -> SubProgram:
    return queries.sub_program(code, now=now(), round=request.query_params.get("round", ""))
