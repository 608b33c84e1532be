"""What the public API takes and answers; the words are those of the documentation."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.api import FindingShape
from portal.clock import KST
from portal.money import MAX_WON
from programs import queries
from programs.models import SubProgram
from programs.states import GrantKind, Intake, QuotaKind


def text(help_text: str = "", **options: Any) -> serializers.CharField:
    """Make a field of words."""
    return serializers.CharField(help_text=help_text, **options)


def whole(help_text: str = "", **options: Any) -> serializers.IntegerField:
    """Make a field of a whole number."""
    return serializers.IntegerField(help_text=help_text, **options)


def unknown(help_text: str = "", **options: Any) -> serializers.IntegerField:
    """Make a field of a whole number that may not be known."""
    return whole(help_text, allow_null=True, **options)


def origin() -> serializers.CharField:
    """Make the field that says where a figure comes from."""
    return text("출처(/sources/): source S번호(원문 줄), public(공개 자료), assumption(가정)")


def condition() -> serializers.DictField:
    """Make the field that says when a row applies."""
    values = serializers.ListField()
    return serializers.DictField(
        child=values, allow_null=True, help_text="이 값일 때만 적용합니다. null이면 늘 적용합니다."
    )


class BalanceShape(serializers.Serializer):
    """The counters of a pot, in won."""

    appropriated_won = whole("배정", source="appropriated")
    reserved_won = whole("선정 예약", source="reserved")
    committed_won = whole("협약 확정", source="committed")
    paid_won = whole("지급", source="paid")
    available_won = whole("남은 예산. 배정에서 나머지 셋을 뺀 값입니다.", source="available")


class QuotaShape(serializers.Serializer):
    """How many are chosen, in the notice's own word."""

    count = unknown("모집 규모", source="quota_count")
    kind = serializers.ChoiceField(
        source="quota_kind",
        choices=QuotaKind.values,
        help_text="about 내외, at_least 이상, exact 정확히, none 정함 없음",
    )


class TrackShape(serializers.Serializer):
    """A kind of support; what is not stated is null."""

    code = text("지원유형 코드")
    name = text("이름")
    cap_won = unknown("지원 한도(원)")
    share_percent = unknown("지원 비율(%)")
    days = unknown("지원 일수")
    months = unknown("지원 개월")


class FullTrackShape(TrackShape):
    """A kind of support with everything known of it."""

    summary = text("소개")
    grant_kind = serializers.ChoiceField(
        choices=GrantKind.values,
        help_text="share 비율, flat 정액, in_kind 현물, requested 신청금액 심사",
    )
    flat_won = unknown("정액(원)")
    planning_won = unknown("현물로 지원하는 서비스의 계획 가액(원)")
    previous_cap_won = unknown("전년도 한도(원). 올해 한도가 아닙니다.")
    origins = serializers.DictField(child=text(), help_text="항목마다 수치의 출처")


class ProgramShape(serializers.Serializer):
    """A sub-programme with its money."""

    code = text("내역사업 코드")
    name = text("이름")
    budget_won = whole("예산(원)", source="pot.appropriated_won")
    quota = QuotaShape(source="*", help_text="모집 규모")
    tracks = TrackShape(source="tracks.all", many=True, help_text="지원유형")
    balance = BalanceShape(source="pot.balance", help_text="예산 잔액")


class ProgramsShape(serializers.Serializer):
    """The list."""

    results = ProgramShape(many=True, help_text="내역사업, 공고의 순서")


class ConditionShape(serializers.Serializer):
    """Who may apply: one requirement in words."""

    code = text("요건 코드. 자가진단의 사유 코드와 같습니다.")
    message = text("설명")
    blocking = serializers.BooleanField(help_text="거짓이면 알리기만 합니다.")
    when = condition()
    origin = origin()


class QuestionShape(serializers.Serializer):
    """One fact the self-check takes."""

    fact = text("자가진단에 보내는 항목 이름")
    kind = text(
        "답의 종류: choice 하나 고르기, multi 여럿 고르기, yes_no 예/아니요, integer 정수, won 금액, "
        "date 날짜, text와 long_text 글"
    )
    label = text("질문")
    choices = serializers.ListField(
        child=serializers.ListField(child=text()), help_text="[코드, 이름]의 목록"
    )


