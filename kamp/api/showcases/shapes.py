"""Serializers of showcases; the help texts appear in the API documentation."""

from typing import Any

from rest_framework import serializers

from kamp.models import Metric, Showcase, Testimonial
from kamp.states import DataKind, Direction, FigureOrigin, Process, Purpose
from portal.core.clock import KST


def text(help_text: str, **options: Any) -> serializers.CharField:
    return serializers.CharField(help_text=help_text, **options)


def figure(help_text: str) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=14,
        decimal_places=3,
        normalize_output=True,
        allow_null=True,
        help_text=help_text,
    )


class MetricShape(serializers.ModelSerializer):
    label = text("지표 이름", source="name")  # type: ignore[assignment] # hides Field.label
    definition = text("무엇을 어떻게 잰 값인지")
    unit = text("단위. 빈 글자면 단위가 없습니다.")
    before = figure("도입 전(십진수 글자). 수치가 공개되지 않았으면 null입니다.")
    after = figure("도입 뒤(십진수 글자). 수치가 공개되지 않았으면 null입니다.")
    direction = serializers.ChoiceField(
        choices=Direction.values, help_text="higher 높을수록 좋음, lower 낮을수록 좋음"
    )
    sample_size = serializers.IntegerField(
        allow_null=True, help_text="표본수. 공개되지 않았으면 null입니다."
    )
    origin = serializers.ChoiceField(
        choices=FigureOrigin.values, help_text="press 보도, measured 실측, synthetic 합성"
    )
    note = text("덧붙이는 말")

    class Meta:
        model = Metric
        fields = [
            "label",
            "definition",
            "unit",
            "before",
            "after",
            "direction",
            "sample_size",
            "origin",
            "note",
        ]


class ShowcaseShape(serializers.ModelSerializer):
    code = text("사례 코드", source="slug")
    title = text("제목")
    company = text("기업명")
    industry = text("업종")
    process = serializers.ChoiceField(choices=Process.values, help_text="공정")
    equipment = text("설비")
    purpose = serializers.ChoiceField(choices=Purpose.values, help_text="목적")
    data_kind = serializers.ChoiceField(choices=DataKind.values, help_text="자료 종류")
    summary = text("한눈에 보기")
    published_at = serializers.DateTimeField(default_timezone=KST, help_text="공개 시각")
    metrics = MetricShape(many=True, help_text="성과 지표")

    class Meta:
        model = Showcase
        fields = [
            "code",
            "title",
            "company",
            "industry",
            "process",
            "equipment",
            "purpose",
            "data_kind",
            "summary",
            "published_at",
            "metrics",
        ]


class ShowcaseStepShape(serializers.Serializer):
    label = text("단계 이름", source="title")  # type: ignore[assignment] # hides Field.label
    text = serializers.CharField(help_text="설명")


class TestimonialShape(serializers.ModelSerializer):
    label = serializers.SerializerMethodField(  # type: ignore[assignment] # hides Field.label
        help_text="소속과 직함"
    )
    quote = text("말")

    class Meta:
        model = Testimonial
        fields = ["label", "quote"]

    def get_label(self, row: Testimonial) -> str:
        return str(row)


class FullShowcaseShape(ShowcaseShape):
    company_profile = text("기업 소개")
    problem = text("문제. 한 줄에 하나씩입니다.")
    method_before = text("도입 전 방법")
    method_after = text("도입 뒤 방법")
    data_note = text("자료 설명")
    label_note = text("라벨 종류")
    experts = text("도움을 준 전문가. 한 줄에 한 분야씩입니다.")
    event = text("시연·행사")
    caveat = text("알려지지 않은 점. 한 줄에 하나씩입니다.")
    source_name = text("출처")
    source_url = text("출처 주소. 없으면 빈 글자입니다.")
    steps = ShowcaseStepShape(many=True, help_text="진행 단계")
    testimonials = TestimonialShape(many=True, help_text="한마디")

    class Meta(ShowcaseShape.Meta):
        fields = [
            *ShowcaseShape.Meta.fields,
            "company_profile",
            "problem",
            "method_before",
            "method_after",
            "data_note",
            "label_note",
            "experts",
            "event",
            "caveat",
            "source_name",
            "source_url",
            "steps",
            "testimonials",
        ]
