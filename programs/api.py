"""The public API of programmes: what is offered, the self-check, the preview, the money."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api import ErrorShape, FindingShape
from portal.clock import KST, now
from portal.errors import BadInput
from portal.money import MAX_WON
from programs import queries
from programs.models import SubProgram
from programs.rules import ceilings
from programs.visibility import public_pots

ROUND = OpenApiParameter(
    "round", str, description="회차 코드(예: 2021-1). 없으면 지금 회차입니다.", required=False
)
PUBLIC = {"tags": ["사업"], "auth": [{}]}


class BalanceShape(serializers.Serializer):
    """The counters of a pot, in won."""

    appropriated_won = serializers.IntegerField(source="appropriated")
    reserved_won = serializers.IntegerField(source="reserved")
    committed_won = serializers.IntegerField(source="committed")
    paid_won = serializers.IntegerField(source="paid")
    available_won = serializers.IntegerField(source="available")


class QuotaShape(serializers.Serializer):
    """How many are chosen, in the notice's own word."""

    count = serializers.IntegerField(source="quota_count", allow_null=True)
    kind = serializers.ChoiceField(
        source="quota_kind", choices=["about", "at_least", "exact", "none"]
    )


class TrackShape(serializers.Serializer):
    """A kind of support; what is not stated is null."""

    code = serializers.CharField()
    name = serializers.CharField()
    cap_won = serializers.IntegerField(allow_null=True)
    share_percent = serializers.IntegerField(allow_null=True)
    days = serializers.IntegerField(allow_null=True)
    months = serializers.IntegerField(allow_null=True)


class FullTrackShape(TrackShape):
    """A kind of support with everything known of it."""

    summary = serializers.CharField()
    grant_kind = serializers.ChoiceField(choices=["share", "flat", "in_kind", "requested"])
    flat_won = serializers.IntegerField(allow_null=True)
    planning_won = serializers.IntegerField(allow_null=True)
    previous_cap_won = serializers.IntegerField(allow_null=True)
    origins = serializers.DictField(child=serializers.CharField())


class ProgramShape(serializers.Serializer):
    """A sub-programme with its money."""

    code = serializers.CharField()
    name = serializers.CharField()
    budget_won = serializers.IntegerField(source="pot.appropriated_won")
    quota = QuotaShape(source="*")
    tracks = TrackShape(source="tracks.all", many=True)
    balance = BalanceShape(source="pot.balance")


class ConditionShape(serializers.Serializer):
    """Who may apply: one requirement in words."""

    code = serializers.CharField()
    message = serializers.CharField()
    blocking = serializers.BooleanField()
    when = serializers.DictField(allow_null=True)
    origin = serializers.CharField()


class QuestionShape(serializers.Serializer):
    """One fact the self-check takes."""

    fact = serializers.CharField()
    kind = serializers.CharField()
    label = serializers.CharField()
    choices = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))


class CriterionShape(serializers.Serializer):
    """One line of the score sheet."""

    code = serializers.CharField()
    label = serializers.CharField()
    guide = serializers.CharField()
    max_points = serializers.IntegerField()
    core = serializers.BooleanField()
    origin = serializers.CharField()


class BonusShape(serializers.Serializer):
    """Extra points."""

    code = serializers.CharField()
    label = serializers.CharField()
    points = serializers.IntegerField()
    guide = serializers.CharField()
    origin = serializers.CharField()


class PaperShape(serializers.Serializer):
    """A paper to attach."""

    code = serializers.CharField()
    label = serializers.CharField()
    guide = serializers.CharField()
    required = serializers.BooleanField()
    when = serializers.DictField(allow_null=True)
    formats = serializers.ListField(child=serializers.CharField())
    max_files = serializers.IntegerField()
    origin = serializers.CharField()


class FullProgramShape(ProgramShape):
    """A sub-programme with everything an applicant wants to know."""

    round = serializers.CharField(source="round.code")
    summary = serializers.CharField()
    intake = serializers.ChoiceField(choices=["window", "rolling"])
    open = serializers.SerializerMethodField()
    opens_at = serializers.SerializerMethodField()
    closes_at = serializers.SerializerMethodField()
    tracks = FullTrackShape(source="tracks.all", many=True)
    conditions = ConditionShape(source="conditions_parsed", many=True)
    self_check = serializers.SerializerMethodField()
    criteria = CriterionShape(source="criteria.all", many=True)
    bonus_items = BonusShape(source="bonus_items.all", many=True)
    documents = PaperShape(source="documents.all", many=True)
    steps = serializers.ListField(child=serializers.DictField())
    form_version = serializers.CharField()
    origins = serializers.DictField(child=serializers.CharField())

    def get_open(self, program: SubProgram) -> bool:
        """Whether an application would be taken at this instant."""
        return queries.refusal(program, self.context["now"]) is None

    def get_opens_at(self, program: SubProgram) -> str:
        """When the intake begins."""
        return program.window().opens_at.astimezone(KST).isoformat()

    def get_closes_at(self, program: SubProgram) -> str | None:
        """When the intake ends; null when it runs until the budget is gone."""
        closes_at = program.window().closes_at
        return closes_at.astimezone(KST).isoformat() if closes_at else None

    def get_self_check(self, program: SubProgram) -> list[dict[str, Any]]:
        """What the self-check asks."""
        return QuestionShape(queries.asked(program), many=True).data


