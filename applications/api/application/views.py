"""Endpoints of applicants, and the check of a receipt."""

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework import generics
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from applications.api.application import examples
from applications.api.application.shapes import (
    ApplicationFilter,
    ApplicationShape,
    ChangedShape,
    ChangeShape,
    FiledShape,
    FileShape,
    GenuineShape,
    ReviewShape,
    SendFileShape,
    SitesShape,
    StartShape,
    SubmitShape,
    WholeShape,
    application_body,
    changed_body,
    files_of,
    review_body,
)
from applications.models import Application, Site
from applications.queries.documents import genuine_receipt
from applications.queries.intake.questions import SECTIONS
from applications.services.intake import carrying, drafting, filing, preparing
from applications.states import ApplicationState
from applications.visibility import WRITERS, answerable_by, find_answerable, own_applications
from portal.access.requests import arrived_at, person
from portal.api.errors import ErrorShape
from portal.api.idempotency import idempotent
from portal.api.query import DeclaredQuery
from portal.core.clock import now
from portal.core.errors import BadInput, MoveNotAllowed
from portal.models import User
from portal.uploads import files
from programs.models import Track
from programs.queries.catalogue import sub_program

TAGS = ["신청"]
KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="같은 값으로 다시 보내면 처음의 답을 그대로 돌려줍니다. 255자까지입니다.",
    examples=[OpenApiExample("UUID", value="0b6f3c1e-6a0e-4d0e-9d5f-5f6c0a1f7a52")],
)
NUMBER = OpenApiParameter(
    "id",
    int,
    OpenApiParameter.PATH,
    description="신청 번호",
    examples=[OpenApiExample("번호", value=123)],
)


def refusal(codes: str) -> OpenApiResponse:
    return OpenApiResponse(ErrorShape, description=codes)


class OwnApplications(DeclaredQuery, generics.GenericAPIView):
    access_rule = "signed_in"
    queryset = Application.objects.none()

    def get_queryset(self) -> QuerySet[Application]:
        tracks = Prefetch("sub_program__tracks", queryset=Track.objects.order_by("order"))
        return (
            own_applications(person(self.request))
            .select_related("sub_program__round", "track", "company", "site", "submission")
            .prefetch_related(tracks)
        )


class Sites(DeclaredQuery, APIView):
    access_rule = "signed_in"

    @extend_schema(
        tags=TAGS,
        operation_id="sites",
        summary="내 사업장 목록",
        description="신청서를 쓸 수 있는 사업장입니다. 기업의 소유자와 편집자에게만 보입니다.",
        responses={200: SitesShape},
        examples=[examples.SITES],
    )
    def get(self, request: Request) -> Response:
        return Response(SitesShape({"results": writable_sites(person(request))}).data)


class Applications(OwnApplications, generics.ListAPIView):
    serializer_class = ApplicationShape
    filterset_class = ApplicationFilter
    query: ClassVar[frozenset[str]] = frozenset(
        {"state", "program", "round", "cursor", "page_size"}
    )

    @extend_schema(
        tags=TAGS,
        operation_id="applications",
        summary="내 신청 목록",
        description="내가 일하는 기업의 신청을 새것부터 돌려줍니다.",
        responses={200: ApplicationShape(many=True)},
        examples=[examples.APPLICATION],
    )
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        tags=TAGS,
        operation_id="application_start",
        summary="새 신청",
        description=(
            "사업장의 신청서를 만들고 기업정보를 옮겨 담습니다. 작성 중인 것이 있으면 그것을 "
            "돌려줍니다. 기업의 소유자와 편집자만 할 수 있습니다."
        ),
        parameters=[KEY],
        request=StartShape,
        responses={
            201: WholeShape,
            404: refusal("not_found: 그런 사업이나 사업장이 없거나 내 것이 아닙니다."),
            409: refusal(
                "round_closed, budget_gone: 접수하지 않습니다. already_applied: 이 사업장은 이미 "
                "제출했습니다. idempotency_mismatch: 같은 키로 다른 내용을 보냈습니다."
            ),
        },
        examples=[examples.START, examples.WHOLE],
    )
    def post(self, request: Request) -> Response:
        at = now()
        start = StartShape(data=request.data)
        start.is_valid(raise_exception=True)
        data = start.validated_data

        def act() -> tuple[int, dict[str, Any]]:
            program = sub_program(data["program"], now=at, round=data.get("round", ""))
            site = get_object_or_404(writable_sites(person(request)), pk=data["site"])
            draft = drafting.start(program, site=site, by=person(request), now=at)
            return 201, application_body(self.get_queryset().get(pk=draft.pk))

        return idempotent(request, act)


