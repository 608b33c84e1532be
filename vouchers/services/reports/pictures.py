"""Re-encoding of uploaded pictures: only the pixels stay, no metadata of a camera or program."""

import hashlib
from dataclasses import dataclass
from io import BytesIO

from django.core.files.base import File
from PIL import Image, ImageOps

from portal.core.errors import BadInput
from portal.uploads import files

FORMATS = ("jpg", "png")
LONGEST_SIDE = 2_000
"""Pixels; enough to read a screenshot, small enough for a page of eight pictures."""
QUALITY = 85
_BROKEN = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    sha256: str
    content_type: str
    width: int
    height: int


def reencode(upload: "File[bytes]") -> Picture:
    """Check an upload by its content and re-encode it: upright, at most `LONGEST_SIDE` pixels.

    Raises BadInput (`file_…`).
    """
    inspected = files.inspect(upload, allowed=FORMATS)
    upload.seek(0)
    kind = "PNG" if inspected.extension == "png" else "JPEG"
    try:
        with Image.open(upload, formats=[kind]) as sent:
            sent.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(sent)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            clear = kind == "PNG" and (
                upright.mode in ("RGBA", "LA") or "transparency" in upright.info
            )
            pixels = upright.convert("RGBA" if clear else "RGB")
            clean = Image.new(pixels.mode, pixels.size)
            clean.paste(pixels)
    except _BROKEN as broken:
        raise BadInput("그림을 읽을 수 없습니다.", code="file_damaged") from broken
    out = BytesIO()
    if kind == "PNG":
        clean.save(out, "PNG", optimize=True)
    else:
        clean.save(out, "JPEG", quality=QUALITY, optimize=True)
    data = out.getvalue()
    return Picture(
        data, hashlib.sha256(data).hexdigest(), inspected.content_type, clean.width, clean.height
    )
