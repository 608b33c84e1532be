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
class Contract:
    """What a registry in the common form of data.go.kr is sent, and which fields of its rows are facts.

    `number` is the field by which a row names its firm; of `many` every row counts.
    """

    asks: str
    number: str
    facts: Mapping[str, str]
    many: bool = False


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
    contract: Contract | None = None

    @property
    def title(self) -> str:
        return f"{self.agency} {self.label}"


@dataclass(frozen=True)
class Wording:
    """What a firm consents to, and the registries that it may be asked about by it."""

    version: str
    text: str
    registries: tuple[str, ...]


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


def recheck_hours() -> int:
    """Return how old an answer may be, in hours, when a decision or a payment rests on it."""
    return int(_read()["recheck_hours"]["value"])


@cache
def wordings() -> Mapping[str, Wording]:
    """Return every wording of the consent by its version, the oldest first."""
    return {
        row["version"]: Wording(row["version"], row["text"], tuple(row["registries"]))
        for row in _read()["consents"]
    }


def named_by(version: str) -> tuple[str, ...]:
    """Return the registries that a wording names; none for a version that is not known."""
    known = wordings().get(version)
    return known.registries if known else ()


def wording() -> Wording:
    """Return the consent as it is asked for now: the first that names every connected registry."""
    asked = set(connected())
    known = list(wordings().values())
    return next((row for row in known if asked <= set(row.registries)), known[-1])


def naming(registry: str) -> list[str]:
    """Return the versions of the wordings that name a registry."""
    return [row.version for row in wordings().values() if registry in row.registries]


def _registry(code: str, row: Mapping[str, Any]) -> Registry:
    figures = {
        name: part["value"] if isinstance(part, Mapping) else part
        for name, part in row.items()
        if name != "contract"
    }
    contract = Contract(**row["contract"]) if "contract" in row else None
    return Registry(code=code, **{**figures, "sends": tuple(row["sends"]), "contract": contract})
