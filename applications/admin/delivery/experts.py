"""Staff screens of experts: verify their evidence, match them to firms."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.company import REGIONS
from applications.admin.delivery.deliverables import NoteForm, ReasonForm
from applications.models import Deliverable, Expert, ExpertMatch
from applications.services.delivery import experts
from applications.states import ExpertState
from applications.visibility import staff_experts
from portal.access.requests import person
from portal.forms.ranges import within
from portal.models import User
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.sorting import Sort
from portal.templatetags.dates import kst
from portal.templatetags.values import business_number
from portal.uploads import files
from programs.models import ProgramRound, SubProgram
from programs.roles import MANAGER, OFFICER, STAFF_READERS
from programs.visibility import sub_programs_of

STAFF = [OFFICER, MANAGER]


def verify(request: HttpRequest, row: Expert, data: dict[str, Any], at: datetime) -> None:
    experts.judge(row, verified=True, reason=data["note"], by=person(request), now=at)


def refuse(request: HttpRequest, row: Expert, data: dict[str, Any], at: datetime) -> None:
    experts.judge(row, verified=False, reason=data["reason"], by=person(request), now=at)


def is_applied(request: HttpRequest, row: Expert) -> bool:
    return row.state == ExpertState.APPLIED


def newest_round() -> QuerySet[ProgramRound]:
    return ProgramRound.objects.order_by("-opens_at")


def pool_of(row: Any) -> dict[str, Any]:
    """Return the expert's pool as the latest round states it, {} when it has none."""
    return next((one for one in row.pools or () if one["code"] == row.pool), {})


def named(choices: Iterable[dict[str, Any]], codes: Iterable[str]) -> str:
    """Return the labels of some codes."""
    labels = {row["code"]: row["label"] for row in choices}
    return ", ".join(labels.get(code, code) for code in codes)


class PoolFilter(admin.SimpleListFilter):
    title = "전문가 풀"
    parameter_name = "pool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        round = newest_round().first()
        return [(row["code"], row["label"]) for row in (round.pools if round else ())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Expert]) -> QuerySet[Expert]:
        return queryset.filter(pool=self.value()) if self.value() else queryset


@admin.register(Expert)
class ExpertAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["user", "pool_label", "route_label", "years", "state", "capacity"]
    list_filter = [PoolFilter, "state"]
    search_fields = ["user__name", "user__email", "institution"]
    list_select_related = ["user"]
    ordering = ["-pk"]
    fields = [
        "user", "pool_label", "route_label", "employer", "years", "degree", "institution",
        "number", "career", "field_labels", "region_labels", "capacity", "evidence", "file_sha256",
        "state", "reason", "checked_by", "checked",
    ]  # fmt: skip
    readonly_fields = [
        "pool_label", "route_label", "number", "field_labels", "region_labels", "evidence",
        "checked",
    ]  # fmt: skip
    acts = [
        Act(
            "verify",
            "등록",
            verify,
            done="전문가로 등록했습니다.",
            roles=STAFF,
            form=NoteForm,
            show=is_applied,
        ),
        Act(
            "refuse",
            "등록 거절",
            refuse,
            done="등록을 거절했습니다.",
            roles=STAFF,
            form=ReasonForm,
            show=is_applied,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Expert]:
        mine = (
            super().get_queryset(request).filter(pk__in=staff_experts(person(request)).values("pk"))
        )
        return mine.annotate(pools=Subquery(newest_round().values("pools")[:1]))

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.evidence_view)
        name = "applications_expert_evidence"
        return [path("<int:pk>/evidence/", page, name=name), *super().get_urls()]

    def evidence_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        row = self.get_or_404(request, pk)
        return files.serve(
            row.file, filename=row.file_name, content_type=row.content_type, reader=request.user
        )

    @admin.display(description="전문가 풀")
    def pool_label(self, row: Any) -> str:
        return str(pool_of(row).get("label", row.pool))

    @admin.display(description="자격")
    def route_label(self, row: Any) -> str:
        return named(pool_of(row).get("routes", ()), [row.route])

    @admin.display(description="소속 기관 사업자등록번호")
    def number(self, row: Expert) -> str:
        return business_number(row.institution_number) or "-"

    @admin.display(description="분야")
    def field_labels(self, row: Any) -> str:
        return named(pool_of(row).get("fields", ()), row.fields)

    @admin.display(description="활동 지역")
    def region_labels(self, row: Expert) -> str:
        return ", ".join(REGIONS.get(code, code) for code in row.regions)

    @admin.display(description="확인 시각")
    def checked(self, row: Expert) -> str:
        return kst(row.checked_at) or "-"

    @admin.display(description="증빙")
    def evidence(self, row: Expert) -> SafeString:
        address = reverse("admin:applications_expert_evidence", args=[row.pk])
        return SafeString("") if not row.file else link(address, row.file_name)


