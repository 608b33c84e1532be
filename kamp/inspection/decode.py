"""Reads a clip in a limited child process; frames come from a spool, so memory stays flat."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
WORKING_MM = 0.8  # mm of the product per pixel at which everything is inspected


@dataclass(frozen=True)
class Limits:
    """What one clip may cost."""

    bytes: int = 200 * 1024**2
    seconds: float = 300.0  # of film
    frames: int = 3_000
    images: int = 500
    width: int = 1_920
    height: int = 1_200
    cpu_seconds: int = 120
    wall_seconds: float = 180.0
    memory: int = 768 * 1024**2


LIMITS = Limits()


@dataclass(frozen=True)
class ClipInfo:
    """What the file is, as its own header and frames tell.

    `width`, `height` are of the file; `mm_per_px` is the scale of the frames handed out, after
    they were brought to the working scale; `bits_per_px` is the compressed size per pixel shown.
    """

    container: str
    codec: str
    width: int
    height: int
    frames: int
    fps: float
    bytes: int
    bits_per_px: float
    mm_per_px: float
    sha256: str


class Clip:
    """Decoded frames in an unlinked file; use as a context manager. Frames are (h, w) uint8."""

    info: ClipInfo
    shape: tuple[int, int]

    def __len__(self) -> int:
        raise NotImplementedError

    def __getitem__(self, index: int) -> Frame:
        raise NotImplementedError

    def __iter__(self) -> Iterator[Frame]:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_clip(path: Path, *, mm_per_px: float, limits: Limits = LIMITS) -> Clip:
    """Decode a film whose pixels are `mm_per_px` at the product.

    Raises `ClipRefused` for what the file is, `DecodeFailed` for what it did to the child.
    """
    raise NotImplementedError


def open_images(paths: Sequence[Path], *, mm_per_px: float, limits: Limits = LIMITS) -> Clip:
    """Decode still images of one product in their order; raises as `open_clip` does."""
    raise NotImplementedError
