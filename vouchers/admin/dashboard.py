"""The operator's money desk: fees, awards out of the pool, books, and the dashboard of a round."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse

from portal.access.roles import roles_of
from portal.core.clock import now
from portal.core.money import won
from portal.paper import tables
from portal.staff.acts import Act, WorkflowAdmin
from portal.staff.forms import note_form
from portal.uploads import files
from vouchers.models import ReportBook, ReportPlan
from vouchers.queries import dashboard
from vouchers.queries.rewards import activity
from vouchers.roles import PANEL_OPERATOR
from vouchers.services import books
from vouchers.services.rewards import awards as awards_services
from vouchers.services.rewards import fees
from vouchers.states import AwardRoundState, Category
from vouchers.visibility import DESK

READERS = sorted(DESK)


ReasonForm = note_form(max_length=300)


class BookForm(forms.Form):
    """Of which field."""

    category = forms.ChoiceField(label="분야", choices=Category.choices)


def propose_awards(request: HttpRequest, plan: ReportPlan, data: Any, at: datetime) -> str:
    """Propose the awards of the round."""
    made = awards_services.propose(plan.round, by=request.user, now=at)
    return f"시상안을 만들었습니다: {made.awards.count()}명, {won(made.pool_won)}"


def pay_fees(request: HttpRequest, plan: ReportPlan, data: Any, at: datetime) -> str:
    """Pay every open fee."""
    count, total = fees.pay_due(plan.round, by=request.user, now=at)
    return f"원고료 {count}건, {won(total)}을 지급했습니다."


def make_book(request: HttpRequest, plan: ReportPlan, data: Any, at: datetime) -> str:
    """Ask for a book."""
    book = books.request_book(plan.round, by=request.user, now=at, **data)
    return f"보고서집을 만듭니다: {book}" if not book.issued_at else f"이미 만든 판입니다: {book}"


def unawarded(request: HttpRequest, plan: ReportPlan) -> bool:
    """No proposal stands yet."""
    return not plan.round.award_rounds.exclude(state=AwardRoundState.DISCARDED).exists()


@admin.register(ReportPlan)
class ReportPlanAdmin(WorkflowAdmin):
    """A round's rules of reports; its page is the operator's dashboard."""

    read_roles = READERS
    page_template = "admin/vouchers/dashboard/round.html"
    list_display = ["round", "comment_days", "correction_days", "similarity_percent"]
    list_select_related = ["round"]
    ordering = ["-pk"]
    acts = [
        Act(
            "pay-fees",
            "원고료 모두 지급",
            pay_fees,
            roles=[PANEL_OPERATOR],
            intro="채택된 보고서의 원고료를 오래된 것부터 지급합니다. 제외된 단원의 것은 남겨 둡니다.",
        ),
        Act(
            "propose-awards",
            "시상안 만들기",
            propose_awards,
            roles=[PANEL_OPERATOR],
            show=unawarded,
            intro="지금의 활동 점수로 순위를 정하고 인센티브 총액을 1원까지 나눕니다. "
            "내지 않은 보고서는 0점으로 세므로 활동 마감이 지난 뒤에 만드세요.",
        ),
        Act("book", "보고서집 만들기", make_book, roles=[PANEL_OPERATOR], form=BookForm),
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the tables to take away and the books."""
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/scores/", wrap(self.scores_view), name="vouchers_reportplan_scores"),
            path("<int:pk>/scores.csv", wrap(self.csv_view), name="vouchers_reportplan_csv"),
            path("book/<int:pk>/", wrap(self.book_view), name="vouchers_reportplan_book"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportPlan]:
        """All, with their rounds and pots."""
        return (
            super()
            .get_queryset(request)
            .select_related("round__fee_pot", "round__award_pot", "round__plan")
        )

    def page(self, request: HttpRequest, thing: ReportPlan) -> dict[str, Any]:
        """How the round stands, in charts and tables."""
        return {
            "title": f"운영 현황: {thing.round}",
            **dashboard.of_round(thing.round, now()),
            "books": thing.round.books.order_by("category", "-number"),
        }

    def scores_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Every member's score with its parts."""
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

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The scores as a table to take away; who took it is kept."""
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
        return tables.table(request, ReportPlan, "활동 점수", header, rows, at=now())

    def book_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Hand out a book, also one that the public no longer gets."""
        book = ReportBook.objects.filter(pk=pk, issued_at__isnull=False).first()
        if book is None or not self.has_view_permission(request):
            messages.error(request, "아직 만들지 않은 보고서집입니다.")
            return redirect(reverse("admin:vouchers_reportplan_changelist"))
        return files.serve(book.file, filename=f"{book}.pdf", content_type="application/pdf")
