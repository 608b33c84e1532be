"""Whom to ask, and the pages about the portal itself, as the data file `site.yaml` lists them."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("site.yaml")


@dataclass(frozen=True)
class Contact:
    """The agency's help: `phone` as it is dialled, `shown` as it is read."""

    office: str
    phone: str
    shown: str
    hours: str
    note: str
    origin: str


@dataclass(frozen=True)
class Section:
    title: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """A page about the portal; its code is its address."""

    code: str
    title: str
    origin: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Site:
    contact: Contact
    pages: tuple[Page, ...]

    def page(self, code: str) -> Page:
        """Return the page with this code. Raises StopIteration for an unknown one."""
        return next(row for row in self.pages if row.code == code)


@cache
def site(file: Path = FILE) -> Site:
    """Return what the data file says, read once per process."""
    data = yaml.safe_load(file.read_text("utf-8"))
    pages = tuple(
        Page(
            code=row["code"],
            title=row["title"],
            origin=row["origin"],
            sections=tuple(Section(one["title"], tuple(one["texts"])) for one in row["sections"]),
        )
        for row in data["pages"]
    )
    return Site(Contact(**data["contact"]), pages)
