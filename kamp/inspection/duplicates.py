"""The same picture on both sides of a split, found before it flatters a figure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Item:
    """One clip: `serial` of its product, `sha256` of its file, `phash`, a `thumb` (24, 48) float32."""

    key: str
    serial: str
    split: str
    sha256: str
    phash: int
    thumb: NDArray[np.float32]


@dataclass(frozen=True)
class Duplicate:
    """Two clips of different products that are the same picture; `crosses` when splits differ."""

    first: str
    second: str
    exact: bool
    similarity: float
    crosses: bool


def find(items: Sequence[Item]) -> tuple[Duplicate, ...]:
    """Name each pair of clips of different serials that are equal or nearly so."""
    raise NotImplementedError
