"""Staff screen of corrections: verification, request, confirmation."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from portal.access.requests import person
from portal.staff.acts import Act, WorkflowAdmin, history
from portal.staff.forms import note_form
from portal.staff.sorting import Sort
from portal.templatetags.components import badge
from portal.templatetags.dates import due, kst
from vouchers.models import Correction
from vouchers.services import corrections
from vouchers.states import CorrectionMoves, CorrectionState
from vouchers.visibility import STAFF, staff_corrections

FINDING = note_form(
    "finding",
    label="확인한 내용",
    max_length=2_000,
    rows=5,
    help_text="공급기업과 국민이 그대로 읽습니다.",
)
REQUEST = note_form(
    "wanted",
    label="시정 요청",
    max_length=2_000,
    rows=5,
    help_text="무엇을 고쳐야 하는지 적어 주세요. 기한은 회차의 운영 기준에 따라 정해집니다.",
)
NOTE = note_form(label="확인 내용", max_length=1_000, rows=4)
TONES = {
    CorrectionState.RAISED: "info",
    CorrectionState.DISMISSED: "neutral",
    CorrectionState.VERIFIED: "info",
    CorrectionState.ASKED: "warning",
    CorrectionState.ANSWERED: "info",
    CorrectionState.FIXED: "success",
    CorrectionState.SUSPENDED: "danger",
}


def verify(request: HttpRequest, case: Correction, data: dict[str, Any], at: datetime) -> None:
    corrections.verify(case, by=person(request), now=at, **data)


def dismiss(request: HttpRequest, case: Correction, data: dict[str, Any], at: datetime) -> None:
    corrections.dismiss(case, by=person(request), now=at, **data)


def request_correction(
    request: HttpRequest, case: Correction, data: dict[str, Any], at: datetime
) -> Correction:
    corrections.request(case, text=data["wanted"], by=person(request), now=at)
    return case


def request_again(
    request: HttpRequest, case: Correction, data: dict[str, Any], at: datetime
) -> Correction:
    corrections.request_again(case, text=data["wanted"], by=person(request), now=at)
    return case


def fix(request: HttpRequest, case: Correction, data: dict[str, Any], at: datetime) -> None:
    corrections.fix(case, by=person(request), now=at, **data)


def fail(request: HttpRequest, case: Correction, data: dict[str, Any], at: datetime) -> None:
    corrections.fail(case, by=person(request), now=at, **data)


@admin.register(Correction)
class CorrectionAdmin(WorkflowAdmin):
    read_roles = sorted(STAFF)
    page_template = "admin/vouchers/corrections/correction.html"
    list_display = ["service", "kind", "status", "raised", "due", "asked_times"]
    list_filter = ["state", "kind", "service__category"]
    search_fields = ["=service__code"]
    search_help_text = "서비스 번호(전체)"
    ordering = ["-pk"]
    sorts = [Sort("raised")]
    acts = [
        Act(
            "verify",
            "문제 확인",
            verify,
            done="문제를 확인했습니다. 이어서 시정을 요청해 주세요.",
            move=CorrectionMoves.VERIFY,
            form=FINDING,
        ),
        Act(
            "dismiss",
            "해당 없음",
            dismiss,
            done="해당 없음으로 마쳤습니다.",
            move=CorrectionMoves.DISMISS,
            form=NOTE,
            danger=True,
        ),
        Act(
            "ask",
            "시정 요청",
            request_correction,
            done=lambda case: f"시정을 요청했습니다. 기한은 {due(case.due_at)}입니다.",
            move=CorrectionMoves.ASK,
            form=REQUEST,
        ),
        Act(
            "fix",
            "시정 완료 확인",
            fix,
            done="시정 완료를 확인했습니다.",
            move=CorrectionMoves.FIX,
            form=NOTE,
        ),
        Act(
            "ask_again",
            "다시 시정 요청",
            request_again,
            done=lambda case: f"다시 시정을 요청했습니다. 기한은 {due(case.due_at)}입니다.",
            move=CorrectionMoves.ASK_AGAIN,
            form=REQUEST,
            aside=True,
        ),
        Act(
            "fail",
            "미시정 처리",
            fail,
            done="판매 중지를 제안했습니다. 다른 사람이 확정하기 전에는 판매가 이어집니다.",
            move=CorrectionMoves.FAIL,
            form=NOTE,
            danger=True,
            intro="이 서비스의 판매 중지를 제안합니다. 다른 사람이 확정하면 중지되고, 공급기업은 이의를 신청할 수 있습니다.",
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Correction]:
        return staff_corrections(person(request)).select_related("service__supplier")

    def page(self, request: HttpRequest, case: Correction) -> dict[str, Any]:
        return {
            "title": f"시정: {case.service.name}",
            "state_badge": badge(case.get_state_display(), tone=TONES[CorrectionState(case.state)]),
            "issues": case.issues.select_related("raised_by"),
            "answers": case.answers.prefetch_related("evidence"),
            "moves": history(case),
        }

    @admin.display(description="상태")
    def status(self, case: Correction) -> SafeString:
        return badge(case.get_state_display(), tone=TONES[CorrectionState(case.state)])

    @admin.display(description="제기")
    def raised(self, case: Correction) -> str:
        return kst(case.raised_at)

    @admin.display(description="기한")
    def due(self, case: Correction) -> str:
        return due(case.due_at)
