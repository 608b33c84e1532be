"""Descriptions of the open data, read once from `applications/open_data.yaml`."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

KINDS = {
    "integer": "정수",
    "decimal": "소수",
    "text": "글자",
    "boolean": "참·거짓",
    "instant": "시각",
}
FILE = Path(__file__).resolve().parents[2] / "open_data.yaml"


@dataclass(frozen=True)
class Field:
    """A column of a data set; `kind` is integer, decimal, text, boolean or instant."""

    name: str
    kind: str
    label: str

    @property
    def kind_label(self) -> str:
        """The kind in Korean."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Dataset:
    """The description of a data set."""

    code: str
    title: str
    summary: str
    fields: tuple[Field, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(field.name for field in self.fields)


@dataclass(frozen=True)
class Publication:
    format: str
    publisher: str
    licence: dict[str, str]
    minimum: int
    rule: str
    new_build: dict[str, Any]
    datasets: tuple[Dataset, ...]

    @property
    def hidden(self) -> str:
        """What stands for a number too small to publish."""
        return f"비공개({self.minimum}건 미만)"


@cache
def publication() -> Publication:
    read = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return Publication(
        format=read["format"],
        publisher=read["publisher"],
        licence=read["licence"],
        minimum=read["suppression"]["minimum"],
        rule=read["suppression"]["rule"],
        new_build=read["statistics"]["new_build"],
        datasets=tuple(
            Dataset(
                row["code"],
                row["title"],
                row["summary"],
                tuple(Field(**field) for field in row["fields"]),
            )
            for row in read["datasets"]
        ),
    )
