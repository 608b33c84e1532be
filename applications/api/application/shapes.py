"""Requests and answers of the applicant's API."""

from typing import Any, ClassVar

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from applications.forms.application import content
from applications.models import Application, Attachment, PreparedFiling
from applications.queries.assessment import opinions
from applications.queries.intake import drafting
from applications.queries.objection import objection_summary
from applications.queries.selection.decisions import history
from applications.services.intake import preparing
from applications.services.intake.filing import ChangedSinceReview
from applications.states import ApplicationState, ChangeKind, ObjectionState, Outcome
from portal.api.errors import ErrorShape, FindingShape, error_body
from portal.api.strict import SentShape
from portal.core.clock import KST, now
from programs.api.fields import text, whole
from programs.api.grants import GrantShape

# The applicant does not learn of a decision before its release; until then the state is `assessing`.
STATES = [(state.value, state.label) for state in ApplicationState if state != "decided"]
STATE_CODES = [code for code, _ in STATES]


class Time(serializers.DateTimeField):
    """Instant in KST."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=KST, **options)


class AppliedProgramShape(serializers.Serializer):
    round = text("회차 코드", source="round.code")
    code = text("내역사업 코드")
    name = text("이름")


class CompanyShape(serializers.Serializer):
    business_number = text("사업자등록번호 10자리")
    name = text("상호")


class PlaceShape(serializers.Serializer):
    id = whole("사업장 번호")
    name = text("이름")


class SiteShape(PlaceShape):
    company = CompanyShape(help_text="기업")


class SitesShape(serializers.Serializer):
    results = SiteShape(many=True, help_text="사업장")


class ApplicationShape(serializers.Serializer):
    id = whole("신청 번호")
    number = text("접수번호. 제출하기 전에는 null입니다.", allow_null=True)
    state = serializers.SerializerMethodField(help_text="상태. 결정은 발표한 뒤에 보입니다.")
    state_label = text("상태의 이름", source="applicant_label")
    program = AppliedProgramShape(source="sub_program", help_text="내역사업")
    track = text("지원유형 코드", source="track.code", default=None, allow_null=True)
    company = CompanyShape(help_text="신청기업")
    site = PlaceShape(help_text="사업장")
    version = whole("버전. 고칠 때마다 1씩 커집니다.")
    created_at = Time(help_text="만든 시각")
    updated_at = Time(help_text="고친 시각")
    submitted_at = Time(allow_null=True, help_text="제출 시각")

    @extend_schema_field(serializers.ChoiceField(choices=STATE_CODES))
    def get_state(self, application: Application) -> str:
        if application.state == ApplicationState.DECIDED:
            return ApplicationState.ASSESSING.value
        return application.state


class SectionShape(serializers.Serializer):
    version = whole("이 단계의 버전. 저장할 때 함께 보냅니다.")
    saved_at = Time(help_text="저장 시각")
    answers = serializers.DictField(source="data", help_text="질문 코드와 답")


class FiledShape(serializers.Serializer):
    number = text("접수번호")
    submitted_at = Time(help_text="제출 시각. 마감 전인지 이 시각으로 판단했습니다.")
    sha256 = text("제출본의 SHA-256. 접수증에 적히고, 접수증 확인에 씁니다.")


class FileShape(serializers.Serializer):
    id = whole("파일 번호")
    document = text("서류 코드. 사업 조회의 documents에 있습니다.", source="requirement")
    name = text("파일 이름")
    size = whole("크기(바이트)")
    sha256 = text("파일의 SHA-256")
    uploaded_at = Time(help_text="올린 시각")


class SendFileShape(SentShape):
    document = serializers.SlugField(help_text="서류 코드. 사업 조회의 documents에 있습니다.")
    sha256 = serializers.RegexField(
        "^[0-9a-f]{64}$",
        help_text="보낸 쪽에서 계산한 파일의 SHA-256(16진수 소문자 64자). 도착한 내용과 다르면 거절합니다.",
    )
    file = serializers.FileField(help_text="파일. 20 MiB까지이며 형식은 서류마다 다릅니다.")


class LineShape(serializers.Serializer):
    section = text("단계나 구분의 이름")
    # The name is part of the API; DRF has an attribute of that name.
    label = text("항목의 이름")  # type: ignore[assignment]
    text = text("값. 적지 않았으면 빈 글자입니다.")


class ReviewShape(serializers.Serializer):
    seen = text("이 내용의 SHA-256. 제출할 때 보내어 이 내용을 확인했음을 밝힙니다.")
    version = whole("신청서의 버전")
    content = LineShape(many=True, help_text="제출할 내용 전부")
    missing = FindingShape(many=True, help_text="제출하려면 채우거나 고칠 것")


class SubmitShape(SentShape):
    seen = serializers.CharField(
        required=False,
        max_length=64,
        help_text="확인한 내용의 SHA-256(검토의 seen). 이미 제출한 신청에는 없어도 됩니다.",
    )


class DifferenceShape(serializers.Serializer):
    section = text("단계나 구분의 이름")
    label = text("항목의 이름")  # type: ignore[assignment] # as above
    before = text("확인한 내용")
    after = text("지금 내용")


class ChangedShape(ErrorShape):
    seen = text("지금 내용의 SHA-256. 바뀐 내용을 확인했으면 이 값으로 다시 제출합니다.")
    changes = DifferenceShape(
        many=True, help_text="확인한 뒤에 바뀐 것. 무엇을 확인했는지 알 수 없으면 빕니다."
    )


class OwnDecisionShape(serializers.Serializer):
    outcome = serializers.ChoiceField(choices=Outcome.choices, help_text="결과 코드")
    # The name is part of the API; DRF has an attribute of that name.
    label = text("결과의 이름", source="get_outcome_display")  # type: ignore[assignment]
    kind = serializers.ChoiceField(
        choices=["", *ChangeKind.values],
        source="change_kind",
        help_text="바뀐 사유의 코드. 처음 결정은 빈 글자입니다.",
    )
    reason = text("사유")
    grant_won = whole("지원금(원)")
    rank = whole("순위. 정하지 않은 결정은 null입니다.", allow_null=True)
    at = Time(source="in_force_at", help_text="효력이 생긴 시각")


class OwnObjectionShape(serializers.Serializer):
    days = whole("결과를 알린 날부터 이의를 신청할 수 있는 날수")
    due_at = Time(help_text="신청 기한. 이 시각이 되면 늦습니다.")
    open = serializers.BooleanField(help_text="지금 신청할 수 있는지")
    state = serializers.ChoiceField(
        choices=ObjectionState.choices, allow_null=True, help_text="상태. 신청하지 않았으면 null"
    )
    state_label = text("상태의 이름. 신청하지 않았으면 null", allow_null=True)
    filed_at = Time(allow_null=True, help_text="접수 시각")
    answer_due_at = Time(allow_null=True, help_text="처리 기한")
    answer = text("심의 결과와 이유. 심의하기 전에는 null", allow_null=True)


class OpinionPartShape(serializers.Serializer):
    # The name is part of the API; DRF has an attribute of that name.
    label = text("평가항목의 이름, 또는 종합 의견")  # type: ignore[assignment]
    text = text("의견")


class OwnOpinionShape(serializers.Serializer):
    released_at = Time(help_text="공개한 시각")
    parts = OpinionPartShape(many=True, help_text="항목별 의견. 공개하지 않으면 빕니다.")
    withheld = text("의견을 공개하지 않는 사유. 공개하면 빈 글자입니다.")
    correction = text(
        "먼저 공개한 의견을 바로잡은 사유. 처음 공개한 것은 빈 글자입니다.", source="reason"
    )


class WholeShape(ApplicationShape):
    sections = serializers.DictField(
        child=SectionShape(), help_text="단계(company, plan, cost, declarations)별 답"
    )
    missing = FindingShape(
        many=True, help_text="제출하려면 채우거나 고칠 것. 제출한 뒤에는 빕니다."
    )
    files = FileShape(many=True, help_text="올린 서류")
    preview = GrantShape(
        allow_null=True, help_text="지원금 미리보기. 지원유형을 고르기 전에는 null"
    )
    submission = FiledShape(allow_null=True, help_text="제출본. 제출하기 전에는 null입니다.")
    decision = OwnDecisionShape(
        allow_null=True, help_text="지금 효력이 있는 결정. 발표하기 전에는 null입니다."
    )
    changes = OwnDecisionShape(
        many=True, help_text="발표한 결정 모두. 처음 것부터이며 마지막이 지금 결정입니다."
    )
    opinion = OwnOpinionShape(
        allow_null=True,
        help_text="평가위원의 의견을 이름 없이 다듬은 글. 담당자가 공개하기 전에는 null입니다.",
    )
    objection = OwnObjectionShape(
        allow_null=True, help_text="이의신청 기한과 상태. 다툴 결정이 없으면 null입니다."
    )


class StartShape(SentShape):
    program = serializers.SlugField(help_text="내역사업 코드")
    round = serializers.SlugField(required=False, help_text="회차 코드. 없으면 지금 회차입니다.")
    site = whole("사업장 번호. 내 사업장 목록의 id입니다.")


class AnswersShape(SentShape):
    version = whole("읽었을 때의 버전. 저장한 적이 없는 단계는 0입니다.", min_value=0)
    answers = serializers.DictField(
        help_text="질문 코드와 답. 보내지 않은 답은 그대로 두고, null이나 빈 글자는 지웁니다."
    )


class ChangeShape(SentShape):
    sections = serializers.DictField(
        child=AnswersShape(),
        required=False,
        help_text="단계(company, plan, cost, declarations)별 답. plan의 track은 지원유형입니다.",
    )
    consents = serializers.DictField(
        child=serializers.BooleanField(), required=False, help_text="동의 코드와 동의 여부"
    )


class GenuineShape(serializers.Serializer):
    valid = serializers.BooleanField(help_text="접수번호와 SHA-256이 접수한 것과 같은지")
    withdrawn_at = serializers.DateTimeField(
        allow_null=True, help_text="신청기업이 취하한 시각, 취하하지 않았으면 null"
    )


class ApplicationFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state", label="상태")
    program = django_filters.CharFilter(field_name="sub_program__code", label="내역사업 코드")
    round = django_filters.CharFilter(field_name="sub_program__round__code", label="회차 코드")

    class Meta:
        model = Application
        fields: ClassVar[list[str]] = []

    def in_state(
        self, applications: QuerySet[Application], name: str, state: str
    ) -> QuerySet[Application]:
        states = [state]
        if state == ApplicationState.ASSESSING:
            states.append(ApplicationState.DECIDED)
        return applications.filter(state__in=states)


def application_body(application: Application) -> dict[str, Any]:
    at = now()
    dossier = drafting.load(application)
    draft = application.state == ApplicationState.DRAFT
    grant = drafting.preview(dossier)
    body: dict[str, Any] = dict(ApplicationShape(application).data)
    body["sections"] = {
        row.name: SectionShape(row).data for row in application.sections.order_by("pk")
    }
    findings = drafting.missing(dossier, now=at) if draft else []
    body["missing"] = FindingShape(findings, many=True).data
    body["files"] = FileShape(files_of(application), many=True).data
    body["preview"] = GrantShape(grant).data if grant else None
    filed = getattr(application, "submission", None)
    body["submission"] = FiledShape(filed).data if filed else None
    known = history(application)
    opinion = opinions.shown(application, known)
    body["opinion"] = OwnOpinionShape(opinion).data if opinion else None
    decisions = OwnDecisionShape(known, many=True).data
    body["decision"], body["changes"] = (decisions[-1] if decisions else None), decisions
    objection = objection_summary(application, at)
    body["objection"] = OwnObjectionShape(objection).data if objection else None
    return body


def files_of(application: Application) -> QuerySet[Attachment]:
    return application.attachments.filter(removed_at=None).order_by("pk")


def review_body(application: Application) -> dict[str, Any]:
    at = now()
    dossier, prepared = preparing.review(application, now=at)
    rows = [
        {"section": section, "label": label, "text": text}
        for section, _, label, text in content.lines(prepared)
    ]
    return {
        "seen": prepared.sha256,
        "version": prepared.version,
        "content": LineShape(rows, many=True).data,
        "missing": FindingShape(drafting.missing(dossier, now=at), many=True).data,
    }


def changed_body(error: ChangedSinceReview, prepared: PreparedFiling) -> dict[str, Any]:
    changes = content.differences(error.before, prepared) if error.before else []
    return {
        **error_body(error),
        "seen": prepared.sha256,
        "changes": DifferenceShape(changes, many=True).data,
    }
