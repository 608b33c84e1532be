"""Questions to a registry, its answers, and why there is none."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from portal.models import Failure


def digest(value: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a mapping in its canonical JSON form."""
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


@dataclass(frozen=True)
class Question:
    """A firm by its business number, with the details that some registries compare."""

    subject: str
    details: Mapping[str, str] = field(default_factory=dict)

    @property
    def sha256(self) -> str:
        return digest(self.details)


@dataclass(frozen=True)
class Answer:
    """What a registry said of one firm; `facts` are plain values, the same for the same answer.

    `found` is False when the registry knows no such firm: that is an answer, too.
    """

    found: bool
    facts: Mapping[str, Any]

    @property
    def sha256(self) -> str:
        return digest({"found": self.found, "facts": self.facts})


class NotAnswered(Exception):
    """The registry gave no answer to a call. Never the same as "nothing found"."""

    def __init__(self, failure: Failure) -> None:
        self.failure = failure
        super().__init__(failure.value)


class Adapter(Protocol):
    """Speaks to one registry of an agency."""

    def ask(self, questions: Sequence[Question]) -> Mapping[str, Answer]:
        """Return the answers by business number; one that is missing was not answered.

        One call for at most `per_call` questions. Raises NotAnswered for the whole call.
        """
