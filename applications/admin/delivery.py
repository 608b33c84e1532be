"""The work under agreements: experts verified, matched and replaced; deliverables confirmed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from applications.admin.company import REGIONS
from applications.models import Deliverable, Expert, ExpertMatch
from applications.queries import delivery as queries
from applications.services import delivery, experts
from applications.states import DeliverableState, ExpertState
from applications.visibility import staff_applications, staff_experts
from portal.access.roles import AUDITOR, MANAGER, OFFICER
from portal.core.clock import now
from portal.models import User
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.templatetags.portal import badge, business_number, kst
from portal.uploads import files
from programs.models import ProgramRound, SubProgram
from programs.visibility import sub_programs_of

DESK = [OFFICER, MANAGER, AUDITOR]
STAFF = [OFFICER, MANAGER]


class NoteForm(forms.Form):
    """Why, or what is to be said."""

    note = forms.CharField(
        label="의견", max_length=300, required=False, widget=forms.Textarea({"rows": 3})
    )


class ReasonForm(forms.Form):
    """Why it is refused."""

    reason = forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3}))


class ExtendForm(forms.Form):
    """Until when, and why."""

    ends_on = forms.DateField(label="새 종료일", widget=forms.DateInput({"type": "date"}))
    note = forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3}))


def expert_form(request: HttpRequest, deliverable: Deliverable) -> type[forms.Form]:
    """Ask for one of the pool's verified experts; those with a tie are named with it."""
    pool = deliverable.spec.get("pool")
    rows = Expert.objects.filter(pool=pool, state=ExpertState.VERIFIED).select_related("user")
    choices = []
    for row in rows.order_by("pk")[:200]:
        tied = experts.ties(row, deliverable)
        told = f" - 배정할 수 없음: {tied[0].message}" if tied else ""
        choices.append((row.pk, f"{row} ({experts.load_of(row)}/{row.capacity}곳){told}"))

    class ExpertForm(forms.Form):
        expert = forms.ChoiceField(label="전문가", choices=choices, widget=forms.RadioSelect)
        note = forms.CharField(
            label="사유 (바꿀 때는 꼭 적어 주세요)",
            max_length=300,
            required=False,
            widget=forms.Textarea({"rows": 2}),
        )

    return ExpertForm


def entry_form(request: HttpRequest, deliverable: Deliverable) -> type[forms.Form]:
    """Ask for the record of what staff do themselves, with the level that was found."""
    words = deliverable.spec["entry"]

    class EntryForm(forms.Form):
        on = forms.DateField(label="날짜", widget=forms.DateInput({"type": "date"}))
        title = forms.CharField(label=words["title"], max_length=100)
        body = forms.CharField(label=words["body"], widget=forms.Textarea({"rows": 4}))

    if deliverable.spec.get("result"):
        levels = queries.level_choices(deliverable)
        EntryForm.base_fields["level"] = forms.ChoiceField(
            label="확정한 수준", choices=levels, widget=forms.RadioSelect
        )
    return EntryForm


