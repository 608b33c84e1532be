"""The settings reference and the version are written once."""

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
    assert all(f'env("{name}")' in text for name in names)
    assert "environ[" not in text
    assert text.count("env(") == len(names)


def test_the_api_has_the_version_of_the_package() -> None:
    package = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == package
    assert f"## {package} " in (ROOT / "CHANGELOG.md").read_text()
