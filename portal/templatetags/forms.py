"""Findings, form errors and groups of fields."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from portal.core.html import NOTHING, each, html
from portal.forms import markup
from portal.templatetags.blocks import callout
from portal.templatetags.components import badge
from portal.templatetags.library import library
from portal.templatetags.rendering import read, shown

FIELDSET = '<fieldset class="fieldset"><legend>{}</legend>{}{}</fieldset>'


@library.simple_tag
def findings(items: Sequence[object], *, empty: str = "빠진 항목이 없습니다.") -> SafeString:
    """Render findings (message, blocking, perhaps url), or `empty` when there are none."""
    if not items:
        return callout(html("<p>{}</p>", empty), "success")
    rows = ((_kind(item), _text(item)) for item in items)
    return html('<ul class="findings">\n  {}\n</ul>\n', each("<li>{}<span>{}</span></li>", rows))


def _kind(finding: object) -> SafeString:
    return badge("필수", tone="danger") if read(finding, "blocking") else badge("참고", tone="info")


def _text(finding: object) -> object:
    url, message = read(finding, "url"), shown(read(finding, "message"))
    return html('<a href="{}">{}</a>', url, message) if url else message


library.simple_tag(markup.error_summary)


@library.simple_block_tag
def fieldset(content: str, legend: str, *, hint: str = "") -> SafeString:
    help_text = html('<p class="field__help">{}</p>', hint) if hint else NOTHING
    return html(FIELDSET, legend, help_text, content)


@library.simple_block_tag
def actions(content: str) -> SafeString:
    return html('<div class="actions">{}</div>', content)
