"""Compose the texts of the demo's reports: no two share a section, and each agrees with its ratings."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from vouchers.states import Category, MemberKind

FOLDER = Path(__file__).with_name("texts")
SCALES = ("features", "satisfaction", "price", "ease", "purpose")
# Sections, the scale whose rating each explains, and the letters that the form asks for at least.
SECTIONS = {
    "features": ("features", 50),
    "satisfaction": ("satisfaction", 50),
    "price": ("price", 30),
    "inconvenience": ("ease", 30),
    "purpose": ("purpose", 20),
}
VOICES = {
    MemberKind.SME: ("careful", "owner", "blunt", "elder"),
    MemberKind.EXPERT: ("technical", "careful", "elder"),
    MemberKind.STUDENT: ("blunt", "careful", "technical"),
}
MIXED = (
    "features",
    "inconvenience",
)  # sections in which a lesser remark stands beside the main one
TRIES = 60
ENOUGH = 35  # percent shared with another report at which no other choice is tried


@dataclass(frozen=True)
class Composed:
    """One person's report: texts by section, ratings by scale."""

    texts: dict[str, str]
    ratings: dict[str, object]


@cache
def _read(name: str) -> Mapping[str, Any]:
    return dict(yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")))


def things(category: Category) -> list[str]:
    """Return words that only texts of a field use."""
    return list(_read(category)["things"])


def sentences(category: Category, name: str, section: str) -> dict[str, list[str]]:
    """Return what may be said in a section of a service called `name`, by tone."""
    found = {tone: list(rows) for tone, rows in _read(category)[section].items()}
    if section == "features":
        for good, tones in _read(category)["goods"].items():
            for tone, rows in tones.items() if good in name else ():
                found[tone] = [*rows, *found[tone]]
    return found


def voice_of(kind: str, number: int) -> str:
    """Return how a member of the panel writes."""
    voices = VOICES[MemberKind(kind)]
    return voices[number % len(voices)]


def ratings(chance: Random, quality: int) -> dict[str, object]:
    """Return one person's ratings around a service's quality, each scale judged by itself."""
    lenient = chance.choice((-1, 0, 0, 0, 1))
    marks: dict[str, object] = {
        code: min(5, max(1, quality + lenient + chance.choice((-1, -1, 0, 0, 1))))
        for code in SCALES
    }
    if chance.random() < 0.15:
        marks["price"] = "skip"
    return marks


def tone_of(mark: object) -> str:
    """Return the tone of a section whose scale has a mark."""
    if mark == "skip":
        return "unsure"
    return ("poor", "poor", "fair", "good", "good")[int(str(mark)) - 1]


class Composer:
    """Composes reports one after the other; the same calls give the same reports."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)  # noqa: S311 - not a secret
        self._users: defaultdict[str, list[int]] = defaultdict(list)  # places of reports
        self._letters: list[dict[str, int]] = []  # of each report, by section

    def compose(
        self, category: Category, name: str, *, quality: int, voice: str, advice: bool = False
    ) -> Composed:
        """Write about the service called `name`, 1 to 5 good, as a person of a voice does."""
        said = _read("voices")[voice]
        marks = ratings(self._chance, quality)
        chosen: dict[str, list[str]] = {}
        shared: Counter[int] = Counter()
        for section, (scale, least) in SECTIONS.items():
            material = _Material(category, name, section, voice, marks[scale])
            best = 10_000.0
            for turn in range(TRIES):
                rows = self._choose(material, least, turn)
                overlaps = self._overlaps(section, rows)
                most = max((now + shared[at] / 5 for at, now in overlaps.items()), default=0)
                if most < best:
                    best, chosen[section], found = most, rows, overlaps
                if best <= ENOUGH:
                    break
            shared.update(found)
        chosen["free"] = self._advice(category, said["advice"] if advice else 0)
        for rows in chosen.values():
            for row in rows:
                self._users[row].append(len(self._letters))
        self._letters.append({section: _letters(rows) for section, rows in chosen.items()})
        return Composed({section: " ".join(rows) for section, rows in chosen.items()}, marks)

    def _choose(self, material: "_Material", least: int, turn: int) -> list[str]:
        """Choose an opening, sentences until they are long enough, and a close.

        Later turns choose more sentences and more freely.
        """
        tones = [*material.tones, *[material.tone] * (turn // (TRIES // 3))]
        frame = max(material.frame, turn / TRIES)
        freedom = 1.5 + turn / 10

        def worn(row: str) -> float:
            return len(self._users[row]) + self._chance.random() * freedom

        rows: list[str] = []
        while tones or _letters(rows) < least:
            pool = material.pools[tones.pop(0) if tones else material.tone]
            free = [row for row in pool if row not in rows]
            if not free:
                break
            rows.append(min(free, key=lambda row: worn(row) + material.length * len(row)))
        opens, closes = (
            [min(pool, key=worn)] if pool and self._chance.random() < frame else []
            for pool in (material.opens, material.closes)
        )
        return [*opens, *rows, *closes]

    def _overlaps(self, section: str, rows: list[str]) -> Counter[int]:
        """Return how many percent of the shorter section each earlier report shares."""
        same: Counter[int] = Counter()
        for row in rows:
            for place in self._users[row]:
                same[place] += _letters([row])
        mine = _letters(rows)
        return Counter(
            {
                place: 100 * count // min(mine, self._letters[place][section])
                for place, count in same.items()
            }
        )

    def _advice(self, category: Category, count: int) -> list[str]:
        """Return up to `count` pieces of advice that nobody gave yet."""
        return [row for row in _read(category)["advice"] if not self._users[row]][:count]


class _Material:
    """What a person of a voice may say in a section, given the mark."""

    def __init__(
        self,
        category: Category,
        name: str,
        section: str,
        voice: str,
        mark: object,
    ) -> None:
        said = _read("voices")[voice]
        self.length: float = said["length"]
        self.frame: float = said["frame"]
        self.tone = tone_of(mark)
        lesser = "fair" if section in MIXED and mark in (2, 4) else self.tone
        self.pools = sentences(category, name, section)
        # Long reports leave enough of a small choice to the others.
        enough = max(1, round(len(self.pools[self.tone]) * 0.4))
        self.tones = [self.tone, lesser, self.tone][: min(said["sentences"], enough)]
        own = _read(category)["voices"] if section == "features" else {}
        self.opens: list[str] = own.get(voice) or said["opens"].get(section, [])
        self.closes: list[str] = said["closes"].get(section, {}).get(self.tone, [])


def _letters(rows: list[str]) -> int:
    return sum(map(_length, rows))


@cache
def _length(row: str) -> int:
    return len("".join(row.split()))
