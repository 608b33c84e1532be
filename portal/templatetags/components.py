"""Small page components: icons, badges, buttons, links, figures."""

from django import template
from django.template.context import RequestContext
from django.utils.safestring import SafeString

from portal.core.html import NOTHING, attributes, each, html
from portal.core.icons import ICONS
from portal.templatetags.library import library
from portal.templatetags.rendering import one_of, shown

TONES = ("neutral", "info", "success", "warning", "danger")
KINDS = ("primary", "secondary", "tertiary", "danger")
SIZES = ("small", "medium", "large")
TONE_ICONS = {
    "neutral": "circle",
    "info": "dot",
    "success": "check",
    "warning": "alert",
    "danger": "cross",
}

BREADCRUMB = """\
<nav class="breadcrumb" aria-label="현재 위치">
  <ol>
    <li><a href="/">홈</a></li>
    {}
    <li><span aria-current="page">{}</span></li>
  </ol>
</nav>
"""
PAGINATION = '<nav class="pagination" aria-label="목록 이동">\n  {}\n  {}\n  {}\n</nav>\n'
TO_PAGE = '<a class="button button--tertiary button--small" href="{}" rel="{}">{}</a>'


@library.simple_tag
def icon(name: str) -> SafeString:
    """Render a decorative icon; `name` is a key of ICONS. A text must accompany it."""
    one_of("icon", "name", name, ICONS)
    return ICONS[name]


@library.simple_tag
def badge(label: str, tone: str = "neutral") -> SafeString:
    """Render a state as a text with a shape; tone: TONES."""
    one_of("badge", "tone", tone, TONES)
    if not str(label).strip():
        raise template.TemplateSyntaxError("badge: a label in words is needed, not only a colour")
    return html('<span class="badge badge--{}">{}{}</span>', tone, ICONS[TONE_ICONS[tone]], label)


@library.simple_tag
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
    """Render a button, or a link that looks like one when `href` is given.

    kind: KINDS; size: SIZES; type: submit, button; confirm: a question to be confirmed first.
    """
    one_of("button", "kind", kind, KINDS)
    one_of("button", "size", size, SIZES)
    one_of("button", "type", type, ("submit", "button"))
    if href == "":
        raise template.TemplateSyntaxError(f"button {label!r}: href is empty")
    look = f"button button--{kind}" + (f" button--{size}" if size != "medium" else "")
    if href is not None:
        return html('<a class="{}" href="{}">{}</a>', look, href, label)
    attrs = {
        "type": type,
        "name": name or False,
        "value": value if name else False,
        "form": form or False,
        "formnovalidate": bool(formnovalidate),
        "data-confirm": confirm or False,
    }
    return html('<button class="{}"{}>{}</button>', look, attributes(attrs), label)


@library.simple_tag(takes_context=True)
def nav_link(context: RequestContext, href: str, label: str, *, section: str = "") -> SafeString:
    """Render a link to a section; it is current on pages under `section` (else `href`)."""
    request = context.get("request")
    here = request is not None and request.path.startswith(section or href)
    current = attributes({"aria-current": "page" if here else False})
    return html('<a href="{}"{}>{}</a>', href, current, label)


@library.simple_tag
def breadcrumb(*parts: str) -> SafeString:
    """Render the path to this page: label, url, label, url, …, label of this page. 홈 comes first."""
    if len(parts) % 2 == 0:
        raise template.TemplateSyntaxError("breadcrumb: label, url, …, and a last label without")
    links = zip(parts[1::2], parts[:-1:2], strict=True)
    return html(BREADCRUMB, each('<li><a href="{}">{}</a></li>', links), parts[-1])


@library.simple_tag
def stat(value: str, label: str, *, note: str = "") -> SafeString:
    """Render one large figure with its label, within `<dl class="stats">`."""
    small = html("<small>{}</small>", note) if note else NOTHING
    return html("<div><dt>{}{}</dt><dd>{}</dd></div>", label, small, shown(value))


@library.simple_tag
def pagination(*, previous: str = "", next: str = "", note: str = "") -> SafeString:
    if not (previous or next or note):
        return NOTHING
    return html(
        PAGINATION,
        html(TO_PAGE, previous, "prev", "이전") if previous else NOTHING,
        html("<span>{}</span>", note) if note else NOTHING,
        html(TO_PAGE, next, "next", "다음") if next else NOTHING,
    )
