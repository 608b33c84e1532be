"""Endpoint of the budget."""

from typing import ClassVar

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.access.decorators import same_for_strangers
from programs.api.fields import TAGS, PublicView, text, whole
from programs.queries import ledger as ledger_queries
from programs.visibility import public_pots

BUDGET = OpenApiExample(
    "예산 하나만 보인 답",
    response_only=True,
    value={
        "results": [
            {
                "code": "2021/build",
                "name": "2021년 스마트공장 구축 및 고도화",
                "balance": {
                    "appropriated_won": 400_200_000_000,
                    "reserved_won": 0,
                    "committed_won": 0,
                    "paid_won": 0,
                    "available_won": 400_200_000_000,
                },
                "recomputed": {
                    "appropriated_won": 400_200_000_000,
                    "reserved_won": 0,
                    "committed_won": 0,
                    "paid_won": 0,
                    "available_won": 400_200_000_000,
                },
                "agrees": True,
                "in_total": True,
            }
        ],
        "total": {
            "appropriated_won": 400_200_000_000,
            "reserved_won": 0,
            "committed_won": 0,
            "paid_won": 0,
            "available_won": 400_200_000_000,
        },
    },
)


class BalanceShape(serializers.Serializer):
    """The counters of a pot, in won."""

    appropriated_won = whole("배정", source="appropriated")
    reserved_won = whole("선정 예약", source="reserved")
    committed_won = whole("협약 확정", source="committed")
    paid_won = whole("지급", source="paid")
    available_won = whole("남은 예산. 배정에서 나머지 셋을 뺀 값입니다.", source="available")


class PotShape(serializers.Serializer):
    """A pot: its counters, and the sums of its entries; the two must agree."""

    code = text("예산 코드", source="pot.code")
    name = text("이름", source="pot.name")
    balance = BalanceShape(source="stored", help_text="저장된 잔액")
    recomputed = BalanceShape(help_text="원장을 처음부터 더한 잔액")
    agrees = serializers.BooleanField(help_text="둘이 같은지")
    in_total = serializers.BooleanField(help_text="합계에 드는지(내역사업의 예산인지)")


class BudgetShape(serializers.Serializer):
    """All pots."""

    results = PotShape(many=True, help_text="예산")
    total = BalanceShape(help_text="내역사업 예산의 합계")


@same_for_strangers()
class Budgets(PublicView):
    query: ClassVar[frozenset[str]] = frozenset()

    @extend_schema(
        tags=TAGS,
        operation_id="budget",
        summary="예산 현황",
        description="예산마다 저장된 잔액과, 원장을 처음부터 다시 더한 잔액입니다.",
        responses={200: BudgetShape},
        examples=[BUDGET],
    )
    def get(self, request: Request) -> Response:
        statements = ledger_queries.statements(public_pots())
        total = ledger_queries.total(row.stored for row in statements if row.in_total)
        return Response(BudgetShape({"results": statements, "total": total}).data)
