"""The registries that `registries.yaml` declares, and the wording of the consent."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings

FILE = Path(__file__).with_name("registries.yaml")


@dataclass(frozen=True)
class Registry:
    """One kind of question that an agency answers, with the limits under which it is asked.

    `sends` says what the agency is told of a firm. Who speaks to it stands in `settings.REGISTRIES`.
    """

    code: str
    label: str
    agency: str
    sends: tuple[str, ...]
    per_call: int
    calls_per_minute: int
    valid_hours: int


@dataclass(frozen=True)
class Wording:
    """What a firm consents to."""

    version: str
    text: str


@cache
def _read() -> Mapping[str, Any]:
    whole: Mapping[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return whole


@cache
def registries() -> Mapping[str, Registry]:
    """Return every registry by its code, in the order of the file."""
    return {code: _registry(code, row) for code, row in _read()["registries"].items()}


def connected() -> Mapping[str, Registry]:
    """Return the registries that the settings say how to ask."""
    return {code: row for code, row in registries().items() if code in settings.REGISTRIES}


def wording() -> Wording:
    """Return the consent as it is asked for now."""
    return Wording(**_read()["consent"])


def _registry(code: str, row: Mapping[str, Any]) -> Registry:
    figures = {
        name: part["value"] if isinstance(part, Mapping) else part for name, part in row.items()
    }
    return Registry(code=code, **{**figures, "sends": tuple(row["sends"])})