class CriterionShape(serializers.Serializer):
    """One line of the score sheet."""

    code = text("평가항목 코드")
    label = text("이름")
    guide = text("설명")
    max_points = whole("배점")
    core = serializers.BooleanField(help_text="동점일 때 먼저 보는 항목")
    skippable = serializers.BooleanField(help_text="해당 없음으로 둘 수 있는 항목")
    origin = origin()


class BonusShape(serializers.Serializer):
    """Extra points."""

    code = text("가점 코드")
    label = text("이름")
    points = whole("가점")
    guide = text("설명")
    origin = origin()


class PaperShape(serializers.Serializer):
    """A paper to attach."""

    code = text("서류 코드")
    label = text("이름")
    guide = text("안내")
    required = serializers.BooleanField(help_text="내야 하는지")
    when = condition()
    formats = serializers.ListField(child=text(), help_text="받는 형식")
    max_files = whole("파일 수 한도")
    origin = origin()


class StepShape(serializers.Serializer):
    """One step of the way from application to completion."""

    code = text("단계 코드")
    label = text("이름")
    actor = text("하는 사람")
    days = unknown("예정 일수")
    origin = origin()


class FullProgramShape(ProgramShape):
    """A sub-programme with everything an applicant wants to know."""

    round = text("회차 코드", source="round.code")
    summary = text("소개")
    intake = serializers.ChoiceField(
        choices=Intake.values, help_text="window 기간 접수, rolling 예산 소진까지 상시 접수"
    )
    open = serializers.SerializerMethodField(help_text="지금 접수하는지")
    opens_at = serializers.SerializerMethodField(help_text="접수 시작")
    closes_at = serializers.SerializerMethodField(
        help_text="접수 마감. 이 시각부터 받지 않습니다. 예산 소진까지면 null입니다."
    )
    tracks = FullTrackShape(source="tracks.all", many=True, help_text="지원유형")
    conditions = ConditionShape(source="conditions_parsed", many=True, help_text="신청 요건")
    self_check = serializers.SerializerMethodField(help_text="자가진단이 묻는 것")
    criteria = CriterionShape(source="criteria.all", many=True, help_text="평가항목")
    bonus_items = BonusShape(source="bonus_items.all", many=True, help_text="가점")
    documents = PaperShape(source="documents.all", many=True, help_text="제출서류")
    steps = StepShape(many=True, help_text="절차")
    form_version = text("신청서 양식의 버전")
    origins = serializers.DictField(child=text(), help_text="항목마다 수치의 출처")

    def get_open(self, program: SubProgram) -> bool:
        """Whether an application would be taken at this instant."""
        return queries.refusal(program, self.context["now"]) is None

    @extend_schema_field(serializers.DateTimeField)
    def get_opens_at(self, program: SubProgram) -> str:
        """When the intake begins."""
        return program.window().opens_at.astimezone(KST).isoformat()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_closes_at(self, program: SubProgram) -> str | None:
        """When the intake ends; null when it runs until the budget is gone."""
        closes_at = program.window().closes_at
        return closes_at.astimezone(KST).isoformat() if closes_at else None

    @extend_schema_field(QuestionShape(many=True))
    def get_self_check(self, program: SubProgram) -> list[dict[str, Any]]:
        """What the self-check asks."""
        return QuestionShape(queries.asked(program), many=True).data


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


class VerdictShape(serializers.Serializer):
    """The answer: eligible is null while answers are missing and nothing speaks against it."""

    eligible = serializers.BooleanField(
        allow_null=True, help_text="null은 답이 더 있어야 알 수 있다는 뜻입니다."
    )
    findings = FindingShape(many=True, help_text="사유 전부")


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

    track = text("지원유형 코드")
    total_cost_won = WonInput(help_text="총사업비(원)")
    requested_won = WonInput(
        help_text="신청하는 정부지원금(원). 신청금액을 심사하는 유형에만 씁니다."
    )


class RowShape(serializers.Serializer):
    """One line of the reckoning."""

    label = text("항목")
    won = unknown("금액(원)")
    reason = text("근거")


class GrantShape(serializers.Serializer):
    """What the state pays and what the firm pays."""

    support_won = unknown("정부지원금(원)")
    own_won = unknown("기업부담금(원)")
    rows = RowShape(many=True, help_text="계산한 순서")


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
