"""Amounts, numbers and texts in Korean form."""

import re

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from portal.core import following, money, particles, validators
from portal.core.html import NOTHING, html
from portal.core.site import site
from portal.forms.people import told_apart
from portal.models import User
from portal.templatetags.library import WORD_JOINER, library

QUOTED = "<p>이 화면에 대해 문의하실 때에는 다음 번호를 알려 주세요: <strong>{}</strong></p>"
_HANGUL_PAIR = re.compile(r"(?<=[가-힣])(?=[가-힣])")
_HANGUL_WORD = re.compile(r"[가-힣]{2,}")
_LONGEST_WORD = 12  # syllables; what is longer may break, or it would not fit a column
_OLD_HANGUL = re.compile("[가-힣]?[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\u302e\u302f]+")


@library.filter
def won(amount: int | None) -> str:
    return money.won(amount)


@library.filter
def eok(amount: int | None) -> str:
    """Return whole won short but never rounded: 4,002억원; unknown is 미정."""
    return money.eok(amount)


@library.filter
def particle(word: object, pair: str) -> str:
    """Return only the particle of `pair` that follows `word`, for a word in quotes or in bold."""
    return particles.particle(word, pair)


@library.filter
def with_particle(word: object, pair: str) -> str:
    return particles.with_particle(word, pair)


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
def person(who: User | str | None) -> str:
    """Return how staff pages name a person, so that two of one name are told apart."""
    return told_apart(who) if isinstance(who, User) else who or ""


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

    The joiners are not copied into the text layer. A word of more than 12 syllables may break. Old
    Hangul is marked for a font that joins its letters: NanumGothic has them, but draws them one
    after another.
    """
    joined = _HANGUL_WORD.sub(_joined, conditional_escape(text))
    return mark_safe(  # noqa: S308 - escaped above
        _OLD_HANGUL.sub(r'<span class="old-hangul">\g<0></span>', joined)
    )


def _joined(word: "re.Match[str]") -> str:
    whole = word[0]
    return whole if len(whole) > _LONGEST_WORD else _HANGUL_PAIR.sub(WORD_JOINER, whole)


@library.inclusion_tag("components/site_help.html")
def site_help() -> dict[str, object]:
    """Render whom to ask and the pages about the portal; needs no request."""
    return {"site": site()}


@library.simple_tag
def request_number() -> SafeString:
    """Render the number that a person tells the help desk: the beginning of the one in the logs."""
    number = following.current()[: following.SHOWN]
    return html(QUOTED, number) if number else NOTHING
