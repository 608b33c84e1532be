"""Awards."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.templatetags.components import badge
from vouchers.admin.dashboard import READERS, ReasonForm
from vouchers.models import AwardRound
from vouchers.services.rewards import awards as awards_services
from vouchers.states import AwardRoundMoves, AwardRoundState

AWARD_TONES = {
    AwardRoundState.PROPOSED: "info",
    AwardRoundState.APPROVED: "warning",
    AwardRoundState.PAID: "success",
    AwardRoundState.DISCARDED: "neutral",
}


def approve(request: HttpRequest, awards: AwardRound, data: Any, at: datetime) -> str:
    """Approve."""
    awards_services.approve(awards, by=request.user, now=at)
    return "시상을 승인했습니다. 인센티브 총액을 예산에서 따로 떼어 두었습니다."


def pay_awards(request: HttpRequest, awards: AwardRound, data: Any, at: datetime) -> str:
    """Pay."""
    paid = awards_services.pay(awards, by=request.user, now=at)
    return f"인센티브 {won(paid)}을 지급했습니다. 표창장은 곧 만들어집니다."


def discard(request: HttpRequest, awards: AwardRound, data: Any, at: datetime) -> str:
    """Throw away."""
    awards_services.discard(awards, by=request.user, now=at, **data)
    return "시상안을 폐기했습니다."


def second_person(request: HttpRequest, awards: AwardRound) -> bool:
    """Not whoever proposed it."""
    return awards.proposed_by_id != request.user.pk


@admin.register(AwardRound)
class AwardRoundAdmin(WorkflowAdmin):
    """Awards of a round: proposed, approved by a second person, paid once."""

    read_roles = READERS
    page_template = "admin/vouchers/rewards/awards.html"
    list_display = ["round", "pool", "state", "proposed_by", "proposed_at", "approved_by"]
    list_select_related = ["round", "proposed_by", "approved_by"]
    ordering = ["-pk"]
    acts = [
        Act(
            "approve",
            "시상 승인",
            approve,
            move=AwardRoundMoves.APPROVE,
            show=second_person,
            intro="시상안을 만든 사람이 아닌 다른 사람이 승인합니다.",
        ),
        Act(
            "pay",
            "인센티브 지급",
            pay_awards,
            move=AwardRoundMoves.PAY,
            intro="한 번만 지급할 수 있고 되돌릴 수 없습니다.",
        ),
        Act(
            "discard",
            "시상안 폐기",
            discard,
            move=AwardRoundMoves.DISCARD,
            form=ReasonForm,
            danger=True,
        ),
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
