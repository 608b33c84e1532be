"""Two people in one step: each answer is merged by itself, and only the same answer asks."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from programs.rules.facts import absent

_LENGTH = 16


@dataclass(frozen=True)
class Merged:
    """What may be stored of the answers that were sent.

    `clashes` are the codes that somebody else changed to something else meanwhile.
    """

    values: dict[str, Any]
    clashes: frozenset[str]


def digest(answer: Any) -> str:
    """Return what tells a stored answer from another one; "" for none."""
    if absent(answer):
        return ""
    plain = json.dumps(answer, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(plain.encode()).hexdigest()[:_LENGTH]


def merge(sent: Mapping[str, Any], stored: Mapping[str, Any], based: Mapping[str, str]) -> Merged:
    """Merge answers into the stored ones, by the digests that the sender's page was `based` on.

    An answer that the sender left as it was gives way to a newer one. What has no digest is taken
    as it was sent.
    """
    values: dict[str, Any] = {}
    clashes = set()
    for code, answer in sent.items():
        ours, theirs = digest(answer), digest(stored.get(code))
        before = based.get(code, theirs)
        if theirs == before or ours == theirs:
            values[code] = answer
        elif ours != before:
            clashes.add(code)
    return Merged(values, frozenset(clashes))


def rebased(
    based: Mapping[str, str], sent: Mapping[str, Any], stored: Mapping[str, Any]
) -> dict[str, str]:
    """Return the digests of the sender's page after a save.

    They are new where the page shows what is stored, and stay where it shows something else.
    """
    same = {
        code: digest(answer)
        for code, answer in sent.items()
        if digest(answer) == digest(stored.get(code))
    }
    return {**based, **same}
