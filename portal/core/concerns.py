"""Which firms and people a row is about, and where a person belongs, as lookups of the ORM."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Path:
    """A lookup to a firm, person or address, and conditions on the rows that it passes.

    An empty `to` is the row itself.
    """

    to: str
    where: Mapping[str, object] = field(default_factory=lambda: NOTHING, hash=False)


@dataclass(frozen=True)
class Concern:
    """What a row is about.

    `firms` lead to rows with a name and a business number, `numbers` to business numbers, `people` to
    accounts, `emails` to addresses.
    """

    firms: tuple[Path, ...] = ()
    numbers: tuple[Path, ...] = ()
    people: tuple[Path, ...] = ()
    emails: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Belonging:
    """A table that says to which firm a person belongs: lookups to the account and the number."""

    user: str
    number: str
    where: Mapping[str, object] = field(default_factory=lambda: NOTHING, hash=False)
