"""The operator's money desk: fees, awards out of the pool, books, and the dashboard of a round."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from portal.access.roles import PANEL_OPERATOR, roles_of
from portal.core.clock import now
from portal.core.money import won
from portal.paper import tables
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.lists import ReadOnlyAdmin
from portal.templatetags.portal import badge, kst
from portal.uploads import files
from vouchers.models import AwardRound, ReportBook, ReportFee, ReportPlan
from vouchers.queries import activity, dashboard
from vouchers.services import fees, publishing, rewarding
from vouchers.states import AwardRoundState, Category, FeeOutcome
from vouchers.visibility import DESK

READERS = sorted(DESK)
AWARD_TONES = {
    AwardRoundState.PROPOSED: "info",
    AwardRoundState.APPROVED: "warning",
    AwardRoundState.PAID: "success",
    AwardRoundState.DISCARDED: "neutral",
}


class ReasonForm(forms.Form):
    """Why."""

    note = forms.CharField(label="사유", max_length=300, widget=forms.Textarea({"rows": 3}))


class BookForm(forms.Form):
    """Of which field."""

    category = forms.ChoiceField(label="분야", choices=Category.choices)


# --- Fees ----------------------------------------------------------------------------------------


def pay(request: HttpRequest, fee: ReportFee, data: Any, at: datetime) -> str:
    """Pay one."""
    fees.pay(fee, by=request.user, now=at)
    return f"{won(fee.amount_won)}을 지급했습니다."


def withhold(request: HttpRequest, fee: ReportFee, data: Any, at: datetime) -> str:
    """Do not pay one."""
    fees.withhold(fee, by=request.user, now=at, **data)
    return "지급하지 않기로 하고 예산에 되돌렸습니다."


def unsettled(request: HttpRequest, fee: ReportFee) -> bool:
    """Neither paid nor withheld."""
    return not hasattr(fee, "settlement")


class Settled(admin.SimpleListFilter):
    """Fees by what became of them."""

    title = "처리"
    parameter_name = "settled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Open, paid, withheld."""
        return [("open", "처리 전"), *FeeOutcome.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReportFee]) -> QuerySet[ReportFee]:
        """Filter."""
        if self.value() == "open":
            return queryset.filter(settlement=None)
        return queryset.filter(settlement__outcome=self.value()) if self.value() else queryset


