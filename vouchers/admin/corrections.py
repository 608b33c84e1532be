"""The agency's desk: what reports find wrong, verified, asked for, answered, put right or not."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.templatetags.components import badge
from portal.templatetags.dates import kst, until
from vouchers.models import Correction
from vouchers.services import corrections
from vouchers.states import CorrectionMoves, CorrectionState
from vouchers.visibility import STAFF, staff_corrections

TONES = {
    CorrectionState.RAISED: "info",
    CorrectionState.DISMISSED: "neutral",
    CorrectionState.VERIFIED: "info",
    CorrectionState.ASKED: "warning",
    CorrectionState.ANSWERED: "info",
    CorrectionState.FIXED: "success",
    CorrectionState.SUSPENDED: "danger",
}


FindingForm = note_form(
    "finding",
    label="확인한 내용",
    max_length=2_000,
    rows=5,
    help_text="공급기업과 국민이 그대로 읽습니다.",
)


RequestForm = note_form(
    "wanted",
    label="시정 요청",
    max_length=2_000,
    rows=5,
    help_text="무엇을 고쳐야 하는지 적어 주세요. 기한은 회차의 운영 기준에 따라 정해집니다.",
)


ReasonForm = note_form(label="확인 내용", max_length=1_000, rows=4)


def verify(request: HttpRequest, case: Correction, data: Any, at: datetime) -> str:
    """Say what was found."""
    corrections.verify(case, by=request.user, now=at, **data)
    return "문제를 확인했습니다. 이어서 시정을 요청해 주세요."


def dismiss(request: HttpRequest, case: Correction, data: Any, at: datetime) -> str:
    """Find nothing wrong."""
    corrections.dismiss(case, by=request.user, now=at, **data)
    return "해당 없음으로 마쳤습니다."


def ask(request: HttpRequest, case: Correction, data: Any, at: datetime) -> str:
    """Ask the supplier."""
    corrections.ask(case, by=request.user, now=at, **data)
    return f"시정을 요청했습니다. 기한은 {until(case.due_at)}입니다."


def ask_again(request: HttpRequest, case: Correction, data: Any, at: datetime) -> str:
    """Ask once more."""
    corrections.ask_again(case, by=request.user, now=at, **data)
    return f"다시 시정을 요청했습니다. 기한은 {until(case.due_at)}입니다."


def fix(request: HttpRequest, case: Correction, data: Any, at: datetime) -> str:
    """Confirm that it was put right."""
    corrections.fix(case, by=request.user, now=at, **data)
    return "시정 완료를 확인했습니다."


def fail(request: HttpRequest, case: Correction, data: Any, at: datetime) -> str:
    """Stop the sale."""
    corrections.fail(case, by=request.user, now=at, **data)
    return "미시정으로 처리하고 판매를 중지했습니다."


@admin.register(Correction)
class CorrectionAdmin(WorkflowAdmin):
    """Cases; the agency alone decides."""

    read_roles = sorted(STAFF)
    page_template = "admin/vouchers/corrections/correction.html"
    list_display = ["service", "kind", "status", "raised", "due", "asked_times"]
    list_filter = ["state", "kind", "service__category"]
    search_fields = ["=service__code"]
    search_help_text = "서비스 번호(전체)"
    ordering = ["-pk"]
    acts = [
        Act("verify", "문제 확인", verify, move=CorrectionMoves.VERIFY, form=FindingForm),
        Act(
            "dismiss",
            "해당 없음",
            dismiss,
            move=CorrectionMoves.DISMISS,
            form=ReasonForm,
            danger=True,
        ),
        Act("ask", "시정 요청", ask, move=CorrectionMoves.ASK, form=RequestForm),
        Act("fix", "시정 완료 확인", fix, move=CorrectionMoves.FIX, form=ReasonForm),
        Act(
            "ask_again",
            "다시 시정 요청",
            ask_again,
            move=CorrectionMoves.ASK_AGAIN,
            form=RequestForm,
        ),
        Act(
            "fail",
            "미시정 처리",
            fail,
            move=CorrectionMoves.FAIL,
            form=ReasonForm,
            danger=True,
            intro="이 서비스의 판매를 중지합니다. 시정을 확인하면 다시 판매할 수 있습니다.",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Correction]:
        """All cases, for staff."""
        return staff_corrections(request.user).select_related("service__supplier")

    def page(self, request: HttpRequest, thing: Correction) -> dict[str, Any]:
        """The case with its issues, answers and history."""
        return {
            "title": f"시정: {thing.service.name}",
            "state_badge": badge(
                thing.get_state_display(), tone=TONES[CorrectionState(thing.state)]
            ),
            "issues": thing.issues.select_related("raised_by"),
            "answers": thing.answers.prefetch_related("evidence"),
            "moves": history(thing),
        }

    @admin.display(description="상태")
    def status(self, case: Correction) -> SafeString:
        """Where it stands."""
        return badge(case.get_state_display(), tone=TONES[CorrectionState(case.state)])

    @admin.display(description="제기")
    def raised(self, case: Correction) -> str:
        """Since when."""
        return kst(case.raised_at)

    @admin.display(description="기한")
    def due(self, case: Correction) -> str:
        """Until when."""
        return until(case.due_at)
