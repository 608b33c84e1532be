"""Endpoints that list programmes and show one."""

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.core.clock import now
from programs.api.catalogue import examples
from programs.api.catalogue.shapes import FullProgramShape, ProgramsShape
from programs.api.fields import ROUND, TAGS, PublicView, code_parameter
from programs.models import SubProgram
from programs.queries import catalogue as catalogue_queries
from programs.queries import rounds as rounds_queries


class Programs(PublicView):
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
        at = now()
        current = rounds_queries.current_round(at)
        code = request.query_params.get("round") or (current.code if current else "")
        programs = list(catalogue_queries.offered_in(code)) if code else []
        if request.query_params.get("round") and not programs:
            raise Http404
        return Response(ProgramsShape({"results": programs}).data)


class Program(PublicView):
    @extend_schema(
        tags=TAGS,
        operation_id="program",
        summary="사업 하나",
        description="접수 기간, 신청 요건, 제출서류, 평가항목, 절차와 각 수치의 출처입니다.",
        parameters=[code_parameter("robot"), ROUND],
        responses={200: FullProgramShape},
        examples=[examples.PROGRAM],
    )
    def get(self, request: Request, code: str) -> Response:
        at = now()
        return Response(FullProgramShape(find_program(request, code), context={"now": at}).data)


def find_program(request: Request, code: str) -> SubProgram:
    return catalogue_queries.sub_program(
        code, now=now(), round=request.query_params.get("round", "")
    )
