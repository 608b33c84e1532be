"""Staff dashboard of a round: counts, money, scores, books."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from portal.access.requests import person
from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.errors import MoveNotAllowed
from portal.core.money import won
from portal.paper import workbooks
from portal.staff.acts import Act, WorkflowAdmin
from portal.uploads import files
from vouchers.models import AwardRound, ReportBook, ReportPlan
from vouchers.queries import dashboard
from vouchers.queries.rewards import activity
from vouchers.roles import PANEL_OPERATOR
from vouchers.services import books
from vouchers.services.rewards import awards, fees
from vouchers.states import AwardRoundState, Category
from vouchers.visibility import DESK


class BookForm(forms.Form):
    category = forms.ChoiceField(label="분야", choices=Category.choices)


def propose_awards(
    request: HttpRequest, plan: ReportPlan, data: dict[str, Any], at: datetime
) -> AwardRound:
    return awards.propose(plan.round, by=person(request), now=at)


def pay_fees(
    request: HttpRequest, plan: ReportPlan, data: dict[str, Any], at: datetime
) -> tuple[int, int]:
    count, total = fees.pay_due(plan.round, by=person(request), now=at)
    if not count:
        raise MoveNotAllowed("지급할 원고료가 없습니다.", code="no_open_fees")
    return count, total


def request_book(
    request: HttpRequest, plan: ReportPlan, data: dict[str, Any], at: datetime
) -> ReportBook:
    book = books.request(plan.round, by=person(request), now=at, **data)
    if book.issued_at:
        raise MoveNotAllowed(f"이미 만든 판입니다: {book}", code="book_exists")
    return book


def unawarded(request: HttpRequest, plan: ReportPlan) -> bool:
    return not plan.round.award_rounds.exclude(state=AwardRoundState.DISCARDED).exists()


@admin.register(ReportPlan)
class ReportPlanAdmin(WorkflowAdmin):
    """The report rules of a round; the page of one is its dashboard."""

    read_roles = sorted(DESK)
    page_template = "admin/vouchers/dashboard/round.html"
    list_display = ["round", "comment_days", "correction_days", "similarity_percent"]
    list_select_related = ["round"]
    ordering = ["-pk"]
    acts = [
        Act(
            "pay-fees",
            "원고료 모두 지급",
            pay_fees,
            done=lambda paid: f"원고료 {paid[0]}건, {won(paid[1])}을 지급했습니다.",
            roles=[PANEL_OPERATOR],
            intro="채택된 보고서의 원고료를 오래된 것부터 지급합니다. 제외된 단원의 것은 남겨 둡니다.",
        ),
        Act(
            "propose-awards",
            "시상안 만들기",
            propose_awards,
            done=lambda made: (
                f"시상안을 만들었습니다: {made.awards.count()}명, {won(made.pool_won)}"
            ),
            roles=[PANEL_OPERATOR],
            show=unawarded,
            intro="지금의 활동 점수로 순위를 정하고 인센티브 총액을 1원까지 나눕니다. "
            "내지 않은 보고서는 0점으로 세므로 활동 마감이 지난 뒤에 만드세요.",
        ),
        Act(
            "book",
            "보고서집 만들기",
            request_book,
            done=lambda book: f"보고서집을 만듭니다: {book}",
            roles=[PANEL_OPERATOR],
            form=BookForm,
        ),
    ]

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/scores/", wrap(self.scores_view), name="vouchers_reportplan_scores"),
            path("<int:pk>/scores.csv", wrap(self.csv_view), name="vouchers_reportplan_csv"),
            path("book/<int:pk>/", wrap(self.book_view), name="vouchers_reportplan_book"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportPlan]:
        return (
            super()
            .get_queryset(request)
            .select_related("round__fee_pot", "round__award_pot", "round__plan")
        )

    def page(self, request: HttpRequest, plan: ReportPlan) -> dict[str, Any]:
        return {
            "title": f"운영 현황: {plan.round}",
            **dashboard.of_round(plan.round, now()),
            "books": plan.round.books.order_by("category", "-number"),
        }

    def scores_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        plan = self.get_or_404(request, pk)
        rows = sorted(
            activity.scores(plan.round).items(), key=lambda row: (-row[1].total, row[0].number)
        )
        return self.render(
            request,
            plan,
            "admin/vouchers/dashboard/scores.html",
            title=f"활동 점수: {plan.round}",
            rows=rows,
            buttons=[],
        )

    def csv_view(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        plan = self.get_or_404(request, pk)
        if not roles_of(request.user) & DESK:
            raise Http404
        header = [
            "단원 번호",
            "구분",
            "상태",
            "배정",
            "채택",
            "기한 준수",
            "충실도",
            "활용도",
            "활동 점수",
        ]
        rows = (
            (
                member.number,
                member.get_kind_display(),
                member.get_state_display(),
                score.assigned,
                score.accepted,
                *(line.points for line in score.lines),
                score.total,
            )
            for member, score in activity.scores(plan.round).items()
        )
        return workbooks.table(request, ReportPlan, "활동 점수", header, rows, at=now())

    # Also a book with a report that was retracted since, which the public no longer gets.
    def book_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        book = ReportBook.objects.filter(pk=pk, issued_at__isnull=False).first()
        if book is None or not self.has_view_permission(request):
            messages.error(request, "아직 만들지 않은 보고서집입니다.")
            return redirect(reverse("admin:vouchers_reportplan_changelist"))
        return files.serve(book.file, filename=f"{book}.pdf", content_type="application/pdf")
