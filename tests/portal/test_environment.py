"""Variables from the environment or from files, passwords put into addresses, keys kept apart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils.crypto import salted_hmac

from portal import environment
from portal.core.keys import lasting_hash
from portal.environment import BASE_DIR, env, keys, refuse_shared, with_password

OLD, NEW, OTHER = ("old-" * 20, "new-" * 20, "other-" * 20)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in environment.VARIABLES:
        monkeypatch.delenv(row.name, raising=False)
        monkeypatch.delenv(f"{row.name}_FILE", raising=False)


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put a variable into a file."""

    def put(name: str, text: str) -> Path:
        file = tmp_path / name.lower()
        file.write_text(text)
        monkeypatch.setenv(f"{name}_FILE", str(file))
        return file

    return put


@pytest.mark.parametrize("row", environment.VARIABLES, ids=lambda row: row.name)
def test_every_variable_may_stand_in_a_file(given, row: environment.Variable) -> None:
    text, value = {
        str: ("words\n", "words"),
        int: ("7\n", 7),
        float: ("7.5\r\n", 7.5),
        bool: ("1\n", True),
        list: ("one\ntwo\n", ["one", "two"]),
    }[row.type]
    assert env(row.name) == row.default
    given(row.name, text)
    assert env(row.name) == value


def test_an_empty_file_is_none_of_a_list(given) -> None:
    given("PORTAL_SECRET_KEY_FALLBACKS", "")
    assert env("PORTAL_SECRET_KEY_FALLBACKS") == []


def test_a_variable_in_two_places_is_refused(given, monkeypatch: pytest.MonkeyPatch) -> None:
    given("PORTAL_SECRET_KEY", "in the file")
    monkeypatch.setenv("PORTAL_SECRET_KEY", "in the environment")
    with pytest.raises(ImproperlyConfigured, match="PORTAL_SECRET_KEY_FILE 가운데 하나만") as told:
        env("PORTAL_SECRET_KEY")
    assert "in the" not in str(told.value)


def test_what_cannot_be_read_is_named_without_its_content(given) -> None:
    file = given("PORTAL_SECRET_KEY", "$EMAIL_URL")
    with pytest.raises(ImproperlyConfigured, match="PORTAL_SECRET_KEY_FILE") as told:
        env("PORTAL_SECRET_KEY")
    assert "$EMAIL_URL" not in str(told.value)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ImproperlyConfigured, match="UnicodeDecodeError"):
        env("PORTAL_SECRET_KEY")
    file.unlink()
    with pytest.raises(ImproperlyConfigured, match="FileNotFoundError"):
        env("PORTAL_SECRET_KEY")


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("postgres://portal@db:5432/portal", "postgres://portal:p%2F%40%3A%2B@db:5432/portal"),
        ("postgres://u@db/x?sslmode=require", "postgres://u:p%2F%40%3A%2B@db/x?sslmode=require"),
        ("redis://redis:6379/0", "redis://:p%2F%40%3A%2B@redis:6379/0"),
        ("rediss://:@redis/0", "rediss://:p%2F%40%3A%2B@redis/0"),
    ],
)
def test_a_password_is_put_into_the_address(given, url: str, whole: str) -> None:
    given("DATABASE_PASSWORD", "p/@:+\n")
    assert with_password(url, "DATABASE_PASSWORD") == whole
    if url.startswith("postgres"):
        assert env.db_url_config(whole)["PASSWORD"] == "p/@:+"


def test_a_password_in_two_places_or_for_no_server_is_refused(given) -> None:
    assert with_password("postgres://u:own@db/x", "DATABASE_PASSWORD") == "postgres://u:own@db/x"
    given("DATABASE_PASSWORD", "canary")
    for url in ("postgres://u:own@db/x", "", "memory://", "sqlite:///x"):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_PASSWORD") as told:
            with_password(url, "DATABASE_PASSWORD")
        assert "canary" not in str(told.value)


def test_keys_are_long_and_have_a_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keys("PORTAL_MFA_KEY") == []
    monkeypatch.setenv("PORTAL_MFA_KEY_FALLBACKS", OLD)
    with pytest.raises(ImproperlyConfigured, match="PORTAL_MFA_KEY_FALLBACKS만"):
        keys("PORTAL_MFA_KEY")
    monkeypatch.setenv("PORTAL_MFA_KEY", NEW)
    assert keys("PORTAL_MFA_KEY") == [NEW, OLD]
    monkeypatch.setenv("PORTAL_MFA_KEY_FALLBACKS", "short")
    with pytest.raises(ImproperlyConfigured, match="50자"):
        keys("PORTAL_MFA_KEY")


def test_no_key_serves_two_purposes() -> None:
    refuse_shared({"A": [OLD, NEW], "B": [OTHER], "C": []})
    with pytest.raises(ImproperlyConfigured, match="B는 A와 다른"):
        refuse_shared({"A": [OLD, NEW], "B": [OTHER, OLD]})


# --- The settings as a whole ---------------------------------------------------------------------


def started(code: str, **given: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", f"import portal.settings as s; {code}"]
    environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **given}
    return subprocess.run(
        words, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )


def test_with_the_key_of_sessions_alone_everything_is_named_as_before(settings) -> None:
    code = "print(s.OPEN_DATA_KEYS == s.HASH_KEYS == [s.SECRET_KEY], s.MFA_KEYS)"
    assert started(code, PORTAL_SECRET_KEY=OLD).stdout.split() == ["True", "[]"]
    settings.OPEN_DATA_KEYS = [settings.SECRET_KEY]
    name = lasting_hash(settings.OPEN_DATA_KEYS, "open-data.subject", "1:2")
    assert name == salted_hmac("open-data.subject", "1:2", algorithm="sha256").hexdigest()


@pytest.mark.parametrize(
    ("given", "starts"),
    [
        ({}, False),
        ({"PORTAL_OPEN_DATA_KEY": OLD}, False),
        ({"PORTAL_OPEN_DATA_KEY": OLD, "PORTAL_HASH_KEY": OLD}, True),
        ({"PORTAL_OPEN_DATA_KEY": NEW, "PORTAL_HASH_KEY": OLD}, False),
    ],
)
def test_the_key_of_sessions_changes_only_where_it_names_nothing_any_more(given, starts) -> None:
    done = started("", PORTAL_SECRET_KEY=NEW, PORTAL_SECRET_KEY_FALLBACKS=OLD, **given)
    assert (done.returncode == 0) is starts
    assert ("PORTAL_OPEN_DATA_KEY" in done.stderr) is not starts


@pytest.mark.parametrize("name", ["PORTAL_TICKET_KEY", "PORTAL_MFA_KEY"])
def test_tickets_and_factors_share_no_key(name: str) -> None:
    done = started("", PORTAL_SECRET_KEY=OLD, **{name: OLD})
    assert done.returncode == 1
    assert f"{name}는 PORTAL_SECRET_KEY와 다른" in done.stderr
    assert OLD not in done.stderr
