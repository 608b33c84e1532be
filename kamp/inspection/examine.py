"""From frames to evidence: one panorama, one vector of features, one heatmap, how it was taken."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kamp.inspection.decode import Clip
from kamp.inspection.quality import Traits


@dataclass(frozen=True)
class Evidence:
    """All that is known of one product before any model speaks.

    `vector`: (features.SIZE,) float32, None where no object was found; store it, training needs
    nothing else. `panorama`: (h, w) float32 flattened log image; `mask`: (h, w) bool, what is
    inspected; `heat`: (h, w) float32, own deviations in robust sigmas; `offsets`: (frames,) int,
    column of the panorama at which each frame begins (may be negative); `times`: stage -> ms.
    """

    vector: NDArray[np.float32] | None
    traits: Traits
    panorama: NDArray[np.float32]
    mask: NDArray[np.bool_]
    heat: NDArray[np.float32]
    offsets: NDArray[np.int64]
    times: dict[str, float]

    @property
    def phash(self) -> int:
        """64-bit perceptual hash of the panorama, for `duplicates`."""
        raise NotImplementedError


def examine(clip: Clip) -> Evidence:
    """Register the frames and measure the product; the same frames give the same bits."""
    raise NotImplementedError
