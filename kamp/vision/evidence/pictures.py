"""Pictures for people: frames, flattened views, heatmaps, as PNG bytes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from kamp.vision.decoding.decode import Frame
from kamp.vision.evidence.examine import Evidence
from kamp.vision.evidence.register import air_threshold, flatten

HOT = 14.0  # robust sigmas at which the colour is full where no model sets the scale
COOL = 0.3  # of it: where the colour begins
OPAQUE = 0.75
GREYS = 14.0  # grey levels of the flat view that fill half of the picture's range
FAST = [cv2.IMWRITE_PNG_COMPRESSION, 1]

Picture = NDArray[np.uint8]


def frame_png(frame: Frame) -> bytes:
    return _png(frame)


def flattened_png(frame: Frame, *, contrast: float = 1.0) -> bytes:
    """Return the frame without thickness and scatter, so that defects become visible."""
    threshold = air_threshold([frame])
    flat, _, _ = flatten(frame, 256.0 if threshold is None else threshold)
    return _png(_shown(flat, contrast))


def overlay_png(frame: Frame, evidence: Evidence, index: int, *, hot: float = HOT) -> bytes:
    """Draw the heat of one frame over it; `hot` is the deviation (sigmas) in full colour."""
    if not evidence.heat.size:
        return _png(frame)
    return _png(_heated(frame, evidence.heat_of(index, frame.shape[1]), hot))


def panorama_png(evidence: Evidence, *, heat: bool = False, hot: float = HOT) -> bytes:
    if not evidence.panorama.size:
        return _png(np.full((8, 8), 128, np.uint8))
    picture = _shown(evidence.panorama, 1.0)
    return _png(_heated(picture, evidence.heat, hot) if heat else picture)


def _shown(flat: NDArray[np.float32], contrast: float) -> Picture:
    shown: Picture = np.clip(128 + flat * (contrast * 127 / GREYS), 0, 255).astype(np.uint8)
    return shown


def _heated(grey: Picture, heat: NDArray[np.float32], hot: float) -> Picture:
    colour = cv2.applyColorMap(
        np.clip(heat * (255 / hot), 0, 255).astype(np.uint8), cv2.COLORMAP_INFERNO
    )
    share = np.clip((heat / hot - COOL) / (1 - COOL), 0, OPAQUE)[..., None]
    plain = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    mixed: Picture = (plain * (1 - share) + colour * share).astype(np.uint8)
    return mixed


def _png(picture: Picture) -> bytes:
    data: bytes = cv2.imencode(".png", picture, FAST)[1].tobytes()
    return data