@admin.register(ReportFee)
class ReportFeeAdmin(WorkflowAdmin):
    """Fees of accepted reports."""

    read_roles = READERS
    list_display = ["service", "member", "name", "amount", "earned", "status"]
    list_filter = [Settled, "report__assignment__round"]
    fields = ["report", "amount_won", "earned_at"]
    ordering = ["-pk"]
    acts = [
        Act("pay", "원고료 지급", pay, roles=[PANEL_OPERATOR], show=unsettled),
        Act(
            "withhold",
            "지급하지 않음",
            withhold,
            roles=[PANEL_OPERATOR],
            form=ReasonForm,
            show=unsettled,
            danger=True,
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportFee]:
        """All, with what the list shows."""
        return (
            super()
            .get_queryset(request)
            .select_related(
                "settlement",
                "report__assignment__service",
                "report__assignment__monitor__user",
                "report__assignment__round__fee_pot",
            )
        )

    @admin.display(description="서비스")
    def service(self, fee: ReportFee) -> str:
        """For which report."""
        return fee.report.assignment.service.name

    @admin.display(description="단원")
    def member(self, fee: ReportFee) -> str:
        """Whose."""
        return str(fee.report.assignment.monitor)

    @admin.display(description="이름")
    def name(self, fee: ReportFee) -> str:
        """By name: whoever pays must know."""
        return fee.report.assignment.monitor.user.name

    @admin.display(description="금액")
    def amount(self, fee: ReportFee) -> str:
        """How much."""
        return won(fee.amount_won)

    @admin.display(description="발생")
    def earned(self, fee: ReportFee) -> str:
        """Since when."""
        return kst(fee.earned_at)

    @admin.display(description="상태")
    def status(self, fee: ReportFee) -> SafeString:
        """What became of it."""
        settled = getattr(fee, "settlement", None)
        if settled is None:
            return badge("지급 예정", tone="info")
        tone = "success" if settled.outcome == FeeOutcome.PAID else "neutral"
        return badge(settled.get_outcome_display(), tone=tone)


# --- Awards --------------------------------------------------------------------------------------


def approve(request: HttpRequest, awards: AwardRound, data: Any, at: datetime) -> str:
    """Approve."""
    rewarding.approve(awards, by=request.user, now=at)
    return "시상을 승인했습니다. 인센티브 총액을 예산에서 따로 떼어 두었습니다."


def pay_awards(request: HttpRequest, awards: AwardRound, data: Any, at: datetime) -> str:
    """Pay."""
    paid = rewarding.pay(awards, by=request.user, now=at)
    return f"인센티브 {won(paid)}을 지급했습니다. 표창장은 곧 만들어집니다."


def discard(request: HttpRequest, awards: AwardRound, data: Any, at: datetime) -> str:
    """Throw away."""
    rewarding.discard(awards, by=request.user, now=at, **data)
    return "시상안을 폐기했습니다."


def second_person(request: HttpRequest, awards: AwardRound) -> bool:
    """Not whoever proposed it."""
    return awards.proposed_by_id != request.user.pk


@admin.register(AwardRound)
class AwardRoundAdmin(WorkflowAdmin):
    """Awards of a round: proposed, approved by a second person, paid once."""

    read_roles = READERS
    page_template = "admin/vouchers/awardround/change_form.html"
    list_display = ["round", "pool", "state", "proposed_by", "proposed_at", "approved_by"]
    list_select_related = ["round", "proposed_by", "approved_by"]
    ordering = ["-pk"]
    acts = [
        Act(
            "approve",
            "시상 승인",
            approve,
            move="approve",
            show=second_person,
            intro="시상안을 만든 사람이 아닌 다른 사람이 승인합니다.",
        ),
        Act(
            "pay",
            "인센티브 지급",
            pay_awards,
            move="pay",
            intro="한 번만 지급할 수 있고 되돌릴 수 없습니다.",
        ),
        Act("discard", "시상안 폐기", discard, move="discard", form=ReasonForm, danger=True),
    ]

    def page(self, request: HttpRequest, thing: AwardRound) -> dict[str, Any]:
        """Every award with its reckoning, and that the sum is the pool."""
        awards = list(thing.awards.select_related("monitor__user", "certificate"))
        return {
            "title": str(thing),
            "state_badge": badge(
                thing.get_state_display(), tone=AWARD_TONES[AwardRoundState(thing.state)]
            ),
            "awards": awards,
            "sum": sum(row.amount_won for row in awards),
            "moves": history(thing),
        }

    @admin.display(description="총액")
    def pool(self, awards: AwardRound) -> str:
        """How much."""
        return won(awards.pool_won)


# --- Books ---------------------------------------------------------------------------------------


@admin.register(ReportBook)
class ReportBookAdmin(ReadOnlyAdmin):
    """Books of published reports."""

    read_roles = READERS
    list_display = ["__str__", "reports", "pages", "requested_at", "issued_at"]
    list_filter = ["category"]
    list_select_related = ["round"]
    fields = ["round", "category", "number", "reports", "pages", "sha256", "content_sha256"]
    fields += ["requested_by", "requested_at", "issued_at"]
    ordering = ["-pk"]


# --- The dashboard -------------------------------------------------------------------------------


def propose_awards(request: HttpRequest, plan: ReportPlan, data: Any, at: datetime) -> str:
    """Propose the awards of the round."""
    made = rewarding.propose(plan.round, by=request.user, now=at)
    return f"시상안을 만들었습니다: {made.awards.count()}명, {won(made.pool_won)}"


def pay_fees(request: HttpRequest, plan: ReportPlan, data: Any, at: datetime) -> str:
    """Pay every open fee."""
    count, total = fees.pay_due(plan.round, by=request.user, now=at)
    return f"원고료 {count}건, {won(total)}을 지급했습니다."


def make_book(request: HttpRequest, plan: ReportPlan, data: Any, at: datetime) -> str:
    """Ask for a book."""
    book = publishing.request_book(plan.round, by=request.user, now=at, **data)
    return f"보고서집을 만듭니다: {book}" if not book.issued_at else f"이미 만든 판입니다: {book}"


def unawarded(request: HttpRequest, plan: ReportPlan) -> bool:
    """No proposal stands yet."""
    return not plan.round.award_rounds.exclude(state=AwardRoundState.DISCARDED).exists()


@admin.register(ReportPlan)
class ReportPlanAdmin(WorkflowAdmin):
    """A round's rules of reports; its page is the operator's dashboard."""

    read_roles = READERS
    page_template = "admin/vouchers/reportplan/change_form.html"
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
        plan = self.own(request, pk)
        rows = sorted(
            activity.scores(plan.round).items(), key=lambda row: (-row[1].total, row[0].number)
        )
        return self.shown(
            request,
            plan,
            "admin/vouchers/reportplan/scores.html",
            title=f"활동 점수: {plan.round}",
            rows=rows,
            buttons=[],
        )

    def csv_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The scores as a table to take away; who took it is kept."""
        plan = self.own(request, pk)
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
