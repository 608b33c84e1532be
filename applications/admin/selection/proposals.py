"""Score runs and selections: started here, followed by their jobs, read as a ranked list."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from applications.admin.application.status import NoteForm
from applications.admin.assessment.scoring import proposal_form
from applications.admin.selection.changes import ChangeForm
from applications.admin.selection.changes import propose as propose_change
from applications.models import Application, Decision, ScoreResult, Selection
from applications.queries.selection import aid
from applications.services.selection import letters as letters_services
from applications.services.selection import proposals, reserve
from applications.states import Outcome, SelectionMoves, SelectionState
from applications.visibility import selections_of
from portal.core.clock import now
from portal.core.errors import NotFound
from portal.core.money import won
from portal.core.validators import row_number
from portal.paper import tables
from portal.staff.acts import Act, history
from portal.staff.jobs import JobProgressAdmin
from portal.templatetags.components import badge
from portal.templatetags.dates import kst
from portal.templatetags.values import business_number
from programs.roles import MANAGER, OFFICER, STAFF_READERS

PAGE = 100


LETTERS = 20


AT_ONCE = 5_000  # decisions made within a request; more are a job's


TONES = {
    SelectionState.PREPARING: "info",
    SelectionState.PROPOSED: "warning",
    SelectionState.CONFIRMED: "warning",
    SelectionState.DECIDED: "warning",
    SelectionState.RELEASED: "success",
    SelectionState.DISCARDED: "neutral",
}


WHY = {
    "budget": "남은 예산으로는 다음 순위를 선정할 수 없어 여기까지 선정합니다.",
    "quota": "선정 수가 모두 차서 여기까지 선정합니다.",
    "end": "기준점수 이상인 신청을 모두 선정합니다.",
}


WORDS = {"budget": "예산", "quota": "모집 규모", "end": "기준점수 이상 전원"}


def confirm(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Confirm the proposal."""
    proposals.confirm(thing, by=request.user, now=at)
    return "선정안을 확인했습니다. 이제 결정권자가 승인할 수 있습니다."


