"""The API of the applicant: own applications, and the genuineness of a receipt."""

from typing import Any, ClassVar

import django_filters
from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from applications.models import Application, Site
from applications.queries import dossier, receipt_is_genuine
from applications.services import drafting, intake
from applications.states import ApplicationState
from applications.visibility import WRITERS, answerable_by, own_applications
from portal.api import ErrorShape, FindingShape, idempotent
from portal.clock import KST, now
from portal.errors import BadInput
from programs.models import Track
from programs.queries import sub_program

ERRORS = {400: ErrorShape, 401: ErrorShape, 404: ErrorShape, 409: ErrorShape, 422: ErrorShape}
READING = {400: ErrorShape, 401: ErrorShape, 404: ErrorShape}
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="같은 값으로 다시 보내면 처음의 답을 그대로 돌려줍니다. 255자까지입니다.",
)


class Time(serializers.DateTimeField):
    """An instant in KST."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__(default_timezone=KST, **kwargs)


class ProgramShape(serializers.Serializer):
    """신청한 내역사업."""

    round = serializers.CharField(source="round.code")
    code = serializers.CharField()
    name = serializers.CharField()


class CompanyShape(serializers.Serializer):
    """신청기업."""

    business_number = serializers.CharField()
    name = serializers.CharField()


class SiteShape(serializers.Serializer):
    """사업장."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ApplicationShape(serializers.Serializer):
    """목록의 신청 하나."""

    id = serializers.IntegerField()
    number = serializers.CharField(allow_null=True)
    state = serializers.SerializerMethodField()
    state_label = serializers.CharField(source="applicant_label")
    program = ProgramShape(source="sub_program")
    track = serializers.CharField(source="track.code", default=None, allow_null=True)
    company = CompanyShape()
    site = SiteShape()
    version = serializers.IntegerField()
    created_at = Time()
    updated_at = Time()
    submitted_at = Time(allow_null=True)

    def get_state(self, application: Application) -> str:
        """The state as the applicant may know it: a decision shows only when it is released."""
        if application.state == ApplicationState.DECIDED:
            return ApplicationState.ASSESSING.value
        return application.state


class SectionShape(serializers.Serializer):
    """한 단계의 답."""

    version = serializers.IntegerField()
    saved_at = Time()
    answers = serializers.DictField(source="data")


class GrantRowShape(serializers.Serializer):
    """계산 한 줄."""

    label = serializers.CharField()
    won = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()


class GrantShape(serializers.Serializer):
    """지원금 미리보기. 알 수 없는 금액은 null입니다."""

    support_won = serializers.IntegerField(allow_null=True)
    own_won = serializers.IntegerField(allow_null=True)
    rows = GrantRowShape(many=True)


class FiledShape(serializers.Serializer):
    """제출본."""

    number = serializers.CharField()
    submitted_at = Time()
    sha256 = serializers.CharField()


class WholeShape(ApplicationShape):
    """단계별 답과 아직 빠진 항목이 함께 있는 신청."""

    sections = serializers.DictField(child=SectionShape())
    missing = FindingShape(many=True)
    preview = GrantShape(allow_null=True)
    submission = FiledShape(allow_null=True)


class StartShape(serializers.Serializer):
    """새 신청에 필요한 것."""

    program = serializers.SlugField(help_text="내역사업 코드")
    round = serializers.SlugField(required=False, help_text="회차 코드. 없으면 현재 회차입니다.")
    site = serializers.IntegerField(help_text="사업장 번호")


class AnswersShape(serializers.Serializer):
    """한 단계에 저장할 답."""

    version = serializers.IntegerField(
        min_value=0, help_text="읽었을 때의 버전. 아직 저장한 적이 없으면 0입니다."
    )
    answers = serializers.DictField(help_text="질문 코드와 답. 보내지 않은 답은 그대로 둡니다.")


class ChangeShape(serializers.Serializer):
    """단계별 답(`company`, `plan`, `cost`, `declarations`)과 코드별 동의.

    `plan`의 답에 `track`을 넣으면 지원유형을 고릅니다. 모두 저장하거나 아무것도 저장하지 않습니다.
    """

    sections = serializers.DictField(child=AnswersShape(), required=False)
    consents = serializers.DictField(child=serializers.BooleanField(), required=False)


class GenuineShape(serializers.Serializer):
    """확인 결과."""

    valid = serializers.BooleanField()


class ApplicationFilter(django_filters.FilterSet):
    """Filters of the list."""

    state = django_filters.ChoiceFilter(choices=ApplicationState.choices, method="in_state")
    program = django_filters.CharFilter(field_name="sub_program__code", label="내역사업 코드")
    round = django_filters.CharFilter(field_name="sub_program__round__code", label="회차 코드")

    class Meta:
        model = Application
        fields: ClassVar[list[str]] = []

    def in_state(
        self, applications: QuerySet[Application], name: str, state: str
    ) -> QuerySet[Application]:
        """Filter by the state as the applicant may know it."""
        hidden = ApplicationState.DECIDED
        if state == hidden:
            return applications.none()
        states = [state, hidden] if state == ApplicationState.ASSESSING else [state]
        return applications.filter(state__in=states)