class OneApplication(OwnApplications):
    serializer_class = WholeShape

    @extend_schema(
        tags=TAGS,
        operation_id="application",
        summary="신청 하나",
        description=(
            "단계별 답, 지원금 미리보기, 아직 빠진 것과, 발표한 뒤에는 결정과 그 변경, 평가의견, 이의신청 "
            "기한과 상태를 모두 돌려줍니다."
        ),
        parameters=[NUMBER],
        responses={200: WholeShape},
        examples=[examples.WHOLE, examples.DECIDED],
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(application_body(get_object_or_404(self.get_queryset(), pk=pk)))

    @extend_schema(
        tags=TAGS,
        operation_id="application_save",
        summary="신청서 저장",
        description=(
            "단계별 답과 동의를 저장합니다. 모두 저장하거나 아무것도 저장하지 않습니다. 빈 답은 "
            "두어도 되지만 종류가 다른 답과 없는 질문은 거절합니다. 서류는 따로 올립니다."
        ),
        parameters=[NUMBER],
        request=ChangeShape,
        responses={
            200: WholeShape,
            400: refusal("bad_input, section_unknown, consent_unknown: 보낸 값이 틀렸습니다."),
            409: refusal(
                "stale_version: 다른 사람이 먼저 저장했습니다. 다시 읽고 보내세요. "
                "already_submitted: 제출했거나 취하한 신청입니다."
            ),
            422: refusal(
                "rule_broken: 종류가 다른 답이나 없는 질문이 있습니다. findings의 invalid:질문코드, "
                "unknown:질문코드"
            ),
        },
        examples=[examples.CHANGE, examples.WHOLE],
    )
    def patch(self, request: Request, pk: int) -> Response:
        at = now()
        drafts = answerable_by(person(request)).select_related("sub_program__round", "track")
        application = get_object_or_404(drafts, pk=pk)
        change = ChangeShape(data=request.data)
        change.is_valid(raise_exception=True)
        with transaction.atomic():
            for name, part in change.validated_data.get("sections", {}).items():
                if name not in SECTIONS:
                    raise BadInput(f"없는 단계입니다: {name}", code="section_unknown")
                drafting.require_known(application, name=name, data=part["answers"])
                saved = drafting.save_section(
                    application,
                    name=name,
                    data=part["answers"],
                    version=part["version"],
                    by=person(request),
                    now=at,
                )
                if saved.carried:
                    carrying.look(application, name=name, now=at)
            consents = change.validated_data.get("consents", {})
            if consents:
                drafting.consent(application, answers=consents, by=person(request), now=at)
        return Response(application_body(self.get_queryset().get(pk=pk)))


class Files(OwnApplications):
    serializer_class = FileShape
    parser_classes = [MultiPartParser]

    @extend_schema(
        tags=TAGS,
        operation_id="application_file",
        summary="서류 올리기",
        description=(
            "서류 하나를 multipart/form-data로 올립니다. 보낸 SHA-256과 도착한 내용이 다르면 받지 "
            "않습니다. 같은 서류에 같은 파일을 다시 보내면 이미 올린 것을 200으로 돌려주므로, 답을 받지 "
            "못했으면 그대로 다시 보내세요. 기업의 소유자와 편집자만 할 수 있습니다."
        ),
        parameters=[NUMBER],
        request={"multipart/form-data": SendFileShape},
        responses={
            200: FileShape,
            201: FileShape,
            400: refusal(
                "file_changed: 도착한 내용이 sha256과 다릅니다. document_unknown: 받지 않는 서류입니다. "
                "file_type, file_mismatch, file_unsafe, file_damaged, file_empty, file_too_large: 받을 "
                "수 없는 파일입니다. file_count: 더 올릴 수 없습니다."
            ),
            409: refusal("already_submitted: 제출했거나 취하한 신청입니다."),
            413: refusal("body_too_large: 본문은 24 MiB까지입니다."),
            415: refusal("unsupported_media_type: Content-Type이 multipart/form-data가 아닙니다."),
            503: refusal("unavailable: 지금은 파일을 받거나 검사할 수 없습니다."),
        },
        examples=[examples.SEND_FILE, examples.FILE],
    )
    def post(self, request: Request, pk: int) -> Response:
        application = answerable(person(request), pk)
        sent = SendFileShape(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        if files.measure(data["file"])[1] != data["sha256"]:
            raise BadInput(
                "도착한 파일이 sha256과 다릅니다. 다시 보내 주세요.", code="file_changed"
            )
        known = files_of(application).filter(requirement=data["document"], sha256=data["sha256"])
        if (stored := known.filter(supplement=None).first()) is not None:
            return Response(FileShape(stored).data)
        made = drafting.attach(
            application,
            requirement=data["document"],
            upload=data["file"],
            by=person(request),
            now=now(),
        )
        return Response(FileShape(made).data, status=201)


class OneFile(OwnApplications):
    @extend_schema(
        tags=TAGS,
        operation_id="application_file_remove",
        summary="서류 지우기",
        description="작성 중인 신청에서 올린 서류를 지웁니다. 바꾸려면 지우고 다시 올립니다.",
        parameters=[
            NUMBER,
            OpenApiParameter(
                "file",
                int,
                OpenApiParameter.PATH,
                description="파일 번호",
                examples=[OpenApiExample("번호", value=45)],
            ),
        ],
        request=None,
        responses={
            204: None,
            409: refusal("already_submitted: 제출했거나 취하한 신청입니다."),
        },
    )
    def delete(self, request: Request, pk: int, file: int) -> Response:
        stored = get_object_or_404(files_of(answerable(person(request), pk)), pk=file)
        drafting.detach(stored, by=person(request), now=now())
        return Response(status=204)


class Review(OwnApplications):
    serializer_class = ReviewShape

    @extend_schema(
        tags=TAGS,
        operation_id="application_review",
        summary="제출 전 검토",
        description=(
            "지금 제출하면 접수될 내용 전부와 그 SHA-256을 돌려줍니다. 제출은 이 값으로 합니다. 그래서 "
            "확인하지 않은 내용이 접수되는 일이 없습니다. 기업의 소유자와 편집자만 할 수 있습니다."
        ),
        parameters=[NUMBER],
        responses={
            200: ReviewShape,
            409: refusal("already_submitted: 제출했거나 취하한 신청입니다."),
        },
        examples=[examples.REVIEW],
    )
    def get(self, request: Request, pk: int) -> Response:
        application = answerable(person(request), pk)
        if application.state != ApplicationState.DRAFT:
            raise MoveNotAllowed("제출했거나 취하한 신청입니다.", code="already_submitted")
        return Response(review_body(application))


class Submit(OwnApplications):
    @extend_schema(
        tags=TAGS,
        operation_id="application_submit",
        summary="제출",
        description=(
            "검토에서 확인한 내용을 꼭 한 번 제출합니다. 몇 번을 보내도 같은 접수번호를 돌려줍니다. 마감 "
            "전인지는 요청이 도착한 시각으로 판단하며, 늦으면 신청서는 그대로 남습니다. 확인한 뒤에 신청서나 "
            "공고가 바뀌었으면 접수하지 않고 바뀐 내용을 돌려줍니다."
        ),
        parameters=[NUMBER, KEY],
        request=SubmitShape,
        responses={
            200: FiledShape,
            409: OpenApiResponse(
                ChangedShape,
                description=(
                    "changed_since_review: 확인한 내용과 다르거나 seen이 없습니다. seen과 changes는 이 "
                    "답에만 있습니다. round_closed, budget_gone: 접수하지 않습니다. stale_version: 다른 "
                    "사람이 고치고 있습니다. idempotency_mismatch: 같은 키로 다른 요청을 보냈습니다."
                ),
            ),
            422: refusal("rule_broken: 빠지거나 틀린 것이 있습니다. findings에 모두 있습니다."),
        },
        examples=[examples.SUBMIT, examples.FILED, examples.CHANGED],
    )
    def post(self, request: Request, pk: int) -> Response:
        at = arrived_at(request)
        application = answerable(person(request), pk)
        sent = SubmitShape(data=request.data or {})
        sent.is_valid(raise_exception=True)
        seen = sent.validated_data.get("seen", "")

        def act() -> tuple[int, dict[str, Any]]:
            filed = filing.submit(application, by=person(request), now=at, seen=seen, fresh=True)
            return 200, dict(FiledShape(filed).data)

        try:
            return idempotent(request, act)
        except filing.ChangedSinceReview as error:
            prepared = preparing.prepare(application, now=at)
            return Response(changed_body(error, prepared), status=error.status)


class Receipt(DeclaredQuery, APIView):
    access_rule = "public"
    query: ClassVar[frozenset[str]] = frozenset({"sha256"})

    @extend_schema(
        tags=["접수증"],
        operation_id="receipt",
        summary="접수증 확인",
        description=(
            "접수번호와 SHA-256이 접수한 것과 같은지만 답합니다. 없는 번호와 다른 SHA-256을 구별하지 "
            "않습니다."
        ),
        parameters=[
            OpenApiParameter(
                "number",
                str,
                OpenApiParameter.PATH,
                description="접수번호",
                examples=[OpenApiExample("번호", value="2021-구축-1차-000123")],
            ),
            OpenApiParameter(
                "sha256",
                {"type": "string", "minLength": 1},
                required=True,
                description="접수증에 적힌 SHA-256(16진수 64자)",
                examples=[OpenApiExample("SHA-256", value=examples.SHA256)],
            ),
        ],
        responses={
            200: GenuineShape,
            400: refusal("sha256_missing: sha256을 보내지 않았습니다."),
        },
        examples=[examples.GENUINE],
    )
    def get(self, request: Request, number: str) -> Response:
        sha256 = request.query_params.get("sha256", "")
        if not sha256:
            raise BadInput("sha256 값을 함께 보내 주세요.", code="sha256_missing")
        found = genuine_receipt(number, sha256)
        body = {"valid": found is not None, "withdrawn_at": found.withdrawn_at if found else None}
        return Response(GenuineShape(body).data)


def answerable(user: User, pk: int) -> Application:
    """Return an application for which the person may act. Raises Http404."""
    found = find_answerable(user, pk)
    if found is None:
        raise Http404
    return found[0]


def writable_sites(user: User) -> QuerySet[Site]:
    sites = Site.objects.filter(company__members__user=user, company__members__role__in=WRITERS)
    return sites.select_related("company").order_by("pk")
