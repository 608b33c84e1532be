"""Filters for Korean values and the page components; each option is named in its signature.

A component's markup is `templates/components/<tag>.html`. A wrong option raises
TemplateSyntaxError with the allowed values, so that a typing error never reaches a reader.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django import template
from django.forms import BaseForm
from django.forms.formsets import BaseFormSet
from django.template.context import RequestContext
from django.template.loader import get_template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import is_naive

from portal.core import dates, money, validators
from portal.core.clock import KST
from portal.forms.errors import with_codes
from portal.models import JobState
from portal.paper.charts import Chart

register = template.Library()

INNER_SPACE = re.compile(r"(?<=\.) (?=\d+\.)| (?=\()")  # within a date, and before the zone
NO_BREAK_SPACE = "\u00a0"
TONES = ("neutral", "info", "success", "warning", "danger")
KINDS = ("primary", "secondary", "tertiary", "danger")
SIZES = ("small", "medium", "large")
STEP_STATES = {"done": "완료", "current": "진행 중", "todo": "예정"}
LIFE_STATES = {**STEP_STATES, "stopped": "중단"}
TONE_ICONS = {
    "neutral": "circle",
    "info": "dot",
    "success": "check",
    "warning": "alert",
    "danger": "cross",
}
ICONS = {
    "circle": '<circle cx="12" cy="12" r="8" fill="none"/>',
    "dot": '<circle cx="12" cy="12" r="9" fill="none"/><circle cx="12" cy="12" r="4"/>',
    "check": '<path d="M4 12.5l5.5 5.5L20 6.5" fill="none"/>',
    "alert": '<path d="M12 3L22.5 21h-21z" fill="none"/><path d="M12 10v5M12 17.5v1"/>',
    "cross": '<path d="M5 5l14 14M19 5L5 19" fill="none"/>',
    "info": '<circle cx="12" cy="12" r="10" fill="none"/><path d="M12 11v6M12 6.5v1.5"/>',
    "arrow": '<path d="M4 12h15M13 6l6 6-6 6" fill="none"/>',
    "file": '<path d="M6 2.5h8l4.5 4.5v14.5H6zM14 2.5V7h4.5" fill="none"/>',
    "lock": '<path d="M5 11h14v10H5zM8 11V7a4 4 0 018 0v4" fill="none"/>',
    "clock": '<circle cx="12" cy="12" r="9.5" fill="none"/><path d="M12 6v6.5l4 2.5" fill="none"/>',
}

STALE_PAGE = "화면의 내용이 올바르지 않습니다. 새로 고친 다음 다시 시도하세요."

_HANGUL_PAIR = re.compile(r"(?<=[가-힣])(?=[가-힣])")
_WORD_JOINER = "\u2060"
_NEAR = timedelta(days=3)


def _one_of(tag: str, option: str, value: object, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise template.TemplateSyntaxError(
            f"{tag}: {option}={value!r}; allowed: {', '.join(allowed)}"
        )


def _render(component: str, /, **context: object) -> SafeString:
    return mark_safe(get_template(f"components/{component}.html").render(context))  # noqa: S308


def _read(item: object, name: str) -> object:
    return item.get(name) if isinstance(item, dict) else getattr(item, name, None)


# Filters


@register.filter
def won(amount: int | None) -> str:
    """Write whole won: 70,000,000원; unknown is 미정."""
    return money.won(amount)


@register.filter
def eok(amount: int | None) -> str:
    """Write whole won short, never rounded: 4,002억원; unknown is 미정."""
    return money.eok(amount)


@register.filter(needs_autoescape=True)
def kst(instant: datetime | None, after: str = "", *, autoescape: bool = False) -> str:
    """Write an aware instant in Korean time to the second, with the zone; `after` clings to it."""
    if not instant:
        return ""
    if is_naive(instant):
        raise ValueError("kst needs an aware datetime")
    local = instant.astimezone(KST)
    return _whole(f"{kdate(local)} {local:%H:%M:%S} (KST)", after, autoescape)


@register.filter(needs_autoescape=True)
def until(instant: datetime | None, after: str = "", *, autoescape: bool = False) -> str:
    """Write a closing to the second; midnight ends the day before: 2021. 2. 16. 24:00:00 (KST).

    For intake, where a second decides. Other deadlines are written by `due`.
    """
    if instant is None:
        return ""
    local = instant.astimezone(KST)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        words = f"{kdate(local - timedelta(days=1))} 24:00:00 (KST)"
        return _whole(words, after, autoescape)
    return kst(instant, after, autoescape=autoescape)


@register.filter(needs_autoescape=True)
def due(instant: datetime | None, after: str = "", *, autoescape: bool = False) -> str:
    """Write a deadline as people say it: 2021년 12월 2일 18시, 2021년 12월 2일 자정."""
    if instant is None:
        return ""
    if is_naive(instant):
        raise ValueError("due needs an aware datetime")
    text = dates.due_text(instant)
    if not autoescape:
        return text + after
    return text.replace(" ", NO_BREAK_SPACE) + (_WORD_JOINER + after if after else "")


@register.filter(needs_autoescape=True)
def kdate(day: date | None, after: str = "", *, autoescape: bool = False) -> str:
    """Write a date the Korean way: 2021. 2. 16.; an aware datetime is read in KST."""
    if not day:
        return ""
    if isinstance(day, datetime) and not is_naive(day):
        day = day.astimezone(KST)
    return _whole(f"{day.year}. {day.month}. {day.day}.", after, autoescape)


def _whole(words: str, after: str, page: bool) -> str:
    """On a page, let no line break within a date, within a time, or before the word that follows."""
    if not page:
        return words + after
    return INNER_SPACE.sub(NO_BREAK_SPACE, words) + (_WORD_JOINER + after if after else "")


@register.filter
def number(value: int | None) -> str:
    """Write a count with thousands marks; nothing when it is unknown."""
    return "" if value is None else f"{value:,}"


@register.filter
def business_number(number: str | None) -> str:
    """Write ten digits as 124-81-00998."""
    return validators.format_business_number(number) if number else ""


@register.filter
def masked_email(address: str | None) -> str:
    """Hide a mail address but for two letters and the host: ho**@example.kr."""
    if not address:
        return ""
    name, _, host = address.partition("@")
    shown = name[: min(2, len(name) - 1)]
    return f"{shown}{'*' * max(2, len(name) - len(shown))}@{host}"


@register.filter
def file_size(size: int | None) -> str:
    """Write a number of bytes as 1.2 MB, 340 KB or 12 바이트."""
    if size is None:
        return ""
    if size >= 1024**2:
        return f"{size / 1024**2:.1f} MB"
    return f"{size / 1024:.0f} KB" if size >= 1024 else f"{size} 바이트"


@register.filter
def keep_words(text: str) -> SafeString:
    """Hold Korean words together in a PDF, whose engine knows no `word-break: keep-all`.

    The joiners are not copied into the text layer; pages need this not, CSS does it there.
    """
    return mark_safe(_HANGUL_PAIR.sub(_WORD_JOINER, conditional_escape(text)))  # noqa: S308


# Small components


@register.simple_tag
def icon(name: str) -> SafeString:
    """Draw a decorative icon; `name` is a key of ICONS. Words must stand beside it."""
    _one_of("icon", "name", name, ICONS)
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" fill="currentColor" stroke="currentColor" '
        'stroke-width="2.5" aria-hidden="true" focusable="false">{}</svg>',
        mark_safe(ICONS[name]),  # noqa: S308
    )


@register.simple_tag
def badge(label: str, tone: str = "neutral") -> SafeString:
    """Show a state in words with a shape; tone: TONES."""
    _one_of("badge", "tone", tone, TONES)
    if not str(label).strip():
        raise template.TemplateSyntaxError("badge: a label in words is needed, not only a colour")
    return format_html(
        '<span class="badge badge--{}">{}{}</span>', tone, icon(TONE_ICONS[tone]), label
    )


@register.simple_tag
def button(
    label: str,
    kind: str = "primary",
    *,
    href: str | None = None,
    type: str = "submit",
    size: str = "medium",
    name: str = "",
    value: str = "",
    form: str = "",
    formnovalidate: bool = False,
    confirm: str = "",
) -> SafeString:
    """Draw a button, or a link that looks like one when `href` is given.

    kind: KINDS; size: SIZES; type: submit, button; confirm: a question asked before sending.
    """
    _one_of("button", "kind", kind, KINDS)
    _one_of("button", "size", size, SIZES)
    _one_of("button", "type", type, ("submit", "button"))
    if href == "":
        raise template.TemplateSyntaxError(f"button {label!r}: href is empty")
    return _render(
        "button",
        label=label,
        kind=kind,
        href=href,
        type=type,
        size=size,
        name=name,
        value=value,
        form=form,
        formnovalidate=formnovalidate,
        confirm=confirm,
    )


@register.simple_tag(takes_context=True)
def nav_link(context: RequestContext, href: str, label: str, *, section: str = "") -> SafeString:
    """Link to a section and mark it when the page lies under `section` (else `href`)."""
    request = context.get("request")
    here = request is not None and request.path.startswith(section or href)
    current = mark_safe(' aria-current="page"') if here else ""
    return format_html('<a href="{}"{}>{}</a>', href, current, label)


@register.simple_tag
def breadcrumb(*parts: str) -> SafeString:
    """Show where the page lies: label, url, label, url, …, label of this page. 홈 comes first."""
    if len(parts) % 2 == 0:
        raise template.TemplateSyntaxError("breadcrumb: label, url, …, and a last label without")
    links = [{"label": parts[i], "href": parts[i + 1]} for i in range(0, len(parts) - 1, 2)]
    return _render("breadcrumb", links=links, here=parts[-1])


@register.simple_tag
def stat(value: str, label: str, *, note: str = "") -> SafeString:
    """Show one large figure with its meaning; stands inside `<dl class="stats">`."""
    return _render("stat", value=value, label=label, note=note)


@register.simple_tag
def pagination(*, previous: str = "", next: str = "", note: str = "") -> SafeString:
    """Link to the previous and next part of a list; an empty url means there is none."""
    return _render("pagination", previous=previous, next=next, note=note)


@register.simple_tag
def autosave_status(saved_at: datetime | None = None) -> SafeString:
    """Mark the place where autosave.js reports; shows the last saving until then."""
    return _render("autosave_status", saved_at=saved_at)


# Progress


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
        state = str(_read(item, "state"))
        _one_of(tag, "state", state, states)
        rest = (_read(item, name) for name in ("url", "at", "note", "who"))
        stages.append(_Stage(_read(item, "label"), state, states[state], *rest))
    return stages


@register.simple_tag
def steps(items: Iterable[object], *, label: str = "진행 단계") -> SafeString:
    """Show the steps of a form; each item has label, state (STEP_STATES) and perhaps url."""
    stages = _stages("steps", items, STEP_STATES)
    at = next((i for i, stage in enumerate(stages, 1) if stage.state == "current"), None)
    return _render("steps", stages=stages, label=label, at=at, now=stages[at - 1] if at else None)


@register.simple_tag
def timeline(items: Iterable[object], *, label: str = "진행 상황") -> SafeString:
    """Show the life of an application; label, state (LIFE_STATES), perhaps url, at, note, who."""
    icons = {"done": "check", "current": "dot", "todo": "circle", "stopped": "cross"}
    return _render(
        "timeline", stages=_stages("timeline", items, LIFE_STATES), label=label, icons=icons
    )


def remaining_text(left: timedelta) -> str:
    """Say how long is left until a deadline, in its two largest units."""
    if left <= timedelta(0):
        return "접수가 마감되었습니다"
    hours, seconds = divmod(left.seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    if left.days:
        return f"마감까지 {left.days}일 {hours}시간 남았습니다"
    if hours:
        return f"마감까지 {hours}시간 {minutes}분 남았습니다"
    return f"마감까지 {minutes}분 {seconds}초 남았습니다"


@register.simple_tag
def countdown(deadline: datetime | None, *, now: datetime, precise: bool = True) -> SafeString:
    """Say how long is left; countdown.js only keeps the words fresh. None: no fixed deadline.

    `precise` writes the deadline to the second, as the closing of an intake needs it.
    """
    if deadline is None:
        return format_html('<span class="countdown">{}</span>', "예산 소진 시까지 접수합니다")
    left = deadline - now
    return _render(
        "countdown",
        deadline=deadline,
        iso=deadline.isoformat(),
        now=now.isoformat(),
        text=remaining_text(left),
        near=timedelta(0) < left < _NEAR,
        precise=precise,
    )


@register.inclusion_tag("components/own_job.html", takes_context=True)
def own_job(context: RequestContext, job: object, *, label: str) -> dict[str, object]:
    """Show a job that the reader asked for, with a button that stops it while it runs."""
    request = context["request"]
    return {
        "job": job,
        "label": label,
        "going": _read(job, "state") in ("queued", "running"),
        "back": request.get_full_path(),
        "csrf_token": context.get("csrf_token"),
    }


@register.simple_tag
def job_progress(
    *, url: str, label: str, state: str = "queued", done: int = 0, total: int | None = None
) -> SafeString:
    """Show a background job; state: JobState. job.js asks `url` until it has ended."""
    _one_of("job_progress", "state", state, JobState.values)
    return _render(
        "job_progress",
        url=url,
        label=label,
        state=state,
        word=JobState(state).label,
        done=done,
        total=total,
        ended=state in ("done", "parked", "cancelled"),
    )


# Money


@dataclass(frozen=True)
class _Part:
    name: str
    label: str
    won: int
    start: float
    width: float


@register.simple_tag
def money_meter(
    *,
    appropriated: int | None,
    reserved: int = 0,
    committed: int = 0,
    paid: int = 0,
    label: str = "예산 현황",
) -> SafeString:
    """Draw a budget as a bar with its figures (won). The three uses do not overlap.

    Raises ValueError when they exceed the appropriation: such a page must not be shown.
    """
    available = (appropriated or 0) - reserved - committed - paid
    if appropriated is not None and available < 0:
        raise ValueError(f"money_meter: {-available} won more used than appropriated")
    amounts = (
        ("paid", "지급", paid),
        ("committed", "협약", committed),
        ("reserved", "선정", reserved),
        ("available", "남음", available),
    )
    parts: list[_Part] = []
    start = 0.0
    for name, word, amount in amounts:
        width = round(amount * 1000 / appropriated, 2) if appropriated else 0.0
        parts.append(_Part(name, word, amount, round(start, 2), width))
        start += width
    return _render("money_meter", appropriated=appropriated, parts=parts, label=label)


@register.simple_tag
def chart(drawn: Chart, *, table: str = "folded") -> SafeString:
    """Show a chart with its table; table: folded, open, none (where the page has one already)."""
    _one_of("chart", "table", table, ("folded", "open", "none"))
    svg = mark_safe(drawn.svg)  # noqa: S308 - escaped where it is drawn
    return _render("chart", chart=drawn, svg=svg, table=table != "none", open=table == "open")


# Findings and errors


@register.simple_tag
def findings(items: Sequence[object], *, empty: str = "빠진 항목이 없습니다.") -> SafeString:
    """List what is missing or wrong: message, blocking, perhaps url; `empty` when all is well."""
    rows = [{name: _read(item, name) for name in ("message", "blocking", "url")} for item in items]
    return _render("findings", rows=rows, empty=empty)


def _forms(forms: Iterable[BaseForm | BaseFormSet]) -> Iterable[BaseForm]:
    for form in forms:
        if isinstance(form, BaseFormSet):
            yield from form.forms
        else:
            yield form


def _errors(form: BaseForm) -> Iterable[dict[str, str]]:
    for name, messages in form.errors.items():
        rows = [{"message": text, "code": code} for text, code in with_codes(messages)]
        if name not in form.fields:
            yield from ({**row, "label": "", "target": ""} for row in rows)
        elif form[name].is_hidden:
            yield {"message": STALE_PAGE, "label": "", "target": ""}
        else:
            field = form[name]
            # A group of radios or checkboxes has no single label target: go to its first box.
            target = field.id_for_label or f"{field.auto_id}_0"
            label = str(field.label).rstrip(".?")
            yield from ({**row, "label": label, "target": target} for row in rows)


@register.simple_tag
def error_summary(*forms: BaseForm | BaseFormSet) -> SafeString:
    """List every error of the bound forms with links to the fields; nothing when there is none."""
    errors = [error for form in _forms(forms) for error in _errors(form)]
    for formset in forms:
        if isinstance(formset, BaseFormSet):
            for message, code in with_codes(formset.non_form_errors()):
                errors.append({"message": message, "code": code, "label": "", "target": ""})
    return _render("error_summary", errors=errors) if errors else SafeString("")


# Blocks


@register.simple_block_tag
def callout(content: str, tone: str = "info", *, title: str = "", live: str = "") -> SafeString:
    """Set words apart; tone: TONES without neutral; live: status, alert for a fresh answer."""
    _one_of("callout", "tone", tone, TONES[1:])
    _one_of("callout", "live", live, ("", "status", "alert"))
    name = "info" if tone == "info" else TONE_ICONS[tone]
    return _render("callout", content=content, tone=tone, title=title, live=live, icon_name=name)


@register.simple_block_tag
def draft_banner(content: str, *, title: str = "아직 제출되지 않았습니다") -> SafeString:
    """Keep in sight that this is a draft; goes into the block `banner`."""
    return _render("draft_banner", content=content, title=title)


@register.simple_block_tag
def summary_list(content: str) -> SafeString:
    """Hold `summary_row`s: names and values."""
    return format_html('<dl class="summary">{}</dl>', content)


@register.simple_block_tag
def summary_row(content: str, label: str, *, change: str = "") -> SafeString:
    """Show one name and value; `change` is the url where it can be corrected."""
    return _render("summary_row", content=content, label=label, change=change)


@register.simple_block_tag
def table_region(
    content: str, *, caption: str, hide_caption: bool = False, narrow: str = "scroll"
) -> SafeString:
    """Hold the rows of a table; narrow: scroll, stack (each td then needs data-label)."""
    _one_of("table_region", "narrow", narrow, ("scroll", "stack"))
    if not caption:
        raise template.TemplateSyntaxError("table_region: a caption is needed")
    return _render(
        "table_region", content=content, caption=caption, hide_caption=hide_caption, narrow=narrow
    )


@register.simple_block_tag
def cards(content: str) -> SafeString:
    """Hold `card`s in a grid."""
    return format_html('<ul class="cards">{}</ul>', content)


@register.simple_block_tag
def card(
    content: str, title: str, *, href: str = "", eyebrow: str = "", level: int = 3
) -> SafeString:
    """Show one thing of many, linked as a whole when `href` is given; level: 2, 3, 4."""
    _one_of("card", "level", str(level), ("2", "3", "4"))
    return _render("card", content=content, title=title, href=href, eyebrow=eyebrow, level=level)


@register.simple_block_tag
def fieldset(content: str, legend: str, *, hint: str = "") -> SafeString:
    """Group fields under a legend."""
    return _render("fieldset", content=content, legend=legend, hint=hint)


@register.simple_block_tag
def actions(content: str) -> SafeString:
    """Hold the buttons at the end of a form."""
    return format_html('<div class="actions">{}</div>', content)


@register.simple_block_tag
def empty_state(content: str, title: str) -> SafeString:
    """Say that a list is empty and what to do next."""
    return _render("empty_state", content=content, title=title)