class Mine:
    """What both endpoints of own applications share."""

    access_rule = "signed_in"

    def get_queryset(self) -> QuerySet[Application]:
        """Own applications with what the answer shows."""
        tracks = Prefetch("sub_program__tracks", queryset=Track.objects.order_by("order"))
        return (
            own_applications(self.request.user)
            .select_related("sub_program__round", "track", "company", "site", "submission")
            .prefetch_related(tracks)
        )


class Applications(Mine, generics.ListAPIView):
    """내 신청 목록과 새 신청."""

    serializer_class = ApplicationShape
    filterset_class = ApplicationFilter

    @extend_schema(responses={200: ApplicationShape(many=True), **READING})
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """내 신청을 새것부터 돌려줍니다. 모르는 조건은 거절합니다."""
        known = {"state", "program", "round", "cursor", "page_size"}
        if strange := set(request.query_params) - known:
            raise BadInput(
                f"모르는 조건입니다: {', '.join(sorted(strange))}", code="filter_unknown"
            )
        return super().get(request, *args, **kwargs)

    @extend_schema(parameters=[KEY], request=StartShape, responses={201: WholeShape, **ERRORS})
    def post(self, request: Request) -> Response:
        """사업장의 신청서를 만듭니다. 작성 중인 것이 있으면 그것을 돌려줍니다."""
        at = now()
        wanted = StartShape(data=request.data)
        wanted.is_valid(raise_exception=True)
        asked = wanted.validated_data

        def act() -> tuple[int, dict[str, Any]]:
            program = sub_program(asked["program"], now=at, round=asked.get("round", ""))
            sites = Site.objects.select_related("company").filter(
                company__members__user=request.user, company__members__role__in=WRITERS
            )
            site = get_object_or_404(sites, pk=asked["site"])
            draft = drafting.start(program, site=site, by=request.user, now=at)
            return 201, whole(self.get_queryset().get(pk=draft.pk))

        return idempotent(request, act)


class OneApplication(Mine, generics.GenericAPIView):
    """내 신청 하나."""

    serializer_class = WholeShape

    @extend_schema(responses={200: WholeShape, **READING})
    def get(self, request: Request, pk: int) -> Response:
        """신청 하나를 답과 아직 빠진 항목까지 모두 돌려줍니다."""
        return Response(whole(get_object_or_404(self.get_queryset(), pk=pk)))

    @extend_schema(request=ChangeShape, responses={200: WholeShape, **ERRORS})
    def patch(self, request: Request, pk: int) -> Response:
        """단계별로 답을 저장합니다. 그사이 다른 사람이 저장한 단계는 409입니다."""
        at = now()
        change = ChangeShape(data=request.data)
        change.is_valid(raise_exception=True)
        drafts = answerable_by(request.user).select_related("sub_program__round", "track")
        application = get_object_or_404(drafts, pk=pk)
        with transaction.atomic():
            for name, part in change.validated_data.get("sections", {}).items():
                if name not in drafting.SECTIONS:
                    raise BadInput(f"없는 단계입니다: {name}", code="section_unknown")
                drafting.save_section(
                    application,
                    name=name,
                    data=part["answers"],
                    version=part["version"],
                    by=request.user,
                    now=at,
                )
            consents = change.validated_data.get("consents", {})
            if consents:
                drafting.consent(application, answers=consents, by=request.user, now=at)
        return Response(whole(self.get_queryset().get(pk=pk)))


class Submit(Mine, APIView):
    """제출."""

    @extend_schema(parameters=[KEY], request=None, responses={200: FiledShape, **ERRORS})
    def post(self, request: Request, pk: int) -> Response:
        """신청서를 한 번만 제출합니다. 마감은 요청이 도착한 시각으로 판단합니다."""
        at = now()
        application = get_object_or_404(answerable_by(request.user), pk=pk)

        def act() -> tuple[int, dict[str, Any]]:
            filed = intake.submit(application, by=request.user, now=at)
            return 200, dict(FiledShape(filed).data)

        return idempotent(request, act)


class Receipt(APIView):
    """접수증."""

    access_rule = "public"

    @extend_schema(
        parameters=[OpenApiParameter("sha256", str, required=True)],
        responses={200: GenuineShape, 400: ErrorShape},
    )
    def get(self, request: Request, number: str) -> Response:
        """접수번호와 SHA-256이 접수한 것과 같은지만 답합니다."""
        sha256 = request.query_params.get("sha256", "")
        if not sha256:
            raise BadInput("sha256 값을 함께 보내 주세요.", code="sha256_missing")
        return Response({"valid": receipt_is_genuine(number, sha256)})


def whole(application: Application) -> dict[str, Any]:
    """Write an application with all its parts."""
    at = now()
    read = dossier.read(application)
    draft = application.state == ApplicationState.DRAFT
    grant = dossier.preview(read)
    body: dict[str, Any] = dict(ApplicationShape(application).data)
    body["sections"] = {
        row.name: SectionShape(row).data for row in application.sections.order_by("pk")
    }
    findings = dossier.missing(read, now=at) if draft else []
    body["missing"] = FindingShape(findings, many=True).data
    body["preview"] = GrantShape(grant).data if grant else None
    filed = getattr(application, "submission", None)
    body["submission"] = FiledShape(filed).data if filed else None
    return body