def link(address: str, words: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', address, words)


def confirm(request: HttpRequest, row: ExpertMatch, data: dict[str, Any], at: datetime) -> int:
    return experts.confirm(row, by=person(request), now=at)


@admin.register(ExpertMatch)
class ExpertMatchAdmin(WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["sub_program", "pool_label", "made", "made_by", "confirmed"]
    list_select_related = ["sub_program__round", "made_by"]
    ordering = ["-pk"]
    sorts = [Sort("made")]
    page_template = "admin/applications/delivery/experts_page.html"
    change_list_template = "admin/applications/delivery/experts_list.html"
    acts = [
        Act("confirm", "이대로 배정", confirm, roles=STAFF,
            done=lambda count: f"{count:,}곳을 배정했습니다.",
            show=lambda request, row: row.confirmed_at is None),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExpertMatch]:
        mine = sub_programs_of(person(request))
        return super().get_queryset(request).filter(sub_program__in=mine)

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="applications_expertmatch_start"), *super().get_urls()]

    @admin.display(description="전문가 풀")
    def pool_label(self, row: ExpertMatch) -> str:
        return named(row.sub_program.round.pools, [row.pool])

    @admin.display(description="작성 시각")
    def made(self, row: ExpertMatch) -> str:
        return kst(row.made_at)

    @admin.display(description="확정 시각")
    def confirmed(self, row: ExpertMatch) -> str:
        return kst(row.confirmed_at) or "확정 전"

    def start_view(self, request: HttpRequest) -> HttpResponse:
        def propose(data: dict[str, Any], at: datetime) -> ExpertMatch:
            program, pool = data["what"]
            return experts.propose(
                program, pool=pool, seed=data["seed"], by=person(request), now=at
            )

        return self.start_page(
            request,
            match_form(person(request))(request.POST or None),
            propose,
            template="admin/applications/delivery/experts_start.html",
            title="전문가 배정안",
        )

    def page(self, request: HttpRequest, thing: ExpertMatch) -> dict[str, Any]:
        people = Expert.objects.select_related("user").in_bulk([pair[0] for pair in thing.pairs])
        work = Deliverable.objects.select_related("agreement__application__company").in_bulk(
            [pair[1] for pair in thing.pairs]
        )
        return {"pairs": [(people[a], work[b]) for a, b in thing.pairs]}


def match_form(user: User) -> type[forms.Form]:
    found: dict[str, tuple[SubProgram, str]] = {}
    choices = []
    for program in sub_programs_of(user).select_related("round"):
        labels = {row["code"]: row["label"] for row in program.round.pools}
        for pool in sorted({row["pool"] for row in program.delivery if row.get("pool")}):
            found[f"{program.pk}:{pool}"] = (program, pool)
            choices.append((f"{program.pk}:{pool}", f"{program} · {labels.get(pool, pool)}"))

    class MatchForm(forms.Form):
        what = forms.TypedChoiceField(label="대상", choices=choices, coerce=found.get)
        seed = forms.IntegerField(
            label="시드",
            initial=2021,
            help_text="같은 시드는 같은 배정안을 냅니다.",
            validators=[within("seed")],
        )

    return MatchForm
