"""Serializers of the programme endpoints."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from portal.core.clock import KST
from programs.api.fields import condition, origin, text, unknown, whole
from programs.api.ledger import BalanceShape
from programs.models import SubProgram
from programs.queries import eligibility as eligibility_queries
from programs.queries import rounds as rounds_queries
from programs.states import GrantKind, Intake, QuotaKind


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
    label = text("질문")  # type: ignore[assignment]
    choices = serializers.ListField(
        child=serializers.ListField(child=text()), help_text="[코드, 이름]의 목록"
    )


class CriterionShape(serializers.Serializer):
    """One line of the score sheet."""

    code = text("평가항목 코드")
    label = text("이름")  # type: ignore[assignment]
    guide = text("설명")
    max_points = whole("배점")
    core = serializers.BooleanField(help_text="동점일 때 먼저 보는 항목")
    skippable = serializers.BooleanField(help_text="해당 없음으로 둘 수 있는 항목")
    origin = origin()


class BonusShape(serializers.Serializer):
    """Extra points."""

    code = text("가점 코드")
    label = text("이름")  # type: ignore[assignment]
    points = whole("가점")
    guide = text("설명")
    origin = origin()


class PaperShape(serializers.Serializer):
    """A paper to attach."""

    code = text("서류 코드")
    label = text("이름")  # type: ignore[assignment]
    guide = text("안내")
    required = serializers.BooleanField(help_text="내야 하는지")  # type: ignore[assignment]
    when = condition()
    formats = serializers.ListField(child=text(), help_text="받는 형식")
    max_files = whole("파일 수 한도")
    origin = origin()


class StepShape(serializers.Serializer):
    """One step of the way from application to completion."""

    code = text("단계 코드")
    label = text("이름")  # type: ignore[assignment]
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
        return rounds_queries.refusal(program, self.context["now"]) is None

    @extend_schema_field(serializers.DateTimeField)
    def get_opens_at(self, program: SubProgram) -> str:
        return program.window().opens_at.astimezone(KST).isoformat()

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_closes_at(self, program: SubProgram) -> str | None:
        closes_at = program.window().closes_at
        return closes_at.astimezone(KST).isoformat() if closes_at else None

    @extend_schema_field(QuestionShape(many=True))
    def get_self_check(self, program: SubProgram) -> list[dict[str, Any]]:
        return list(QuestionShape(eligibility_queries.questions(program), many=True).data)
