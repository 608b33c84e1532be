"""Help beside the questions of a form: what assessors look for, examples, terms, where papers come from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from programs.models import SubProgram

FILE = Path(__file__).resolve().parent.parent / "catalogue" / "writing.yaml"


@dataclass(frozen=True)
class Help:
    """What stands beside one question; `most` is the number of characters that it takes."""

    criterion: str = ""
    points: int = 0
    guide: str = ""
    looks_for: tuple[str, ...] = ()
    example: str = ""
    terms: tuple[Mapping[str, str], ...] = ()
    levels: tuple[Mapping[str, str], ...] = ()
    cost: str = ""
    most: int | None = None


@cache
def data(file: Path = FILE) -> dict[str, Any]:
    """Return what the data file says, read once per process."""
    return yaml.safe_load(file.read_text("utf-8"))


def helps(program: SubProgram, questions: Iterable[Mapping[str, Any]]) -> dict[str, Help]:
    """Return the help of each of these questions that has any, by its code."""
    written = {**data()["common"], **data()["programs"].get(program.code, {})}
    criteria = {row.code: row for row in program.criteria.all()}
    found = {}
    for question in questions:
        row = written.get(question["code"], {})
        criterion = criteria.get(row.get("criterion", ""))
        long = question["kind"] == "long_text"
        if row or long or question["kind"] == "won":
            found[question["code"]] = Help(
                criterion=criterion.label if criterion else "",
                points=criterion.max_points if criterion else 0,
                guide=criterion.guide if criterion else "",
                looks_for=tuple(row.get("looks_for", ())),
                example=row.get("example", ""),
                terms=terms(row.get("terms", ())),
                levels=tuple(data()["levels"]) if row.get("levels") else (),
                cost=data()["cost"] if question["kind"] == "won" or row.get("cost") else "",
                most=question.get("max_length") if long else None,
            )
    return found


def terms(codes: Iterable[str]) -> tuple[Mapping[str, str], ...]:
    """Return entries of the glossary. Raises KeyError for an unknown code."""
    known = {row["code"]: row for row in data()["glossary"]}
    return tuple(known[code] for code in codes)


def issuer(document: str) -> Mapping[str, str] | None:
    """Return where the paper of a required document is issued: `issuer` and `url`; None if nowhere."""
    return data()["papers"].get(document)