def assign(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """Give it to an expert."""
    chosen = Expert.objects.get(pk=data["expert"])
    experts.assign(row, expert=chosen, by=request.user, now=at, note=data["note"])
    return f"{chosen} 전문가에게 맡겼습니다."


def record(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """Record what staff did, and hand it in."""
    level = data.pop("level", "")
    delivery.add_entry(row, **data, by=request.user, now=at)
    row.refresh_from_db()
    delivery.hand_in(row, by=request.user, now=at, level=level)
    return "기록하고 제출했습니다. 다른 담당자의 확인을 기다립니다."


def accept(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """Confirm that it is done."""
    delivery.accept(row, by=request.user, now=at, **data)
    return "완료로 확인했습니다."


def give_back(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """Send it back."""
    delivery.give_back(row, note=data["reason"], by=request.user, now=at)
    return "되돌려 보냈습니다."


def extend(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """Put its end off."""
    delivery.extend(row, by=request.user, now=at, **data)
    return "기간을 연장했습니다."


def stop(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """End it early."""
    delivery.stop(row, note=data["reason"], by=request.user, now=at)
    return "조기 종료했습니다."


def for_staff(request: HttpRequest, row: Deliverable) -> bool:
    """What staff confirm."""
    return queries.judge_of(row) == queries.STAFF


def by_staff(request: HttpRequest, row: Deliverable) -> bool:
    """What staff do themselves, and may do now."""
    open_states = [DeliverableState.PLANNED, DeliverableState.UNDER_WAY]
    return row.spec["by"] == "staff" and row.state in open_states


def by_expert(request: HttpRequest, row: Deliverable) -> bool:
    """What an expert does."""
    return bool(row.spec["by"] == "expert")


@admin.register(Deliverable)
class DeliverableAdmin(WorkflowAdmin):
    """What is delivered, its records, and what staff do about it."""

    read_roles = DESK
    list_display = ["label", "application", "expert", "state_badge", "starts_on", "ends_on"]
    list_filter = ["state", "label"]
    search_fields = ["=agreement__application__number", "agreement__application__company__name"]
    list_select_related = ["agreement__application__company", "expert__user"]
    ordering = ["-pk"]
    show_full_result_count = False
    page_template = "admin/applications/deliverable/page.html"
    acts = [
        Act("assign", "전문가 배정", assign, move="assign", roles=STAFF, form=expert_form, show=by_expert),
        Act("replace", "전문가 교체", assign, move="replace", roles=STAFF, form=expert_form, show=by_expert),
        Act("record", "기록하고 제출", record, roles=STAFF, form=entry_form, show=by_staff),
        Act("accept", "완료 확인", accept, move="accept", roles=STAFF, form=NoteForm, show=for_staff),
        Act("give_back", "되돌려 보내기", give_back, move="give_back", roles=STAFF, form=ReasonForm,
            show=for_staff),
        Act("extend", "기간 연장", extend, move="extend", roles=STAFF, form=ExtendForm,
            show=lambda request, row: row.ends_on is not None),
        Act("stop", "조기 종료", stop, move="stop", roles=STAFF, form=ReasonForm, danger=True),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deliverable]:
        """Those of the own sub-programmes."""
        mine = staff_applications(request.user).order_by().values("pk")
        rows = super().get_queryset(request).filter(agreement__application__in=mine)
        return rows.select_related(
            "agreement__application__company",
            "agreement__application__sub_program__round",
            "expert__user",
        )

    def page(self, request: HttpRequest, thing: Deliverable) -> dict[str, Any]:
        """The deliverable with its records and files."""
        return {
            "at": queries.standing(thing),
            "entries": thing.entries.select_related("written_by", "answered_by").prefetch_related(
                "files"
            ),
            "words": thing.spec["entry"],
            "history": history(thing),
        }

    @admin.display(description="신청")
    def application(self, row: Deliverable) -> str:
        """Whose."""
        return f"{row.agreement.application} {row.agreement.application.company}"

    @admin.display(description="상태", ordering="state")
    def state_badge(self, row: Deliverable) -> SafeString:
        """Where it stands."""
        return badge(row.get_state_display(), queries.TONES[DeliverableState(row.state)])


def verify(request: HttpRequest, row: Expert, data: dict[str, Any], at: datetime) -> str:
    """Find the evidence sound."""
    experts.judge(row, verified=True, reason=data["note"], by=request.user, now=at)
    return "전문가로 등록했습니다."


def refuse(request: HttpRequest, row: Expert, data: dict[str, Any], at: datetime) -> str:
    """Find it wanting."""
    experts.judge(row, verified=False, reason=data["reason"], by=request.user, now=at)
    return "등록을 거절했습니다."


def waits(request: HttpRequest, row: Expert) -> bool:
    """Not judged yet."""
    return row.state == ExpertState.APPLIED


def newest_round() -> QuerySet[ProgramRound]:
    """Rounds, the one whose words count first."""
    return ProgramRound.objects.order_by("-opens_at")


def pool_of(row: Any) -> dict[str, Any]:
    """The expert's pool as the catalogue words it."""
    return next((one for one in row.pools or () if one["code"] == row.pool), {})


def named(choices: Iterable[dict[str, Any]], codes: Iterable[str]) -> str:
    """Codes in the catalogue's words."""
    labels = {row["code"]: row["label"] for row in choices}
    return ", ".join(labels.get(code, code) for code in codes)


class PoolFilter(admin.SimpleListFilter):
    """One pool."""

    title = "전문가 풀"
    parameter_name = "pool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The pools of the latest round."""
        round = newest_round().first()
        return [(row["code"], row["label"]) for row in (round.pools if round else ())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Expert]) -> QuerySet[Expert]:
        """Its members."""
        return queryset.filter(pool=self.value()) if self.value() else queryset


@admin.register(Expert)
class ExpertAdmin(WorkflowAdmin):
    """Members of the pools, and the evidence of their careers."""

    read_roles = DESK
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
        Act("verify", "등록", verify, roles=STAFF, form=NoteForm, show=waits),
        Act("refuse", "등록 거절", refuse, roles=STAFF, form=ReasonForm, show=waits, danger=True),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Expert]:
        """Every expert, for staff, with the pools as the latest round words them."""
        mine = super().get_queryset(request).filter(pk__in=staff_experts(request.user).values("pk"))
        return mine.annotate(pools=Subquery(newest_round().values("pools")[:1]))

    def get_urls(self) -> list[URLPattern]:
        """Add the evidence's address."""
        page = self.admin_site.admin_view(self.evidence_view)
        name = "applications_expert_evidence"
        return [path("<int:pk>/evidence/", page, name=name), *super().get_urls()]

    def evidence_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the evidence to staff."""
        row = self.own(request, pk)
        return files.serve(row.file, filename=row.file_name, content_type=row.content_type)

    @admin.display(description="전문가 풀")
    def pool_label(self, row: Any) -> str:
        """Of which pool."""
        return str(pool_of(row).get("label", row.pool))

    @admin.display(description="자격")
    def route_label(self, row: Any) -> str:
        """By which route."""
        return named(pool_of(row).get("routes", ()), [row.route])

    @admin.display(description="소속 기관 사업자등록번호")
    def number(self, row: Expert) -> str:
        """Of the institution."""
        return business_number(row.institution_number) or "-"

    @admin.display(description="분야")
    def field_labels(self, row: Any) -> str:
        """What they know."""
        return named(pool_of(row).get("fields", ()), row.fields)

    @admin.display(description="활동 지역")
    def region_labels(self, row: Expert) -> str:
        """Where they go."""
        return ", ".join(REGIONS.get(code, code) for code in row.regions)

    @admin.display(description="확인 시각")
    def checked(self, row: Expert) -> str:
        """When staff looked at the evidence."""
        return kst(row.checked_at) or "-"

    @admin.display(description="증빙")
    def evidence(self, row: Expert) -> SafeString:
        """A link to the file."""
        address = reverse("admin:applications_expert_evidence", args=[row.pk])
        return SafeString("") if not row.file else link(address, row.file_name)


def link(address: str, words: str) -> SafeString:
    """Draw a link."""
    return format_html('<a href="{}">{}</a>', address, words)


def confirm(request: HttpRequest, row: ExpertMatch, data: dict[str, Any], at: datetime) -> str:
    """Assign as proposed."""
    return f"{experts.confirm(row, by=request.user, now=at):,}곳을 배정했습니다."


@admin.register(ExpertMatch)
class ExpertMatchAdmin(WorkflowAdmin):
    """Solved proposals of who goes where, with what is short."""

    read_roles = DESK
    list_display = ["sub_program", "pool_label", "made", "made_by", "confirmed"]
    list_select_related = ["sub_program__round", "made_by"]
    ordering = ["-pk"]
    page_template = "admin/applications/expertmatch/page.html"
    change_list_template = "admin/applications/expertmatch/change_list.html"
    acts = [
        Act("confirm", "이대로 배정", confirm, roles=STAFF,
            show=lambda request, row: row.confirmed_at is None),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExpertMatch]:
        """Those of the own sub-programmes."""
        mine = sub_programs_of(request.user)
        return super().get_queryset(request).filter(sub_program__in=mine)

    def get_urls(self) -> list[URLPattern]:
        """Add the page that asks for a proposal."""
        page = self.admin_site.admin_view(self.start_view)
        return [path("start/", page, name="applications_expertmatch_start"), *super().get_urls()]

    @admin.display(description="전문가 풀")
    def pool_label(self, row: ExpertMatch) -> str:
        """Of which pool."""
        return named(row.sub_program.round.pools, [row.pool])

    @admin.display(description="작성 시각")
    def made(self, row: ExpertMatch) -> str:
        """When it was solved."""
        return kst(row.made_at)

    @admin.display(description="확정 시각")
    def confirmed(self, row: ExpertMatch) -> str:
        """When it was confirmed."""
        return kst(row.confirmed_at) or "확정 전"

    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for which sub-programme and pool, then solve."""
        form = match_form(request.user)(request.POST or None)
        if form.is_valid():
            program, pool = form.cleaned_data["what"]
            made = experts.propose(
                program, pool=pool, seed=form.cleaned_data["seed"], by=request.user, now=now()
            )
            return redirect("admin:applications_expertmatch_change", made.pk)
        return self.shown(
            request,
            None,
            "admin/applications/expertmatch/start.html",
            form=form,
            title="전문가 배정안",
        )

    def page(self, request: HttpRequest, thing: ExpertMatch) -> dict[str, Any]:
        """The proposal in words."""
        people = Expert.objects.select_related("user").in_bulk([pair[0] for pair in thing.pairs])
        work = Deliverable.objects.select_related("agreement__application__company").in_bulk(
            [pair[1] for pair in thing.pairs]
        )
        return {"pairs": [(people[a], work[b]) for a, b in thing.pairs]}


def match_form(user: User) -> type[forms.Form]:
    """Which pool of which sub-programme is matched."""
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
            label="시드", initial=2021, min_value=0, max_value=2**31 - 1,
            help_text="같은 시드는 같은 배정안을 냅니다.",
        )  # fmt: skip

    return MatchForm
