"""Clips of different products that show the same picture, which would flatter the measures."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

Thumb = NDArray[np.float32]

THUMB = (48, 24)  # columns, rows
ALIKE = 0.95  # normalised correlation from which two pictures are the same one
NEAR_HASH = 16  # of 64 bits: further apart is not compared
BLOCK = 1024  # pictures compared at once


@dataclass(frozen=True)
class Item:
    """One clip: `serial` of its product, `sha256` of its file, `phash`, `thumb` (24, 48)."""

    key: str
    serial: str
    split: str
    sha256: str
    phash: int
    thumb: Thumb


@dataclass(frozen=True)
class Duplicate:
    """Two clips of different products that are the same picture; `crosses` when splits differ."""

    first: str
    second: str
    exact: bool
    similarity: float
    crosses: bool


def thumb(panorama: NDArray[np.float32]) -> Thumb:
    """Return a small picture (24, 48) of mean 0 and norm 1: texture and defects, no brightness."""
    if not panorama.size:
        return np.zeros(THUMB[::-1], np.float32)
    small: Thumb = cv2.resize(panorama, THUMB, interpolation=cv2.INTER_AREA).astype(np.float32)
    small -= small.mean()
    small /= np.float32(np.linalg.norm(small) + 1e-9)
    return small


def phash(panorama: NDArray[np.float32]) -> int:
    """Return the signs of the 64 lowest frequencies: similar pictures differ in few bits."""
    if not panorama.size:
        return 0
    small = cv2.resize(panorama, (32, 32), interpolation=cv2.INTER_AREA)
    low = fft.dctn(small, norm="ortho")[:8, :8].ravel()
    bits = low > np.median(low)
    return int("".join("1" if bit else "0" for bit in bits), 2)


def find(items: Sequence[Item]) -> tuple[Duplicate, ...]:
    """Return the pairs of clips of different serials that are equal or nearly so.

    Near-duplicates agree in hash and in the correlation of their thumbs. Time grows with the
    square of the count; 10,000 clips take seconds.
    """
    return tuple(_pairs(items))


def _pairs(items: Sequence[Item]) -> Iterator[Duplicate]:
    if not items:
        return
    flat = np.stack([one.thumb.ravel() for one in items]).astype(np.float32)
    hashes = np.array([one.phash for one in items], np.uint64)
    for start in range(0, len(items), BLOCK):
        rows = slice(start, start + BLOCK)
        alike = flat[rows] @ flat.T
        apart = np.bitwise_count(hashes[rows, None] ^ hashes[None, :])
        near = (alike >= ALIKE) & (apart <= NEAR_HASH)
        for row, column in np.argwhere(near | _same_file(items, rows)):
            one, other = items[start + row], items[column]
            if start + row < column and one.serial != other.serial:
                yield Duplicate(
                    one.key,
                    other.key,
                    one.sha256 == other.sha256,
                    round(float(alike[row, column]), 4),
                    one.split != other.split,
                )


def _same_file(items: Sequence[Item], rows: slice) -> NDArray[np.bool_]:
    digests = np.array([one.sha256 for one in items])
    same: NDArray[np.bool_] = digests[rows, None] == digests[None, :]
    return same
