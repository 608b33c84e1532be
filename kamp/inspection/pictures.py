"""Pictures for people: frames, flattened views, heatmaps, as PNG bytes."""

import numpy as np
from numpy.typing import NDArray

from kamp.inspection.decode import Frame
from kamp.inspection.examine import Evidence


def frame_png(frame: Frame) -> bytes:
    """The frame as it was taken (at the working scale)."""
    raise NotImplementedError


def flattened_png(frame: Frame, *, contrast: float = 1.0) -> bytes:
    """The frame with thickness and scatter taken out: defects become visible."""
    raise NotImplementedError


def overlay_png(frame: Frame, evidence: Evidence, index: int) -> bytes:
    """Frame number `index` with the heatmap on it."""
    raise NotImplementedError


def panorama_png(evidence: Evidence, *, heat: bool = False) -> bytes:
    """The whole product in one picture, with or without the heatmap."""
    raise NotImplementedError


def thumbnail_png(picture: NDArray[np.uint8], *, width: int = 128) -> bytes:
    """A small version for a filmstrip."""
    raise NotImplementedError
