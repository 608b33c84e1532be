"""Staff screen of deliverables: assign experts, record, confirm, extend, end early."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from applications.admin.search import FoundByApplication
from applications.models import Deliverable, Expert
from applications.queries import delivery as delivery_queries
from applications.services.delivery import deliverables, experts
from applications.states import DeliverableMoves, DeliverableState, ExpertState
from applications.visibility import staff_applications
from portal.access.requests import person
from portal.forms.ranges import within
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from programs.roles import MANAGER, OFFICER, STAFF_READERS

STAFF = [OFFICER, MANAGER]


SHOWN = 200  # experts of a pool in one form
NoteForm = note_form(label="의견", max_length=300, required=False)


ReasonForm = note_form("reason", max_length=300)


class ExtendForm(forms.Form):
    ends_on = forms.DateField(
        label="새 종료일",
        widget=forms.DateInput({"type": "date"}),
        validators=[within("deliverable_end")],
    )
    note = forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3}))


def expert_form(request: HttpRequest, deliverable: Deliverable) -> type[forms.Form]:
    pool = deliverable.spec.get("pool")
    rows = Expert.objects.filter(pool=pool, state=ExpertState.VERIFIED).select_related("user")
    choices = []
    total = rows.count()
    for row in rows.order_by("pk")[:SHOWN]:
        tied = experts.ties(row, deliverable)
        reason = f" - 배정할 수 없음: {tied[0].message}" if tied else ""
        choices.append((row.pk, f"{row} ({experts.load_of(row)}/{row.capacity}곳){reason}"))

    class ExpertForm(forms.Form):
        expert = forms.ChoiceField(
            label="전문가",
            choices=choices,
            widget=forms.RadioSelect,
            help_text=f"확인한 전문가 {total:,}명 가운데 먼저 등록한 {SHOWN:,}명입니다."
            if total > SHOWN
            else f"확인한 전문가 {total:,}명입니다.",
        )
        note = forms.CharField(
            label="사유 (바꿀 때는 꼭 적어 주세요)",
            max_length=300,
            required=False,
            widget=forms.Textarea({"rows": 2}),
        )

    return ExpertForm


def entry_form(request: HttpRequest, deliverable: Deliverable) -> type[forms.Form]:
    words = deliverable.spec["entry"]

    class EntryForm(forms.Form):
        on = forms.DateField(
            label="날짜", widget=forms.DateInput({"type": "date"}), validators=[within("entry_day")]
        )
        title = forms.CharField(label=words["title"], max_length=100)
        body = forms.CharField(label=words["body"], widget=forms.Textarea({"rows": 4}))

    if deliverable.spec.get("result"):
        levels = delivery_queries.level_choices(deliverable)
        EntryForm.base_fields["level"] = forms.ChoiceField(
            label="확정한 수준", choices=levels, widget=forms.RadioSelect
        )
    return EntryForm


def assign(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> Expert:
    chosen = Expert.objects.get(pk=data["expert"])
    experts.assign(row, expert=chosen, by=person(request), now=at, note=data["note"])
    return chosen


def record(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> None:
    level = data.pop("level", "")
    deliverables.add_entry(row, **data, by=person(request), now=at)
    row.refresh_from_db()
    deliverables.submit(row, by=person(request), now=at, level=level)


def accept(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> None:
    deliverables.accept(row, by=person(request), now=at, **data)


def give_back(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> None:
    deliverables.send_back(row, note=data["reason"], by=person(request), now=at)


def extend(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> None:
    deliverables.extend(row, by=person(request), now=at, **data)


def stop(request: HttpRequest, row: Deliverable, data: dict[str, Any], at: datetime) -> None:
    deliverables.stop(row, note=data["reason"], by=person(request), now=at)


def for_staff(request: HttpRequest, row: Deliverable) -> bool:
    return (
        delivery_queries.goes_on(row)
        and delivery_queries.confirming_side(row) == delivery_queries.STAFF
    )


def by_staff(request: HttpRequest, row: Deliverable) -> bool:
    open_states = [DeliverableState.PLANNED, DeliverableState.UNDER_WAY]
    by_us = row.spec["by"] == "staff" and row.state in open_states
    return by_us and delivery_queries.goes_on(row)


def by_expert(request: HttpRequest, row: Deliverable) -> bool:
    return row.spec["by"] == "expert" and delivery_queries.goes_on(row)


def with_end(request: HttpRequest, row: Deliverable) -> bool:
    return row.ends_on is not None and delivery_queries.goes_on(row)


@admin.register(Deliverable)
class DeliverableAdmin(FoundByApplication, WorkflowAdmin):
    read_roles = STAFF_READERS
    list_display = ["label", "application", "expert", "state_badge", "starts_on", "ends_on"]
    list_filter = ["state", "label"]
    application_path = "agreement__application"
    list_select_related = ["agreement__application__company", "expert__user"]
    ordering = ["-pk"]
    show_full_result_count = False
    page_template = "admin/applications/delivery/deliverables_page.html"
    acts = [
        Act("assign", "전문가 배정", assign, move=DeliverableMoves.ASSIGN, roles=STAFF, form=expert_form,
            done=lambda expert: f"{expert} 전문가에게 맡겼습니다.", show=by_expert),
        Act("replace", "전문가 교체", assign, move=DeliverableMoves.REPLACE, roles=STAFF, form=expert_form,
            done=lambda expert: f"{expert} 전문가에게 맡겼습니다.", show=by_expert, aside=True),
        Act("record", "기록하고 제출", record, roles=STAFF, form=entry_form, show=by_staff,
            done="기록하고 제출했습니다. 다른 담당자의 확인을 기다립니다."),
        Act("accept", "완료 확인", accept, move=DeliverableMoves.ACCEPT, roles=STAFF, form=NoteForm,
            done="완료로 확인했습니다.", show=for_staff),
        Act("give_back", "되돌려 보내기", give_back, move=DeliverableMoves.GIVE_BACK, roles=STAFF, form=ReasonForm,
            done="되돌려 보냈습니다.", show=for_staff, aside=True),
        Act("extend", "기간 연장", extend, move=DeliverableMoves.EXTEND, roles=STAFF, form=ExtendForm,
            done="기간을 연장했습니다.", show=with_end, aside=True),
        Act("stop", "조기 종료", stop, move=DeliverableMoves.STOP, roles=STAFF, form=ReasonForm,
            done="조기 종료했습니다.", danger=True),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Deliverable]:
        mine = staff_applications(person(request)).order_by().values("pk")
        rows = super().get_queryset(request).filter(agreement__application__in=mine)
        return rows.select_related(
            "agreement__application__company",
            "agreement__application__sub_program__round",
            "expert__user",
        )

    def page(self, request: HttpRequest, thing: Deliverable) -> dict[str, Any]:
        return {
            "at": delivery_queries.status_of(thing),
            "entries": thing.entries.select_related("written_by", "answered_by").prefetch_related(
                "files"
            ),
            "words": thing.spec["entry"],
            "history": history(thing),
        }

    @admin.display(description="신청")
    def application(self, row: Deliverable) -> str:
        return f"{row.agreement.application} {row.agreement.application.company}"

    @admin.display(description="상태", ordering="state")
    def state_badge(self, row: Deliverable) -> SafeString:
        return badge(row.get_state_display(), delivery_queries.TONES[DeliverableState(row.state)])
