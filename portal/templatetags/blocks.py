"""Block components that hold other content."""

from django import template
from django.utils.safestring import SafeString

from portal.core.html import NOTHING, attributes, html
from portal.core.icons import ICONS
from portal.templatetags.components import TONE_ICONS, TONES
from portal.templatetags.library import library
from portal.templatetags.rendering import one_of

CALLOUT = '<div class="callout callout--{}"{}>{}<div class="callout__body">{}{}</div></div>'
DRAFT_BANNER = """\
<div class="draft-banner" role="region" aria-label="작성 상태">
  <div class="container draft-banner__inner"><strong class="draft-banner__title">{}{}</strong>\
<div class="draft-banner__body">{}</div></div>
</div>
"""
SUMMARY_ROW = '<div><dt>{}</dt><dd class="summary__value">{}</dd>{}</div>'
CORRECT = '<dd><a href="{}">고치기<span class="visually-hidden">: {}</span></a></dd>'
TABLE = """\
<div class="table-region table-region--{}" role="region" aria-label="{} (표)" tabindex="0">
  <table><caption{}>{}</caption>{}</table>
</div>
"""
CARD = '<li><article class="card">\n  {}\n  <h{}>{}</h{}>\n  {}\n</article></li>\n'
EMPTY = '<div class="empty">{}<p class="empty__title">{}</p>{}</div>'


@library.simple_block_tag
def callout(content: str, tone: str = "info", *, title: str = "", live: str = "") -> SafeString:
    """Render a highlighted text; tone: TONES without neutral; live: status, alert."""
    one_of("callout", "tone", tone, TONES[1:])
    one_of("callout", "live", live, ("", "status", "alert"))
    name = "info" if tone == "info" else TONE_ICONS[tone]
    role = attributes({"role": live or False})
    head = html('<p class="callout__title">{}</p>', title) if title else NOTHING
    return html(CALLOUT, tone, role, ICONS[name], head, content)


@library.simple_block_tag
def draft_banner(content: str, *, title: str = "아직 제출되지 않았습니다") -> SafeString:
    """Render the notice that this is a draft, for the block `banner`."""
    return html(DRAFT_BANNER, ICONS["alert"], title, content)


@library.simple_block_tag
def summary_list(content: str) -> SafeString:
    return html('<dl class="summary">{}</dl>', content)


@library.simple_block_tag
def summary_row(content: str, label: str, *, change: str = "") -> SafeString:
    """Render one name and value; `change` is the url where it can be corrected."""
    link = html(CORRECT, change, label) if change else NOTHING
    return html(SUMMARY_ROW, label, content, link)


@library.simple_block_tag
def table_region(
    content: str, *, caption: str, hide_caption: bool = False, narrow: str = "scroll"
) -> SafeString:
    """Render a table around its rows; narrow: scroll, stack (each td then needs data-label)."""
    one_of("table_region", "narrow", narrow, ("scroll", "stack"))
    if not caption:
        raise template.TemplateSyntaxError("table_region: a caption is needed")
    hidden = attributes({"class": "visually-hidden" if hide_caption else False})
    return html(TABLE, narrow, caption, hidden, caption, content)


@library.simple_block_tag
def cards(content: str) -> SafeString:
    return html('<ul class="cards">{}</ul>', content)


@library.simple_block_tag
def card(
    content: str, title: str, *, href: str = "", eyebrow: str = "", level: int = 3
) -> SafeString:
    """Render one card, linked as a whole when `href` is given; level: 2, 3, 4."""
    one_of("card", "level", str(level), ("2", "3", "4"))
    above = html('<p class="card__eyebrow">{}</p>', eyebrow) if eyebrow else NOTHING
    head = html('<a class="card__link" href="{}">{}</a>', href, title) if href else title
    return html(CARD, above, level, head, level, content)


@library.simple_block_tag
def empty_state(content: str, title: str) -> SafeString:
    return html(EMPTY, ICONS["file"], title, content)
