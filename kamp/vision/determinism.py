"""Deterministic arithmetic: the same input gives the same bits."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from threadpoolctl import threadpool_limits


@contextmanager
def deterministic() -> Iterator[None]:
    """Limit every library to one thread and to code whose rounding does not depend on addresses."""
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(False)  # applies to the calling thread only, so it is set each time
    with threadpool_limits(1):
        yield
