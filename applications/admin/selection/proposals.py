"""Selections: the ranked list with its cut-off line, followed from proposal to release."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.admin.application.status import NoteForm
from applications.admin.assessment import opinions
from applications.admin.assessment.scoring import proposal_form
from applications.admin.selection import ranked
from applications.admin.selection.changes import PROPOSED, ChangeForm
from applications.admin.selection.changes import propose as propose_change
from applications.models import Application, DecisionChange, Selection
from applications.queries.selection import decisions as decision_queries
from applications.services.selection import notices, proposals, reserve
from applications.states import Outcome, SelectionMoves, SelectionState
from applications.visibility import selections_of
from portal.access.requests import person
from portal.core.clock import now
from portal.core.errors import NotFound
from portal.core.money import won
from portal.core.particles import with_particle
from portal.core.validators import document_number, row_number
from portal.forms.fields import DocumentNumberField
from portal.models import Job
from portal.paper import workbooks
from portal.staff.acts import Act, history
from portal.staff.jobs import JobProgressAdmin
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from portal.templatetags.values import business_number
from programs.roles import MANAGER, OFFICER, STAFF_READERS

LINES = 2_000  # of the export, read at once
NOTICES = 20  # per page of the preview
AT_ONCE = 5_000  # longer lists are decided by a job
TONES: dict[str, str] = {
    SelectionState.PREPARING: "info",
    SelectionState.PROPOSED: "warning",
    SelectionState.CONFIRMED: "warning",
    SelectionState.DECIDED: "warning",
    SelectionState.RELEASED: "success",
    SelectionState.DISCARDED: "neutral",
}
STOP_SENTENCES = {
    "budget": "남은 예산으로는 다음 순위를 선정할 수 없어 여기까지 선정합니다.",
    "quota": "선정 수가 모두 차서 여기까지 선정합니다.",
    "end": "기준점수 이상인 신청을 모두 선정합니다.",
}
STOP_LABELS = {"budget": "예산", "quota": "모집 규모", "end": "기준점수 이상 전원"}


def confirm(request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime) -> None:
    proposals.confirm(selection, by=person(request), now=at)


def unconfirm(
    request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime
) -> None:
    proposals.unconfirm(selection, by=person(request), now=at, **data)


def revise(
    request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime
) -> Selection:
    return proposals.revise(selection, by=person(request), now=at, **data)


def revision_form(request: HttpRequest, selection: Selection) -> type[forms.Form]:
    return type("RevisionForm", (proposal_form(request, selection.run), NoteForm), {})


def decide(
    request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime
) -> Job | None:
    if selection.cut.get("counted", 0) > AT_ONCE:
        return proposals.schedule(selection, "decide", by=person(request), now=at)
    proposals.decide(selection, by=person(request), now=at)
    return None


def undecide(
    request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime
) -> Job | None:
    if selection.cut.get("counted", 0) > AT_ONCE:
        return proposals.schedule(selection, "undecide", by=person(request), now=at, **data)
    proposals.undecide(selection, by=person(request), now=at, **data)
    return None


def release(request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime) -> None:
    proposals.schedule_release(selection, by=person(request), now=at)


def discard(request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime) -> None:
    proposals.discard(selection, by=person(request), now=at, **data)


def fill(
    request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime
) -> list[DecisionChange]:
    return reserve.propose(selection.sub_program, by=person(request), now=at)


class WhichForm(ChangeForm):
    field_order = ["number"]
    number = DocumentNumberField(label="접수번호")


def change(request: HttpRequest, selection: Selection, data: dict[str, Any], at: datetime) -> None:
    found = Application.objects.filter(
        number=data.pop("number"), decisions__selection=selection
    ).first()
    if found is None:
        raise NotFound("이 선정에 그 접수번호가 없습니다.")
    propose_change(request, found, data, at)


@admin.register(Selection)
class SelectionAdmin(JobProgressAdmin):
    read_roles = STAFF_READERS
    page_template = "admin/applications/selection/proposals_page.html"
    sorts = [Sort("requested")]
    list_display = ["name", "state_label", "chosen", "amount", "stopped", "requested", "released"]
    list_filter = ["state"]
    acts = [
        Act(
            "confirm",
            "선정안 확인",
            confirm,
            done="선정안을 확인했습니다. 이제 결정권자가 승인할 수 있습니다.",
            move=SelectionMoves.CONFIRM,
            intro="순위와 선정선, 지원금을 확인했다는 뜻입니다. 다른 사람인 결정권자가 승인하면 결정됩니다.",
        ),
        Act(
            "decide",
            "선정 승인",
            decide,
            done=lambda job: (
                "승인 처리를 시작했습니다. 끝나면 이 화면에 나타납니다."
                if job
                else "선정을 승인하고 예산을 잡았습니다. 발표하기 전에는 신청기업에 보이지 않습니다."
            ),
            move=SelectionMoves.DECIDE,
            show=lambda request, selection: selection.confirmed_by_id != request.user.pk,
            intro="확인한 선정안을 승인하고 선정된 신청의 지원금을 예산에서 잡습니다. 예산이 모자라면 아무것도 바뀌지 않습니다.",
        ),
        Act(
            "release",
            "결과 발표",
            release,
            done="결과 발표를 시작했습니다. 모든 결과가 한꺼번에 공개되고 알림이 이어집니다.",
            move=SelectionMoves.RELEASE,
            intro="모든 신청의 결과를 한꺼번에 공개하고 신청기업마다 알림을 한 통씩 보냅니다. 되돌릴 수 없습니다.",
        ),
        *opinions.SELECTION_ACTS,
        Act(
            "revise",
            "선정 수 바꾸기",
            revise,
            done=lambda made: (
                f"이 선정안을 폐기하고 선정안 #{with_particle(made.pk, '을/를')} 만들고 있습니다. 확인부터 다시 합니다."
            ),
            move=SelectionMoves.DISCARD,
            form=revision_form,
            show=lambda request, selection: selection.state != SelectionState.PREPARING,
            intro="이 선정안을 폐기하고 새 선정안을 만듭니다. 확인과 승인을 처음부터 다시 합니다.",
            aside=True,
        ),
        Act(
            "unconfirm",
            "확인 되돌리기",
            unconfirm,
            done="확인을 되돌렸습니다.",
            move=SelectionMoves.UNCONFIRM,
            form=NoteForm,
            danger=True,
        ),
        Act(
            "fill",
            "예비 승계 제안",
            fill,
            done=lambda opened: (
                f"예비 승계 {len(opened):,}건을 제안했습니다. ‘결정 변경’에서 결정권자가 승인합니다."
            ),
            roles=[OFFICER],
            show=lambda request, selection: (
                selection.state == SelectionState.RELEASED
                and not reserve.why_none(selection.sub_program)
            ),
            intro="빈자리와 남은 예산 안에서 예비를 순위대로 올립니다. 다음 순위가 예산에 맞지 않으면 건너뛰지 않고 멈춥니다.",
        ),
        Act(
            "change",
            "결정 변경 제안",
            change,
            done=PROPOSED,
            roles=[OFFICER, MANAGER],
            form=WhichForm,
            show=lambda request, selection: selection.state == SelectionState.RELEASED,
            aside=True,
        ),
        Act(
            "undecide",
            "승인 되돌리기",
            undecide,
            done=lambda job: (
                "승인을 되돌리기 시작했습니다. 끝나면 이 화면에 나타납니다."
                if job
                else "승인과 확인을 되돌리고 잡아 둔 예산을 풀었습니다."
            ),
            move=SelectionMoves.UNDECIDE,
            form=NoteForm,
            danger=True,
        ),
        Act(
            "discard",
            "선정안 폐기",
            discard,
            done="선정안을 폐기했습니다.",
            move=SelectionMoves.DISCARD,
            form=NoteForm,
            danger=True,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.export_view)
        preview = self.admin_site.admin_view(self.notices_view)
        paper = self.admin_site.admin_view(self.print_view)
        return [
            path("<int:pk>/export/", page, name="applications_selection_export"),
            path("<int:pk>/letters/", preview, name="applications_selection_letters"),
            path("<int:pk>/print/", paper, name="applications_selection_print"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Selection]:
        return selections_of(person(request)).select_related(
            "sub_program__round",
            "sub_program__pot",
            "run",
            "job",
            "requested_by",
            "confirmed_by",
            "decided_by",
        )

    def page(self, request: HttpRequest, thing: Selection) -> dict[str, Any]:
        return {
            "state_badge": badge(thing.get_state_display(), tone=TONES[thing.state]),
            "why": STOP_SENTENCES.get(thing.cut.get("stopped_by", ""), ""),
            **ranked.page(thing, request.GET.get("p", "1"), size=ranked.PAGE),
            **ranked.search(thing, request.GET.get("find", "")),
            "moves": history(thing),
            **self.job_context(thing),
        }

    def notices_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Preview the notices of the release: one by its number, or page by page."""
        thing = self.get_or_404(request, pk)
        requested, term = request.GET.get("p", "1"), document_number(request.GET.get("q", ""))
        decisions = notices.announced(thing).order_by("rank").select_related("application")
        total = decisions.count()
        if term:
            decisions = decisions.filter(application__number=term)
        number = min(max(row_number(requested) or 1, 1), max(1, -(-total // NOTICES)))
        rows = list(decisions[(number - 1) * NOTICES : number * NOTICES])
        context = {
            "title": "보낼 알림 미리보기",
            "term": term,
            "decisions": total,
            "reachable": notices.reachable(thing),
            "notices": notices.compose(thing, rows, now=now()),
            "previous": number - 1 if number > 1 else 0,
            "next": number + 1 if not term and number * NOTICES < total else 0,
        }
        template = "admin/applications/selection/notices.html"
        return self.render(request, thing, template, **context)

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        thing = self.get_or_404(request, pk)
        header = ["순위", "접수번호", "기업명", "사업자등록번호", "평가점수", "가점", "합계"]
        header += ["신청 지원금(원)", "선정 지원금(원)", "누적 지원금(원)", "결과", "사유"]
        if thing.state == SelectionState.RELEASED:
            header += ["지금의 결과", "지금의 지원금(원)", "바뀐 시각"]
        name = f"선정{thing.pk}_순위"
        return workbooks.table(request, Selection, name, header, _lines(thing), at=now())

    def print_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the ranked list for paper, a thousand ranks at a time."""
        thing = self.get_or_404(request, pk)
        rows = ranked.page(thing, request.GET.get("p", "1"), size=ranked.ON_PAPER)
        context = {"title": f"{thing} 순위표", "printed_at": now(), **rows}
        template = "admin/applications/selection/ranked_print.html"
        return self.render(request, thing, template, **context)

    @admin.display(description="선정")
    def name(self, selection: Selection) -> str:
        return str(selection)

    @admin.display(description="상태")
    def state_label(self, selection: Selection) -> SafeString:
        return badge(selection.get_state_display(), tone=TONES[selection.state])

    @admin.display(description="선정 건수")
    def chosen(self, selection: Selection) -> str:
        count = selection.cut.get("selected_count")
        return "" if count is None else f"{count:,}건"

    @admin.display(description="선정 지원금")
    def amount(self, selection: Selection) -> str:
        return won(selection.cut["amount_won"]) if "amount_won" in selection.cut else ""

    @admin.display(description="선정선 기준")
    def stopped(self, selection: Selection) -> str:
        return STOP_LABELS.get(selection.cut.get("stopped_by", ""), "")

    @admin.display(description="요청 시각")
    def requested(self, selection: Selection) -> str:
        return kst(selection.requested_at)

    @admin.display(description="발표 시각")
    def released(self, selection: Selection) -> str:
        return kst(selection.released_at)


def _lines(selection: Selection) -> Iterator[tuple[object, ...]]:
    rows = (
        selection.decisions.filter(previous=None, application__results__run=selection.run_id)
        .order_by("rank")
        .values_list(
            "rank",
            "application__number",
            "application__company__name",
            "application__company__business_number",
            "application__results__raw",
            "application__results__bonus",
            "application__results__total",
            "application__submission__support_won",
            "grant_won",
            "outcome",
            "reason",
            "application_id",
        )
    )
    spent = 0
    names = dict(Outcome.choices)
    released = selection.state == SelectionState.RELEASED
    lines = rows.iterator(chunk_size=LINES)
    while block := list(islice(lines, LINES)):
        ids = [row[-1] for row in block]
        present = decision_queries.present_of(selection, ids) if released else {}
        for row in block:
            rank, number, company, business, raw, bonus, total, requested, grant, *rest = row
            outcome, reason, pk = str(rest[0]), rest[1], int(row[-1])
            spent += grant
            yield (
                rank, number, company, business_number(business), raw, bonus, total, requested,
                grant, spent if grant else "", names[outcome], reason,
                *_present_cells(present.get(pk)),
            )  # fmt: skip


def _present_cells(now: decision_queries.Present | None) -> tuple[object, ...]:
    if now is None:
        return ()
    won_now = "" if now.grant_won is None else now.grant_won
    return (now.label, won_now, now.at if now.changed else "")
