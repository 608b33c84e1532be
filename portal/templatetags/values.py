"""Amounts, numbers and texts in Korean form."""

import re

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from portal.core import money, validators
from portal.templatetags.library import WORD_JOINER, library

_HANGUL_PAIR = re.compile(r"(?<=[가-힣])(?=[가-힣])")


@library.filter
def won(amount: int | None) -> str:
    return money.won(amount)


@library.filter
def eok(amount: int | None) -> str:
    """Return whole won short but never rounded: 4,002억원; unknown is 미정."""
    return money.eok(amount)


@library.filter
def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


@library.filter
def business_number(number: str | None) -> str:
    return validators.format_business_number(number) if number else ""


@library.filter
def masked_email(address: str | None) -> str:
    """Return an address with two letters and the host visible: ho**@example.kr."""
    if not address:
        return ""
    name, _, host = address.partition("@")
    shown = name[: min(2, len(name) - 1)]
    return f"{shown}{'*' * max(2, len(name) - len(shown))}@{host}"


@library.filter
def file_size(size: int | None) -> str:
    if size is None:
        return ""
    if size >= 1024**2:
        return f"{size / 1024**2:.1f} MB"
    return f"{size / 1024:.0f} KB" if size >= 1024 else f"{size} 바이트"


@library.filter
def keep_words(text: str) -> SafeString:
    """Keep Korean words on one line in a PDF; HTML pages use CSS `word-break` instead.

    The joiners are not copied into the text layer.
    """
    return mark_safe(_HANGUL_PAIR.sub(WORD_JOINER, conditional_escape(text)))  # noqa: S308
