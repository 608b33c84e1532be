"""Progress: steps of a form, timelines, deadlines, autosave and background jobs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.context import RequestContext
from django.utils.safestring import SafeString

from portal.core.html import NOTHING, attributes, each, escaped, html
from portal.core.icons import ICONS
from portal.models import JobState
from portal.templatetags.dates import due, kst, until
from portal.templatetags.library import library
from portal.templatetags.rendering import one_of, read, render, shown

STEP_STATES = {"done": "완료", "current": "진행 중", "todo": "예정"}
LIFE_STATES = {**STEP_STATES, "stopped": "중단"}
MARKS = {"done": "check", "current": "dot", "todo": "circle", "stopped": "cross"}
_NEAR = timedelta(days=3)

STEPS = '<nav aria-label="{}">\n  {}\n  <ol class="steps">{}\n  </ol>\n</nav>\n'
STEP_NOW = '<p class="steps__now" aria-hidden="true">{} / {}단계 · {}</p>'
STEP = """
    <li class="is-{}"{}><span class="steps__mark" aria-hidden="true"></span>\
<span class="steps__label">{}</span></li>"""
LIFE = """
  <li class="is-{}"{}>
    <span class="timeline__mark">{}</span>
    <span class="timeline__label">{}</span>
    <span class="muted">{}</span>
    {}
  </li>"""
COUNTDOWN = """\
<span class="{look}" data-countdown="{iso}" data-now="{now}"><strong data-countdown-text>{text}</strong> \
<span class="muted nowrap">(<time datetime="{iso}">{end}</time> 마감)</span></span>
"""


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
    here = html(STEP_NOW, at, len(stages), shown(stages[at - 1].label)) if at else NOTHING
    rows = ((stage.state, _current(stage), _step(stage)) for stage in stages)
    return html(STEPS, label, here, each(STEP, rows))


def _current(stage: _Stage) -> SafeString:
    return attributes({"aria-current": "step" if stage.state == "current" else False})


def _step(stage: _Stage) -> SafeString:
    inner = html('{}<span class="visually-hidden"> ({})</span>', shown(stage.label), stage.word)
    return html('<a href="{}">{}</a>', stage.url, inner) if stage.url else inner


@library.simple_tag
def timeline(items: Iterable[object], *, label: str = "진행 상황") -> SafeString:
    """Render stages; each item has label, state (LIFE_STATES), perhaps url, at, note, who."""
    rows = (
        (stage.state, _current(stage), ICONS[MARKS[stage.state]], *_life(stage))
        for stage in _stages("timeline", items, LIFE_STATES)
    )
    return html('<ol class="timeline" aria-label="{}">{}\n</ol>\n', label, each(LIFE, rows))


def _life(stage: _Stage) -> tuple[object, str, SafeString]:
    """Return the label, the word and what is known of a stage."""
    label = shown(stage.label)
    link = html('<a href="{}">{}</a>', stage.url, label) if stage.url else label
    at = kst(stage.at, autoescape=True) if isinstance(stage.at, datetime) else ""
    known = " · ".join(escaped(one) for one in (at, stage.who) if one)
    about = html('<p class="muted">{}</p>', SafeString(known)) if known else NOTHING
    if stage.note:
        about += html("<p>{}</p>", shown(stage.note))
    return link, stage.word, about


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
def countdown(deadline: datetime | None, *, now: datetime, precise: bool = True) -> SafeString:
    """Render the time left; countdown.js updates it. None means no fixed deadline.

    `precise` writes the deadline to the second, as the closing of an intake needs it.
    """
    if deadline is None:
        return html('<span class="countdown">{}</span>', "예산 소진 시까지 접수합니다")
    left = deadline - now
    near = timedelta(0) < left < _NEAR
    return html(
        COUNTDOWN,
        look="countdown is-near" if near else "countdown",
        iso=deadline.isoformat(),
        now=now.isoformat(),
        text=remaining_text(left),
        end=(until if precise else due)(deadline, autoescape=True),
    )


@library.simple_tag
def autosave_status(saved_at: datetime | None = None) -> SafeString:
    """Render the place where autosave.js reports, with the last saving until then."""
    said = f"마지막 저장: {kst(saved_at, autoescape=True)}" if saved_at else ""
    return html('<p class="autosave" role="status" data-autosave-status>{}</p>', said)


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
