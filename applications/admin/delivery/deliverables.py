"""The work under agreements: experts verified, matched and replaced; deliverables confirmed."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from applications.models import Deliverable, Expert
from applications.queries import delivery as queries
from applications.services.delivery import deliverables, experts
from applications.states import DeliverableMoves, DeliverableState, ExpertState
from applications.visibility import staff_applications
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from programs.roles import MANAGER, OFFICER, STAFF_READERS

STAFF = [OFFICER, MANAGER]


NoteForm = note_form(label="의견", max_length=300, required=False)


ReasonForm = note_form("reason", max_length=300)


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
    deliverables.add_entry(row, **data, by=request.user, now=at)
    row.refresh_from_db()
    deliverables.hand_in(row, by=request.user, now=at, level=level)
    return "기록하고 제출했습니다. 다른 담당자의 확인을 기다립니다."


def accept(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """Confirm that it is done."""
    deliverables.accept(row, by=request.user, now=at, **data)
    return "완료로 확인했습니다."


def give_back(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """Send it back."""
    deliverables.give_back(row, note=data["reason"], by=request.user, now=at)
    return "되돌려 보냈습니다."


def extend(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """Put its end off."""
    deliverables.extend(row, by=request.user, now=at, **data)
    return "기간을 연장했습니다."


def stop(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> str:
    """End it early."""
    deliverables.stop(row, note=data["reason"], by=request.user, now=at)
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

    read_roles = STAFF_READERS
    list_display = ["label", "application", "expert", "state_badge", "starts_on", "ends_on"]
    list_filter = ["state", "label"]
    search_fields = ["=agreement__application__number", "agreement__application__company__name"]
    list_select_related = ["agreement__application__company", "expert__user"]
    ordering = ["-pk"]
    show_full_result_count = False
    page_template = "admin/applications/delivery/deliverables_page.html"
    acts = [
        Act("assign", "전문가 배정", assign, move=DeliverableMoves.ASSIGN, roles=STAFF, form=expert_form, show=by_expert),
        Act("replace", "전문가 교체", assign, move=DeliverableMoves.REPLACE, roles=STAFF, form=expert_form, show=by_expert),
        Act("record", "기록하고 제출", record, roles=STAFF, form=entry_form, show=by_staff),
        Act("accept", "완료 확인", accept, move=DeliverableMoves.ACCEPT, roles=STAFF, form=NoteForm, show=for_staff),
        Act("give_back", "되돌려 보내기", give_back, move=DeliverableMoves.GIVE_BACK, roles=STAFF, form=ReasonForm,
            show=for_staff),
        Act("extend", "기간 연장", extend, move=DeliverableMoves.EXTEND, roles=STAFF, form=ExtendForm,
            show=lambda request, row: row.ends_on is not None),
        Act("stop", "조기 종료", stop, move=DeliverableMoves.STOP, roles=STAFF, form=ReasonForm, danger=True),
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
