"""Staff screen of awards."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.access.requests import person
from portal.core.money import won
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from vouchers.models import AwardRound
from vouchers.services.rewards import awards
from vouchers.states import AwardRoundMoves, AwardRoundState
from vouchers.visibility import DESK

AWARD_TONES = {
    AwardRoundState.PROPOSED: "info",
    AwardRoundState.APPROVED: "warning",
    AwardRoundState.PAID: "success",
    AwardRoundState.DISCARDED: "neutral",
}


def approve(
    request: HttpRequest, award_round: AwardRound, data: dict[str, Any], at: datetime
) -> None:
    awards.approve(award_round, by=person(request), now=at)


def pay(request: HttpRequest, award_round: AwardRound, data: dict[str, Any], at: datetime) -> int:
    return awards.pay(award_round, by=person(request), now=at)


def discard(
    request: HttpRequest, award_round: AwardRound, data: dict[str, Any], at: datetime
) -> None:
    awards.discard(award_round, by=person(request), now=at, **data)


def is_second_person(request: HttpRequest, award_round: AwardRound) -> bool:
    return award_round.proposed_by_id != request.user.pk


@admin.register(AwardRound)
class AwardRoundAdmin(WorkflowAdmin):
    read_roles = sorted(DESK)
    page_template = "admin/vouchers/rewards/awards.html"
    list_display = ["round", "pool", "state", "proposed_by", "proposed_at", "approved_by"]
    list_filter = ["state"]
    list_select_related = ["round", "proposed_by", "approved_by"]
    ordering = ["-pk"]
    sorts = [Sort("proposed_at")]
    acts = [
        Act(
            "approve",
            "시상 승인",
            approve,
            done="시상을 승인했습니다. 인센티브 총액을 예산에서 따로 떼어 두었습니다.",
            move=AwardRoundMoves.APPROVE,
            show=is_second_person,
            intro="시상안을 만든 사람이 아닌 다른 사람이 승인합니다.",
        ),
        Act(
            "pay",
            "인센티브 지급",
            pay,
            done=lambda paid: f"인센티브 {won(paid)}을 지급했습니다. 표창장은 곧 만들어집니다.",
            move=AwardRoundMoves.PAY,
            intro="한 번만 지급할 수 있고 되돌릴 수 없습니다.",
        ),
        Act(
            "discard",
            "시상안 폐기",
            discard,
            done="시상안을 폐기했습니다.",
            move=AwardRoundMoves.DISCARD,
            form=note_form(max_length=300),
            danger=True,
        ),
    ]

    def page(self, request: HttpRequest, award_round: AwardRound) -> dict[str, Any]:
        rows = list(award_round.awards.select_related("monitor__user", "certificate"))
        return {
            "title": str(award_round),
            "state_badge": badge(
                award_round.get_state_display(),
                tone=AWARD_TONES[AwardRoundState(award_round.state)],
            ),
            "awards": rows,
            "sum": sum(row.amount_won for row in rows),
            "moves": history(award_round),
        }

    @admin.display(description="총액")
    def pool(self, award_round: AwardRound) -> str:
        return won(award_round.pool_won)
