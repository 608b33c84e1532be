"""Public corrections of a service and their progress."""

from typing import Any

from vouchers.models import Correction, Service
from vouchers.states import CorrectionState
from vouchers.visibility import public_corrections


def corrections_of_service(service: Service) -> list[Correction]:
    """Return the public cases of a service, the newest first."""
    return list(public_corrections().filter(service=service).order_by("-pk"))


def steps(case: Correction) -> list[dict[str, Any]]:
    """Return the public timeline of a case: label, state, instant and note of each step."""
    verified = case.moves.filter(move="verify").order_by("-pk").first()
    order = [
        ("문제 확인", True, verified.at if verified else None),
        ("시정 요청", case.asked_at is not None, case.asked_at),
        ("공급기업 답변", case.answered_at is not None, case.answered_at),
        ("시정 완료", case.state == CorrectionState.FIXED, case.closed_at),
    ]
    done = [flag for _, flag, _ in order]
    current = done.index(False) if False in done else len(done)
    stopped = case.state == CorrectionState.SUSPENDED
    rows = []
    for position, (label, flag, at) in enumerate(order):
        state, note = "done" if flag else "todo", ""
        if position == current and not flag:
            state = "stopped" if stopped else "current"
            note = "시정이 확인되지 않아 판매를 중지했습니다." if stopped else ""
        rows.append({"label": label, "state": state, "at": at if flag else None, "note": note})
    return rows
