"""Where a recruitment and a member's assignment stand, in the words of who reads it."""

from datetime import datetime
from typing import Any

from programs.rules import calendar, quota
from vouchers.models import Assignment, PanelRound
from vouchers.services.reporting import WRITABLE
from vouchers.states import AssignmentState, MonitorState, ReportState
from vouchers.visibility import public_rounds

WORDS = {calendar.OPEN: "모집 중", calendar.UPCOMING: "모집 예정", calendar.CLOSED: "모집 마감"}
TONES = {calendar.OPEN: "success", calendar.UPCOMING: "info", calendar.CLOSED: "neutral"}
REPORT_TONES = {
    ReportState.DRAFT: "neutral",
    ReportState.SUBMITTED: "info",
    ReportState.RETURNED: "warning",
    ReportState.REJECTED: "danger",
    ReportState.COMMENTING: "success",
    ReportState.PUBLISHED: "success",
    ReportState.RETRACTED: "warning",
}


def panel_cards(at: datetime) -> list[dict[str, Any]]:
    """Every announced panel, the open ones first."""
    cards = [standing(row, at) for row in public_rounds().order_by("-opens_at")]
    return sorted(cards, key=lambda card: not card["open"])


def standing(round: PanelRound, at: datetime) -> dict[str, Any]:
    """Where its intake stands: word, tone, days left."""
    state = calendar.state(round.window(), at)
    return {
        "round": round,
        "state": WORDS[state],
        "tone": TONES[state],
        "open": state == calendar.OPEN,
        "upcoming": state == calendar.UPCOMING,
        "days_left": calendar.days_left(round.window(), at),
        "target": quota.words(round.target_count, round.target_kind, "명"),
    }


def over(assignment: Assignment) -> bool:
    """Tell whether nothing may be written about it any more: dropped, or its member is gone."""
    return (
        assignment.state != AssignmentState.ACTIVE
        or assignment.monitor.state != MonitorState.ACTIVE
    )


def listed(assignment: Assignment, at: datetime) -> dict[str, Any]:
    """One assignment as its member's desks show it: the state of its report, what is to do."""
    report = getattr(assignment, "report", None)
    due_at = assignment.due_at()
    writable = (report is None or report.state in WRITABLE) and not over(assignment)
    if report is None:
        label, tone = ("작성 전", "neutral") if writable else ("배정 취소", "neutral")
    else:
        label, tone = report.member_label, REPORT_TONES[ReportState(report.state)]
    handed_in = report is not None and report.submitted_at is not None  # the first time counts
    late = due_at is not None and at >= due_at
    return {
        "assignment": assignment,
        "label": label,
        "tone": tone,
        "due_at": due_at,
        "writable": writable,
        "late": writable and late and not handed_in,
        "may_drop": writable and not late and not handed_in,
    }