class ProgramsShape(serializers.Serializer):
    """The list."""

    results = ProgramShape(many=True)


class AnswersShape(serializers.Serializer):
    """Answers of a self-check: `track` and the facts of the programme's `self_check` list."""

    track = serializers.CharField(required=False)


class VerdictShape(serializers.Serializer):
    """The answer: eligible is null while answers are missing and nothing speaks against it."""

    eligible = serializers.BooleanField(allow_null=True)
    findings = FindingShape(many=True)


class WonInput(serializers.IntegerField):
    """An amount in won."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=MAX_WON, required=False, allow_null=True, **options)

    def to_internal_value(self, data: object) -> int:
        """Take whole numbers, also as text; a true is not a 1."""
        if isinstance(data, bool | float):
            self.fail("invalid")
        return super().to_internal_value(data)


class CostShape(serializers.Serializer):
    """What a preview needs, in won."""

    track = serializers.CharField()
    total_cost_won = WonInput()
    requested_won = WonInput()


class RowShape(serializers.Serializer):
    """One line of the reckoning."""

    label = serializers.CharField()
    won = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()


class GrantShape(serializers.Serializer):
    """What the state pays and what the firm pays."""

    support_won = serializers.IntegerField(allow_null=True)
    own_won = serializers.IntegerField(allow_null=True)
    rows = RowShape(many=True)


class PotShape(serializers.Serializer):
    """A pot: its counters, and the sums of its entries; the two must agree."""

    code = serializers.CharField(source="pot.code")
    name = serializers.CharField(source="pot.name")
    balance = BalanceShape(source="stored")
    recomputed = BalanceShape()
    agrees = serializers.BooleanField()


class BudgetShape(serializers.Serializer):
    """All pots."""

    results = PotShape(many=True)
    total = BalanceShape()


class PublicView(APIView):
    """An endpoint for everybody."""

    access_rule = "public"


class Programs(PublicView):
    """사업 목록."""

    @extend_schema(
        **PUBLIC,
        operation_id="programs_list",
        parameters=[ROUND],
        responses={200: ProgramsShape, 404: ErrorShape},
    )
    def get(self, request: Request) -> Response:
        """지금 회차(또는 `round`)의 사업과 지원유형, 예산 잔액."""
        at = now()
        current = queries.current_round(at)
        code = request.query_params.get("round") or (current.code if current else "")
        programs = list(queries.offered_in(code)) if code else []
        if request.query_params.get("round") and not programs:
            raise Http404
        return Response(ProgramsShape({"results": programs}).data)


class Program(PublicView):
    """사업 하나."""

    @extend_schema(
        **PUBLIC,
        operation_id="program",
        parameters=[ROUND],
        responses={200: FullProgramShape, 404: ErrorShape},
    )
    def get(self, request: Request, code: str) -> Response:
        """신청 요건, 서류, 평가항목, 절차와 각 수치의 출처."""
        at = now()
        return Response(FullProgramShape(_program(request, code), context={"now": at}).data)


class SelfCheck(PublicView):
    """자가진단."""

    @extend_schema(
        **PUBLIC,
        operation_id="program_self_check",
        parameters=[ROUND],
        request=AnswersShape,
        responses={200: VerdictShape, 400: ErrorShape, 404: ErrorShape},
        examples=[
            OpenApiExample(
                "사후관리",
                value={"track": "emergency", "company_size": "small", "built_on": "2019-11-02"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, code: str) -> Response:
        """답한 사실로 신청 자격을 확인하고 모든 사유를 한 번에 돌려줍니다. 저장하지 않습니다."""
        program = _program(request, code)
        if not isinstance(request.data, dict):
            raise BadInput("항목과 값의 짝(JSON 객체)을 보내 주세요.", code="body")
        verdict = queries.check_self(program, request.data, on=now().astimezone(KST).date())
        return Response(VerdictShape(verdict).data)


class Preview(PublicView):
    """지원금 미리보기."""

    @extend_schema(
        **PUBLIC,
        operation_id="program_preview",
        parameters=[ROUND],
        request=CostShape,
        responses={200: GrantShape, 400: ErrorShape, 404: ErrorShape},
        examples=[
            OpenApiExample(
                "로봇",
                value={"track": "cobot", "total_cost_won": 500_000_000},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, code: str) -> Response:
        """총사업비에서 정부지원금과 기업부담금을 계산합니다. 결정에 쓰는 바로 그 계산입니다."""
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
    """예산 현황."""

    @extend_schema(**PUBLIC, operation_id="budget", responses={200: BudgetShape})
    def get(self, request: Request) -> Response:
        """예산마다 저장된 잔액과 원장을 다시 더한 잔액."""
        statements = queries.statements(public_pots())
        total = queries.total(row.stored for row in statements)
        return Response(BudgetShape({"results": statements, "total": total}).data)


def _program(request: Request, code: str) -> SubProgram:
    return queries.sub_program(code, now=now(), round=request.query_params.get("round", ""))
