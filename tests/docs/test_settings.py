"""The settings reference and the version are written once."""

import re
import tomllib
from pathlib import Path

from django.conf import settings

from portal.environment import VARIABLES, reference

ROOT = Path(__file__).parents[2]


def test_the_reference_is_what_the_settings_read() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == reference()


def test_the_settings_read_only_declared_variables() -> None:
    text = (ROOT / "portal" / "settings.py").read_text()
    names = {row.name for row in VARIABLES}
    keys = set(re.findall(r'keys\("(\w+)"\)', text))
    passwords = set(re.findall(r'with_password\(.+, "(\w+)"\)', text))
    read = re.findall(r'env\("(\w+)"\)', text)
    assert sorted([*read, *passwords, *keys, *(f"{key}_FALLBACKS" for key in keys)]) == sorted(
        names
    )
    assert "environ[" not in text
    assert text.count("env(") == len(read)


def test_the_api_has_the_version_of_the_package() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == package
    assert f"## {package} " in (ROOT / "CHANGELOG.md").read_text()
