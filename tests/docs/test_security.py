"""docs/security.md: its figures, roles and ways in are those of the code, and it counts its answers."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from portal.access.own_words import WORDS
from portal.access.roles import role_names

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
MIB = 1024**2
ANSWERS = ("met", "not met", "n.a.")
# How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has.
ASKED = {
    **{"V1": 27, "V2": 11, "V3": 19, "V4": 10, "V5": 9, "V6": 35, "V7": 18, "V8": 7, "V9": 7},
    **{"V10": 29, "V11": 14, "V12": 9, "V13": 13, "V14": 9, "V15": 13, "V16": 16, "V17": 7},
}


def rows_of(text: str) -> list[list[str]]:
    """Return the cells of each row of the tables in a text, without heads and rules."""
    lines = text.splitlines()
    found = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("|") and not after.startswith("|--") and not line.startswith("|--")
    ]
    return found


def part(title: str) -> str:
    """Return what stands below a heading, down to the next one of its rank or higher."""
    rank = title.split(" ")[0]
    below = PAGE.split(f"\n{title}", 1)[1]
    return re.split(rf"\n#{{1,{len(rank)}}} ", below, maxsplit=1)[0]


def answers() -> Iterator[tuple[str, str, str]]:
    """Yield chapter, number and answer of every line."""
    for chapter in ASKED:
        for number, _, answer, _ in rows_of(part(f"### {chapter} ")):
            yield chapter, number, answer


def value_of(name: str) -> object:
    """Return what a name stands for, written as `test_paths` reads names."""
    path, _, inner = name.partition("::")
    first, *rest = name.split(".")
    if inner:
        found: object = import_module(path.removesuffix(".py").replace("/", "."))
        for step in inner.split("."):
            found = getattr(found, step)
        return found
    if name == "REST_FRAMEWORK":
        return settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]
    if not rest:
        return getattr(settings, name)
    if rest[0][0].isupper():
        return getattr(apps.get_model(first, rest[0]), rest[1])
    module, _, last = name.rpartition(".")
    return getattr(import_module(module), last)


def shown(value: object) -> str:
    """Write a value as the page does."""
    if isinstance(value, timedelta):
        return f"{value.days} days"
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(row)}" for name, row in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, int) and value >= MIB and value % MIB == 0:
        return f"{value // MIB:,} MiB"
    return f"{value:,}" if isinstance(value, int) else str(value)


def figures() -> list[tuple[str, str]]:
    """Return value and name of each figure of the page."""
    limits = [row[1:] for row in rows_of(part("## Limits"))]
    kinds = ("FORMATS`", "EVIDENCE`")
    uploads = [row[1:] for row in rows_of(part("## Uploads")) if row[2].endswith(kinds)]
    return [(value, name.strip("`")) for value, name in limits + uploads]


@pytest.mark.parametrize(("value", "name"), figures(), ids=lambda text: str(text))
def test_a_limit_is_what_the_code_says(value: str, name: str) -> None:
    assert value == shown(value_of(name))


def test_every_requirement_is_answered_once_and_in_its_chapter() -> None:
    found = list(answers())
    assert [number for number, n in Counter(row[1] for row in found).items() if n > 1] == []
    assert Counter(chapter for chapter, _, _ in found) == ASKED
    assert [row for row in found if not row[1].startswith(f"{row[0][1:]}.")] == []
    assert {answer for _, _, answer in found} == set(ANSWERS)


def test_the_page_counts_its_answers() -> None:
    counted = Counter((chapter, answer) for chapter, _, answer in answers())
    printed = {row[0]: row[1:] for row in rows_of(part("## OWASP ASVS").split("\n### ")[0])}
    for chapter in ASKED:
        assert printed[chapter] == [str(counted[chapter, answer]) for answer in ANSWERS]
    whole = [sum(counted[chapter, answer] for chapter in ASKED) for answer in ANSWERS]
    assert printed["all"] == [str(number) for number in whole]


def test_what_is_met_names_what_shows_it() -> None:
    bare = [
        row[0]
        for chapter in ASKED
        for row in rows_of(part(f"### {chapter} "))
        if row[2] == "met" and not re.search(r"`[^`]+`|part |[a-z]+\.md", row[3])
    ]
    assert bare == []
    assert [
        row[0] for chapter in ASKED for row in rows_of(part(f"### {chapter} ")) if not row[3]
    ] == []


def test_every_test_is_named_by_its_path() -> None:
    """What `test_paths` holds to exist is written so that it looks there."""
    assert re.findall(r"`(test_\w+)`", PAGE) == []


def test_every_role_is_on_the_page() -> None:
    named = set(re.findall(r"`(\w+)`", part("## Who may do what").split("Fields with")[0]))
    assert role_names() <= named


def test_every_own_word_is_on_the_page() -> None:
    text = part("## Sign-in")
    assert [word for word in WORDS if word not in text] == []


def test_the_ways_in_are_those_of_the_page() -> None:
    """One way more would be a line more under "Sign-in"."""
    assert settings.AUTHENTICATION_BACKENDS == [
        "axes.backends.AxesStandaloneBackend",  # refuses after failures, lets nobody in
        "allauth.account.auth_backends.AuthenticationBackend",
    ]
    assert settings.REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] == [
        "portal.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ]
    assert settings.MFA_SUPPORTED_TYPES == ["totp", "recovery_codes"]
    assert list(settings.ACCOUNT_LOGIN_METHODS) == ["email"]
    assert not getattr(settings, "ACCOUNT_LOGIN_BY_CODE_ENABLED", False)
    installed = {name for name in settings.INSTALLED_APPS if name.startswith("allauth")}
    assert installed == {"allauth", "allauth.account", "allauth.mfa", "allauth.usersessions"}
    assert len(rows_of(part("## Sign-in"))) == 6
