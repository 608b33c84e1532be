"""Korean particles, chosen by the last sound of the word before them: 한빛이, 나래가, 3으로, MES를."""

import re

PAIRS = {
    pair: tuple(pair.split("/"))
    for pair in ("이/가", "을/를", "은/는", "과/와", "으로/로", "이라/라", "이나/나")
}
"""The form after a final consonant, and the form after a vowel."""

_FINALS = 28
_RIEUL = 8
_NONE, _OTHER = 0, 1
_DIGITS = {"0": _OTHER, "1": _RIEUL, "3": _OTHER, "6": _OTHER, "7": _RIEUL, "8": _RIEUL}
_LETTERS = {"L": _RIEUL, "M": _OTHER, "N": _OTHER, "R": _RIEUL}
_NAMED_SIGNS = {"㈜": _NONE, "%": _NONE, "℃": _NONE, "㎡": _NONE, "㎏": _OTHER, "㎜": _NONE}
_JO = range(12, 16)
"""Zeros at the end of a number that is read 조, which has no final consonant."""
_ASIDE = re.compile(r"\s*[(\[（〈《][^()\[\]（）〈〉《》]*[)\]）〉》]$")
_FIRM = re.compile(r"\((주|유|사|재|합|자)\)$")
_SILENT = re.compile(r"[^\w㈜%℃㎡㎏㎜]+$|_+$")
_WORD = re.compile(r"[A-Za-z]+$")
_NUMBER = re.compile(r"[0-9][0-9,]*$")
_CLOSED_WORD = re.compile(r"(?:[mnbckpt]|ng)$")
_LIQUID_WORD = re.compile(r"(?:l|[bcdfgkpstz]le)$")


def particle(word: object, pair: str) -> str:
    """Return the particle of `pair` (이/가, 을/를, 은/는, 과/와, 으로/로) that follows `word`.

    Marks at the end and remarks in brackets are not read; (주) is. Digits are read in Korean,
    capitals by the names of the letters, other Latin words by their ending. What has no known sound
    takes the form after a vowel. Raises KeyError for an unknown pair.
    """
    closed, opened = PAIRS[pair]
    final = _final(str(word))
    if pair == "으로/로" and final == _RIEUL:
        return opened
    return opened if final == _NONE else closed


def with_particle(word: object, pair: str) -> str:
    """Return `word` and its particle: 한빛이, 나래가. Raises KeyError for an unknown pair."""
    return f"{word}{particle(word, pair)}"


def _final(word: str) -> int:
    """Return the final consonant of the last sound: 0 for none, 8 for ㄹ, else any other number."""
    text = _read(word)
    if not text:
        return _NONE
    last = text[-1]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % _FINALS
    if number := _NUMBER.search(text):
        return _final_of_number(number[0].replace(",", ""))
    if latin := _WORD.search(text):
        return _final_of_latin(latin[0])
    return _NAMED_SIGNS.get(last, _NONE)


def _read(word: str) -> str:
    """Return the word without what is not read aloud at its end."""
    text, before = word, ""
    while text != before:
        before = text
        text = text.rstrip()
        if firm := _FIRM.search(text):
            return firm[1]
        text = _SILENT.sub("", _ASIDE.sub("", text) or text)
    return text


def _final_of_number(digits: str) -> int:
    zeros = len(digits) - len(digits.rstrip("0"))
    if zeros in _JO and zeros < len(digits):
        return _NONE
    return _DIGITS.get(digits[-1], _NONE)


def _final_of_latin(word: str) -> int:
    spelled = len(word) == 1 or word.isupper() or not re.search("[aeiouy]", word, re.IGNORECASE)
    if spelled:
        return _LETTERS.get(word[-1].upper(), _NONE)
    lower = word.lower()
    if _LIQUID_WORD.search(lower):
        return _RIEUL
    return _OTHER if _CLOSED_WORD.search(lower) else _NONE
