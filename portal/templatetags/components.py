"""Small page components: icons, badges, buttons, links, figures."""

from django import template
from django.template.context import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.templatetags.library import library
from portal.templatetags.rendering import one_of, render

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


@library.simple_tag
def icon(name: str) -> SafeString:
    """Render a decorative icon; `name` is a key of ICONS. A text must accompany it."""
    one_of("icon", "name", name, ICONS)
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" fill="currentColor" stroke="currentColor" '
        'stroke-width="2.5" aria-hidden="true" focusable="false">{}</svg>',
        mark_safe(ICONS[name]),  # noqa: S308
    )


@library.simple_tag
def badge(label: str, tone: str = "neutral") -> SafeString:
    """Render a state as a text with a shape; tone: TONES."""
    one_of("badge", "tone", tone, TONES)
    if not str(label).strip():
        raise template.TemplateSyntaxError("badge: a label in words is needed, not only a colour")
    return format_html(
        '<span class="badge badge--{}">{}{}</span>', tone, icon(TONE_ICONS[tone]), label
    )


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
    return render(
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


@library.simple_tag(takes_context=True)
def nav_link(context: RequestContext, href: str, label: str, *, section: str = "") -> SafeString:
    """Render a link to a section; it is current on pages under `section` (else `href`)."""
    request = context.get("request")
    here = request is not None and request.path.startswith(section or href)
    current = mark_safe(' aria-current="page"') if here else ""
    return format_html('<a href="{}"{}>{}</a>', href, current, label)


@library.simple_tag
def breadcrumb(*parts: str) -> SafeString:
    """Render the path to this page: label, url, label, url, …, label of this page. 홈 comes first."""
    if len(parts) % 2 == 0:
        raise template.TemplateSyntaxError("breadcrumb: label, url, …, and a last label without")
    links = [{"label": parts[i], "href": parts[i + 1]} for i in range(0, len(parts) - 1, 2)]
    return render("breadcrumb", links=links, here=parts[-1])


@library.simple_tag
def stat(value: str, label: str, *, note: str = "") -> SafeString:
    """Render one large figure with its label, within `<dl class="stats">`."""
    return render("stat", value=value, label=label, note=note)


@library.simple_tag
def pagination(*, previous: str = "", next: str = "", note: str = "") -> SafeString:
    return render("pagination", previous=previous, next=next, note=note)