def unconfirm(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Take the confirmation back."""
    proposals.unconfirm(thing, by=request.user, now=at, **data)
    return "확인을 되돌렸습니다."


def revise(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Replace the proposal by one with other places."""
    made = proposals.revise(thing, by=request.user, now=at, **data)
    return f"이 선정안을 폐기하고 선정안 #{made.pk}을(를) 만들고 있습니다. 확인부터 다시 합니다."


def revision_form(request: HttpRequest, thing: Selection) -> type[forms.Form]:
    """Other places, and why."""
    return type("RevisionForm", (proposal_form(request, thing.run), NoteForm), {})


def decide(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Approve as confirmed."""
    if thing.cut.get("counted", 0) > AT_ONCE:
        proposals.schedule(thing, "decide", by=request.user, now=at)
        return "승인 처리를 시작했습니다. 끝나면 이 화면에 나타납니다."
    proposals.decide(thing, by=request.user, now=at)
    return "선정을 승인하고 예산을 잡았습니다. 발표하기 전에는 신청기업에 보이지 않습니다."


def undecide(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Take the decision back."""
    if thing.cut.get("counted", 0) > AT_ONCE:
        proposals.schedule(thing, "undecide", by=request.user, now=at, **data)
        return "승인을 되돌리기 시작했습니다. 끝나면 이 화면에 나타납니다."
    proposals.undecide(thing, by=request.user, now=at, **data)
    return "승인과 확인을 되돌리고 잡아 둔 예산을 풀었습니다."


def release(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Make it public."""
    proposals.schedule_release(thing, by=request.user, now=at)
    return "결과 발표를 시작했습니다. 모든 결과가 한꺼번에 공개되고 알림이 이어집니다."


def discard(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Throw it away."""
    proposals.discard(thing, by=request.user, now=at, **data)
    return "선정안을 폐기했습니다."


def fill(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Let the reserve list move up."""
    opened = reserve.fill(thing.sub_program, by=request.user, now=at)
    if not opened:
        return "지금은 승계할 수 있는 예비가 없습니다. 자리나 예산이 비어야 합니다."
    return f"예비 승계 {len(opened):,}건을 제안했습니다. ‘결정 변경’에서 결정권자가 승인합니다."


class WhichForm(ChangeForm):
    """Which application's decision."""

    field_order = ["number"]
    number = forms.CharField(label="접수번호", max_length=40)


def change(request: HttpRequest, thing: Selection, data: dict[str, Any], at: datetime) -> str:
    """Propose to change one released decision of this selection."""
    found = Application.objects.filter(
        number=data.pop("number").strip(), decisions__selection=thing
    ).first()
    if found is None:
        raise NotFound("이 선정에 그 접수번호가 없습니다.")
    return propose_change(request, found, data, at)


@admin.register(Selection)
class SelectionAdmin(JobProgressAdmin):
    """Ranked lists with their cut-off line."""

    read_roles = STAFF_READERS
    page_template = "admin/applications/selection/proposals_page.html"
    list_display = ["name", "state_label", "chosen", "amount", "stopped", "requested", "released"]
    list_filter = ["state"]
    acts = [
        Act(
            "confirm",
            "선정안 확인",
            confirm,
            move=SelectionMoves.CONFIRM,
            intro="순위와 선정선, 지원금을 확인했다는 뜻입니다. 다른 사람인 결정권자가 승인하면 결정됩니다.",
        ),
        Act(
            "decide",
            "선정 승인",
            decide,
            move=SelectionMoves.DECIDE,
            show=lambda request, thing: thing.confirmed_by_id != request.user.pk,
            intro="확인한 선정안을 승인하고 선정된 신청의 지원금을 예산에서 잡습니다. 예산이 모자라면 아무것도 바뀌지 않습니다.",
        ),
        Act(
            "release",
            "결과 발표",
            release,
            move=SelectionMoves.RELEASE,
            intro="모든 신청의 결과를 한꺼번에 공개하고 신청기업마다 알림을 한 통씩 보냅니다. 되돌릴 수 없습니다.",
        ),
        Act(
            "revise",
            "선정 수 바꾸기",
            revise,
            move=SelectionMoves.DISCARD,
            form=revision_form,
            show=lambda request, thing: thing.state != SelectionState.PREPARING,
            intro="이 선정안을 폐기하고 새 선정안을 만듭니다. 확인과 승인을 처음부터 다시 합니다.",
        ),
        Act(
            "unconfirm",
            "확인 되돌리기",
            unconfirm,
            move=SelectionMoves.UNCONFIRM,
            form=NoteForm,
            danger=True,
        ),
        Act(
            "fill",
            "예비 승계 제안",
            fill,
            roles=[OFFICER],
            show=lambda request, thing: thing.state == SelectionState.RELEASED,
            intro="빈자리와 남은 예산 안에서 예비를 순위대로 올립니다. 다음 순위가 예산에 맞지 않으면 건너뛰지 않고 멈춥니다.",
        ),
        Act(
            "change",
            "결정 변경 제안",
            change,
            roles=[OFFICER, MANAGER],
            form=WhichForm,
            show=lambda request, thing: thing.state == SelectionState.RELEASED,
        ),
        Act(
            "undecide",
            "승인 되돌리기",
            undecide,
            move=SelectionMoves.UNDECIDE,
            form=NoteForm,
            danger=True,
        ),
        Act(
            "discard",
            "선정안 폐기",
            discard,
            move=SelectionMoves.DISCARD,
            form=NoteForm,
            danger=True,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the ranked list to take away."""
        page = self.admin_site.admin_view(self.export_view)
        letters = self.admin_site.admin_view(self.letters_view)
        return [
            path("<int:pk>/export/", page, name="applications_selection_export"),
            path("<int:pk>/letters/", letters, name="applications_selection_letters"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Selection]:
        """Of the own sub-programmes."""
        return selections_of(request.user).select_related(
            "sub_program__round",
            "sub_program__pot",
            "run",
            "job",
            "requested_by",
            "confirmed_by",
            "decided_by",
        )

    def page(self, request: HttpRequest, thing: Selection) -> dict[str, Any]:
        """The ranked list, a hundred at a time."""
        return {
            "state_badge": badge(thing.get_state_display(), tone=TONES[thing.state]),
            "why": WHY.get(thing.cut.get("stopped_by", ""), ""),
            **ranked_page(thing, request.GET.get("p", "1")),
            "moves": history(thing),
            **self.job_context(thing),
        }

    def letters_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The letters of the release as they will go out: searched by number, or page by page."""
        thing = self.get_or_404(request, pk)
        wanted, term = request.GET.get("p", "1"), request.GET.get("q", "").strip()
        decisions = letters_services.announced(thing).order_by("rank").select_related("application")
        total = decisions.count()
        if term:
            decisions = decisions.filter(application__number=term)
        number = min(max(row_number(wanted) or 1, 1), max(1, -(-total // LETTERS)))
        rows = list(decisions[(number - 1) * LETTERS : number * LETTERS])
        context = {
            "title": "보낼 알림 미리보기",
            "term": term,
            "decisions": total,
            "reachable": letters_services.reachable(thing),
            "letters": letters_services.letters(thing, rows, now=now()),
            "previous": number - 1 if number > 1 else 0,
            "next": number + 1 if not term and number * LETTERS < total else 0,
        }
        template = "admin/applications/selection/letters.html"
        return self.render(request, thing, template, **context)

    def export_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The ranked list as a table."""
        thing = self.get_or_404(request, pk)
        header = ["순위", "접수번호", "기업명", "사업자등록번호", "평가점수", "가점", "합계"]
        header += ["신청 지원금(원)", "선정 지원금(원)", "누적 지원금(원)", "결과", "사유"]
        name = f"선정{thing.pk}_순위"
        return tables.table(request, Selection, name, header, _lines(thing), at=now())

    @admin.display(description="선정")
    def name(self, thing: Selection) -> str:
        """Which."""
        return str(thing)

    @admin.display(description="상태")
    def state_label(self, thing: Selection) -> SafeString:
        """The state in words and colour."""
        return badge(thing.get_state_display(), tone=TONES[thing.state])

    @admin.display(description="선정 건수")
    def chosen(self, thing: Selection) -> str:
        """How many are above the line."""
        count = thing.cut.get("selected_count")
        return "" if count is None else f"{count:,}건"

    @admin.display(description="선정 지원금")
    def amount(self, thing: Selection) -> str:
        """Their sum."""
        return won(thing.cut["amount_won"]) if "amount_won" in thing.cut else ""

    @admin.display(description="선정선 기준")
    def stopped(self, thing: Selection) -> str:
        """What drew the line."""
        return WORDS.get(thing.cut.get("stopped_by", ""), "")

    @admin.display(description="요청 시각")
    def requested(self, thing: Selection) -> str:
        """When it was asked for."""
        return kst(thing.requested_at)

    @admin.display(description="발표 시각")
    def released(self, thing: Selection) -> str:
        """When it became public."""
        return kst(thing.released_at)


def ranked_page(thing: Selection, wanted: str) -> dict[str, Any]:
    """One page of the ranked list by rank, whatever its length, with the sum so far."""
    counted = thing.cut.get("counted", 0)
    last = max(1, -(-counted // PAGE))
    number = min(max(row_number(wanted) or 1, 1), last)
    first = (number - 1) * PAGE
    before = thing.decisions.filter(
        previous=None, rank__lte=min(first, thing.cut.get("selected_count", 0))
    )
    spent = before.aggregate(sum=Sum("grant_won"))["sum"] or 0 if first else 0
    decisions = list(_decisions(thing).filter(rank__gt=first, rank__lte=first + PAGE))
    scores = _scores(thing, decisions)
    aided = aid.of_firms({row.application.company_id for row in decisions})
    rows = []
    for decision in decisions:
        spent += decision.grant_won
        row = _row(thing, decision, scores[decision.application_id], spent)
        held = aided.get(decision.application.company_id, [])
        others = sum(one.won for one in held if one.application.pk != decision.application_id)
        rows.append({**row, "aided": others})
    return {
        "rows": rows,
        "counted": counted,
        "page": number,
        "pages": last,
        "previous": f"?p={number - 1}" if number > 1 else "",
        "next": f"?p={number + 1}" if number < last else "",
        "first": first + 1,
        "last": first + len(rows),
    }


def _decisions(thing: Selection) -> QuerySet[Decision]:
    return (
        thing.decisions.filter(previous=None)
        .order_by("rank")
        .select_related("application__company")
    )


def _scores(thing: Selection, decisions: list[Decision]) -> dict[int, ScoreResult]:
    ids = [row.application_id for row in decisions]
    rows = ScoreResult.objects.filter(run=thing.run_id, application__in=ids)
    return {row.application_id: row for row in rows.defer("breakdown")}


def _row(thing: Selection, decision: Decision, score: ScoreResult, spent: int) -> dict[str, Any]:
    tones = {Outcome.SELECTED: "success", Outcome.RESERVE: "info", Outcome.REJECTED: "neutral"}
    return {
        "decision": decision,
        "application": decision.application,
        "score": score,
        "spent": spent if decision.outcome == Outcome.SELECTED else None,
        "badge": badge(decision.get_outcome_display(), tone=tones[Outcome(decision.outcome)]),
        "cut": decision.rank == thing.cut.get("selected_count"),
    }


def _lines(thing: Selection) -> Iterator[tuple[object, ...]]:
    rows = (
        thing.decisions.filter(previous=None, application__results__run=thing.run_id)
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
        )
    )
    spent = 0
    names = dict(Outcome.choices)
    for *head, asked, grant, outcome, reason in rows.iterator(chunk_size=2_000):
        spent += grant
        head[3] = business_number(head[3])
        yield (*head, asked, grant, spent if grant else "", names[outcome], reason)
