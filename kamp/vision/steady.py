"""One thread and plain arithmetic, so that the same input gives the same bits."""

from collections.abc import Iterator
from contextlib import contextmanager

import cv2
from threadpoolctl import threadpool_limits


@contextmanager
def steady() -> Iterator[None]:
    """Keep every library to one thread and away from code whose rounding depends on addresses."""
    cv2.setNumThreads(1)
    cv2.ipp.setUseIPP(False)  # counts for the calling thread only, so it is said each time
    with threadpool_limits(1):
        yield
