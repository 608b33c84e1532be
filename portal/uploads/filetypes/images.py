"""JPEG and PNG: size before decoding, structure to the last byte, no page hidden inside."""

import re
import struct
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from portal.uploads.filetypes import refusals
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.streams import Readable

MOST_PIXELS = 50_000_000
MOST_CHUNKS = 100_000  # of a PNG; a 20 MiB picture has a few thousand
MOST_SEGMENTS = 10_000  # of a JPEG
_MARKUP = re.compile(
    rb"<script|<\?php|<html|<svg[\s>]|<!doctype|<iframe|javascript:", re.IGNORECASE
)
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_MOST_FILL = 4096  # bytes of 0xff before a marker
_SCAN, _END = 0xDA, 0xD9
_ZIP_END = b"PK\x05\x06"
# What Pillow raises on broken pictures; its warnings too, where they are turned into errors.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    OverflowError,
    struct.error,
    Warning,
)


def check_png(stream: Readable, budget: Budget) -> str:
    """Return "png". Every checksum is verified; nothing may follow the last chunk."""
    data = _read(stream)
    notes: list[bytes] = []
    place, kind, count = 8, b"", 0
    while kind != b"IEND" and place + 8 <= len(data) and count < MOST_CHUNKS:
        size, kind = struct.unpack_from(">I4s", data, place)
        if kind not in (b"IDAT", b"PLTE"):
            notes.append(data[place + 8 : place + 8 + size])
        place, count = place + 12 + size, count + 1
    if kind != b"IEND" or place > len(data):
        raise refusals.damaged()
    _refuse_hidden(b"".join(notes), data[place:])
    if data[place:].strip(b"\x00\r\n"):
        raise _hidden()
    _verify(data, "PNG", budget)
    return "png"


def check_jpg(stream: Readable, budget: Budget) -> str:
    """Return "jpg". Data that cameras append may stay unless it is an archive."""
    data = _read(stream)
    notes, end = _walk(data)
    _refuse_hidden(notes, data[end:])
    _verify(data, "JPEG", budget)
    return "jpg"


def _walk(data: bytes) -> tuple[bytes, int]:
    """Return everything that is not picture data, and where the picture ends."""
    notes: list[bytes] = []
    place, kind, drawn = 2, 0, False
    while mark := _MARKER.search(data, place):
        if len(notes) > 2 * MOST_SEGMENTS or mark.end() - mark.start() > _MOST_FILL:
            break
        if kind != _SCAN:
            notes.append(data[place : mark.start()])
        kind = mark[1][0]
        if kind == _END and drawn:
            return b"".join(notes), mark.end()
        drawn = drawn or kind == _SCAN
        place = mark.end() + max(2, int.from_bytes(data[mark.end() : mark.end() + 2], "big"))
        notes.append(data[mark.end() : place])
    raise refusals.damaged()


def _read(stream: Readable) -> bytes:
    stream.seek(0)
    return stream.read()


def _refuse_hidden(notes: bytes, behind: bytes) -> None:
    if _MARKUP.search(notes) or _MARKUP.search(behind) or _ZIP_END in behind[-65_557:]:
        raise _hidden()


def _hidden() -> Exception:
    return refusals.unsafe(
        "그림 안에 다른 자료가 숨어 있습니다. 그림 프로그램에서 다시 저장하여 올려 주세요."
    )


def _verify(data: bytes, kind: str, budget: Budget) -> None:
    try:
        with Image.open(BytesIO(data), formats=[kind]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise _too_many_pixels()
            if kind == "PNG":
                image.verify()
            elif "progression" not in image.info:  # a progressive one is held whole to decode
                budget.pixels -= image.width * image.height
                if budget.pixels < 0:
                    raise refusals.bomb()
                image.draft("RGB", (max(1, image.width // 8), max(1, image.height // 8)))
                image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels() from None
    except (UnidentifiedImageError, *_BROKEN):
        raise refusals.damaged() from None


def _too_many_pixels() -> Exception:
    return refusals.unsafe(
        f"그림이 너무 큽니다. 가로×세로 {MOST_PIXELS // 10_000}만 화소 이하로 줄여서 올려 주세요."
    )
