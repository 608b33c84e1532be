"""Progress: steps of a form, timelines, deadlines, autosave and background jobs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.context import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.models import JobState
from portal.templatetags.library import library
from portal.templatetags.rendering import one_of, read, render

STEP_STATES = {"done": "완료", "current": "진행 중", "todo": "예정"}
LIFE_STATES = {**STEP_STATES, "stopped": "중단"}
_NEAR = timedelta(days=3)


@dataclass(frozen=True)
class _Stage:
    label: object
    state: str
    word: str
    url: object
    at: object
    note: object
    who: object


def _stages(tag: str, items: Iterable[object], states: dict[str, str]) -> list[_Stage]:
    stages = []
    for item in items:
        state = str(read(item, "state"))
        one_of(tag, "state", state, states)
        rest = (read(item, name) for name in ("url", "at", "note", "who"))
        stages.append(_Stage(read(item, "label"), state, states[state], *rest))
    return stages


@library.simple_tag
def steps(items: Iterable[object], *, label: str = "진행 단계") -> SafeString:
    """Render the steps of a form; each item has label, state (STEP_STATES) and perhaps url."""
    stages = _stages("steps", items, STEP_STATES)
    at = next((i for i, stage in enumerate(stages, 1) if stage.state == "current"), None)
    return render("steps", stages=stages, label=label, at=at, now=stages[at - 1] if at else None)


@library.simple_tag
def timeline(items: Iterable[object], *, label: str = "진행 상황") -> SafeString:
    """Render stages; each item has label, state (LIFE_STATES), perhaps url, at, note, who."""
    icons = {"done": "check", "current": "dot", "todo": "circle", "stopped": "cross"}
    return render(
        "timeline", stages=_stages("timeline", items, LIFE_STATES), label=label, icons=icons
    )


def remaining_text(left: timedelta) -> str:
    if left <= timedelta(0):
        return "접수가 마감되었습니다"
    hours, seconds = divmod(left.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    if left.days:
        return f"마감까지 {left.days}일 {hours}시간 남았습니다"
    if hours:
        return f"마감까지 {hours}시간 {minutes}분 남았습니다"
    return f"마감까지 {minutes}분 {seconds}초 남았습니다"


@library.simple_tag
def countdown(deadline: datetime | None, *, now: datetime) -> SafeString:
    """Render the time left; countdown.js updates it. None means no fixed deadline."""
    if deadline is None:
        return format_html('<span class="countdown">{}</span>', "예산 소진 시까지 접수합니다")
    left = deadline - now
    return render(
        "countdown",
        deadline=deadline,
        iso=deadline.isoformat(),
        now=now.isoformat(),
        text=remaining_text(left),
        near=timedelta(0) < left < _NEAR,
    )


@library.simple_tag
def autosave_status(saved_at: datetime | None = None) -> SafeString:
    """Render the place where autosave.js reports, with the last saving until then."""
    return render("autosave_status", saved_at=saved_at)


@library.inclusion_tag("components/own_job.html", takes_context=True)
def own_job(context: RequestContext, job: object, *, label: str) -> dict[str, object]:
    """Render a job that the reader requested, with a button to cancel it while it runs."""
    request = context["request"]
    return {
        "job": job,
        "label": label,
        "going": read(job, "state") in ("queued", "running"),
        "back": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }


@library.simple_tag
def job_progress(
    *, url: str, label: str, state: str = "queued", done: int = 0, total: int | None = None
) -> SafeString:
    """Render a background job; state: JobState. job.js polls `url` until it has ended."""
    one_of("job_progress", "state", state, JobState.values)
    return render(
        "job_progress",
        url=url,
        label=label,
        state=state,
        word=JobState(state).label,
        done=done,
        total=total,
        ended=state in ("done", "parked", "cancelled"),
    )
