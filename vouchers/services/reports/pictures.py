"""Re-encoding of uploaded pictures: only the pixels stay, no metadata of a camera or program."""

import hashlib
from dataclasses import dataclass

from django.core.files.base import File

from portal.uploads import files

FORMATS = ("jpg", "png")
LONGEST_SIDE = 2_000
"""Pixels; enough to read a screenshot, small enough for a page of eight pictures."""


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    sha256: str
    content_type: str
    width: int
    height: int


def reencode(upload: "File[bytes]") -> Picture:
    """Check an upload by its content and re-encode it: upright, at most `LONGEST_SIDE` pixels.

    Raises BadInput (`file_…`), Unavailable.
    """
    drawn = files.redraw(upload, allowed=FORMATS, longest=LONGEST_SIDE)
    kind = "png" if drawn.data.startswith(b"\x89PNG") else "jpg"
    digest = hashlib.sha256(drawn.data).hexdigest()
    return Picture(drawn.data, digest, files.CONTENT_TYPES[kind], drawn.width, drawn.height)
