"""Endpoints that list programmes and show one."""

from datetime import datetime
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from portal.access.decorators import same_for_strangers
from portal.core.clock import now
from portal.web.kept_pages import held
from programs.api.catalogue import examples
from programs.api.catalogue.shapes import FullProgramShape, ProgramsShape
from programs.api.fields import ROUND, TAGS, PublicView, code_parameter
from programs.models import SubProgram
from programs.queries import catalogue as catalogue_queries
from programs.queries import kept


@same_for_strangers("round")
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
        catalogue = kept.catalogue()
        named = request.query_params.get("round")
        rounds = [row for row in catalogue.rounds() if row.code == named]
        if not named:
            rounds = [row for row in [catalogue.current_round(now())] if row]
        offered = [program for row in rounds for program in catalogue.programs(row)]
        if named and not offered:
            raise Http404

        def shape() -> dict[str, Any]:
            programs = kept.with_pots([program.instance() for program in offered])
            return dict(ProgramsShape({"results": programs}).data)

        keys = tuple(program.pk for program in offered)
        money = kept.money(program.pot_id for program in offered)
        return Response(held(("api_programs", catalogue.revision, money, keys), shape))


@same_for_strangers("round")
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
        catalogue = kept.catalogue()
        found = _find(catalogue, request, code, at)

        def shape() -> dict[str, Any]:
            return dict(FullProgramShape(found.instance(), context={"now": at}).data)

        shown = (catalogue.revision, kept.money([found.pot_id]), catalogue.passed(at), found.pk)
        return Response(held(("api_program", *shown), shape))


def find_program(request: Request, code: str) -> SubProgram:
    return _find(kept.catalogue(), request, code, now()).instance()


def _find(catalogue: kept.Catalogue, request: Request, code: str, at: datetime) -> kept.KeptProgram:
    round = request.query_params.get("round", "")
    return catalogue_queries.found(catalogue, round, code, now=at)
