"""Block components that hold other content."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal.templatetags.components import TONE_ICONS, TONES
from portal.templatetags.library import library
from portal.templatetags.rendering import one_of, render


@library.simple_block_tag
def callout(content: str, tone: str = "info", *, title: str = "", live: str = "") -> SafeString:
    """Render a highlighted text; tone: TONES without neutral; live: status, alert."""
    one_of("callout", "tone", tone, TONES[1:])
    one_of("callout", "live", live, ("", "status", "alert"))
    name = "info" if tone == "info" else TONE_ICONS[tone]
    return render("callout", content=content, tone=tone, title=title, live=live, icon_name=name)


@library.simple_block_tag
def draft_banner(content: str, *, title: str = "아직 제출되지 않았습니다") -> SafeString:
    """Render the notice that this is a draft, for the block `banner`."""
    return render("draft_banner", content=content, title=title)


@library.simple_block_tag
def summary_list(content: str) -> SafeString:
    return format_html('<dl class="summary">{}</dl>', content)


@library.simple_block_tag
def summary_row(content: str, label: str, *, change: str = "") -> SafeString:
    """Render one name and value; `change` is the url where it can be corrected."""
    return render("summary_row", content=content, label=label, change=change)


@library.simple_block_tag
def table_region(
    content: str, *, caption: str, hide_caption: bool = False, narrow: str = "scroll"
) -> SafeString:
    """Render a table around its rows; narrow: scroll, stack (each td then needs data-label)."""
    one_of("table_region", "narrow", narrow, ("scroll", "stack"))
    if not caption:
        raise template.TemplateSyntaxError("table_region: a caption is needed")
    return render(
        "table_region", content=content, caption=caption, hide_caption=hide_caption, narrow=narrow
    )


@library.simple_block_tag
def cards(content: str) -> SafeString:
    return format_html('<ul class="cards">{}</ul>', content)


@library.simple_block_tag
def card(
    content: str, title: str, *, href: str = "", eyebrow: str = "", level: int = 3
) -> SafeString:
    """Render one card, linked as a whole when `href` is given; level: 2, 3, 4."""
    one_of("card", "level", str(level), ("2", "3", "4"))
    return render("card", content=content, title=title, href=href, eyebrow=eyebrow, level=level)


@library.simple_block_tag
def empty_state(content: str, title: str) -> SafeString:
    return render("empty_state", content=content, title=title)
