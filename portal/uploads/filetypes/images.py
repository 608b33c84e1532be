"""JPEG and PNG: size before decoding, structure to the last byte, no page hidden inside; and drawn anew."""

import re
import struct
import zlib
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from portal.uploads.filetypes import refusals
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.streams import CHUNK, PIECE, Readable

MOST_PIXELS = 80_000_000  # telephones take 50 and 64 million
MOST_CHUNKS = 100_000  # of a PNG; a 20 MiB picture has a few thousand
MOST_SEGMENTS = 10_000  # of a JPEG
# Photoshop keeps the settings of a Macintosh's printer in a picture, as a property list.
_MARKUP = re.compile(
    rb"<script|<\?php|<html|<svg[\s>]|<!doctype(?!\s{1,8}plist\s)|<iframe|javascript:",
    re.IGNORECASE,
)
# Only the last of the bytes of 0xff before a marker: a search for all of them is quadratic in their number.
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_FILL = b"\xff"
_MOST_FILL = 4096  # of them before a marker
_SCAN, _END = 0xDA, 0xD9
_ZIP_END = b"PK\x05\x06"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a PNG, by its colour type
_INTERLACED = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
QUALITY = 85  # of a JPEG drawn anew
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
    pixels: list[memoryview] = []
    place, kind, count = 8, b"", 0
    while kind != b"IEND" and place + 8 <= len(data) and count < MOST_CHUNKS:
        size, kind = struct.unpack_from(">I4s", data, place)
        if kind == b"IDAT":
            pixels.append(memoryview(data)[place + 8 : place + 8 + size])
        elif kind != b"PLTE":
            notes.append(data[place + 8 : place + 8 + size])
        place, count = place + 12 + size, count + 1
    if kind != b"IEND" or place > len(data):
        raise refusals.damaged()
    _refuse_hidden(b"".join(notes), data[place:])
    if data[place:].strip(b"\x00\r\n"):
        raise _hidden()
    _verify(data, "PNG", budget)
    _check_pixels(data, pixels, budget)
    return "png"


def check_jpg(stream: Readable, budget: Budget) -> str:
    """Return "jpg". Data that cameras append may stay unless it is an archive."""
    data = _read(stream)
    notes, end = _walk(data)
    _refuse_hidden(notes, data[end:])
    _verify(data, "JPEG", budget)
    return "jpg"


def redraw(
    stream: Readable, extension: str, *, longest: int, flat: bool
) -> tuple[bytes, tuple[int, int]]:
    """Draw a checked picture anew: upright, 8 bits, its sides at most `longest` pixels.

    Returns the bytes and (width, height): a JPEG stays one unless `flat` asks for a PNG without
    transparency. Raises BadInput (`file_damaged`).
    """
    kind = "PNG" if extension == "png" else "JPEG"
    try:
        with Image.open(BytesIO(_read(stream)), formats=[kind]) as sent:
            sent.draft("RGB", (longest, longest))
            picture = _in_colours(sent)
            picture.thumbnail((longest, longest))
            picture = ImageOps.exif_transpose(picture)
            clean = Image.new(picture.mode, picture.size)
            clean.paste(picture)  # only the pixels
    except (UnidentifiedImageError, *_BROKEN):
        raise refusals.damaged() from None
    if flat and clean.mode == "RGBA":
        clean = Image.alpha_composite(Image.new("RGBA", clean.size, "white"), clean).convert("RGB")
    out = BytesIO()
    if flat or kind == "PNG":
        clean.save(out, "PNG", optimize=True)
    else:
        clean.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue(), clean.size


def _in_colours(sent: Image.Image) -> Image.Image:
    # RGB, or RGBA where something is transparent; 16 bits are scaled: converting would cut them to white.
    if sent.mode.startswith("I"):
        return sent.point(lambda value: value / 257).convert("L").convert("RGB")
    clear = sent.mode in ("RGBA", "LA", "PA") or "transparency" in sent.info
    wanted = "RGBA" if clear else "RGB"
    return sent if sent.mode == wanted else sent.convert(wanted)


def _walk(data: bytes) -> tuple[bytes, int]:
    """Return everything that is not picture data, and where the picture ends."""
    notes: list[bytes] = []
    place, kind, drawn = 2, 0, False
    while mark := _MARKER.search(data, place):
        filled = data[max(place, mark.start() - _MOST_FILL) : mark.start()]
        if len(notes) > 2 * MOST_SEGMENTS or len(filled) - len(filled.rstrip(_FILL)) == _MOST_FILL:
            break
        if kind != _SCAN:
            notes.append(data[place : mark.start()].rstrip(_FILL))
        kind = mark[1][0]
        if kind == _END and drawn:
            return b"".join(notes), mark.end()
        drawn = drawn or kind == _SCAN
        place = mark.end() + max(2, int.from_bytes(data[mark.end() : mark.end() + 2], "big"))
        notes.append(data[mark.end() : place])
    raise refusals.damaged()


def _check_pixels(data: bytes, packed: list[memoryview], budget: Budget) -> None:
    # Unpacked without keeping anything: a checksum of its own tells damage that chunks do not.
    width, height, depth, colours, _, _, interlaced = struct.unpack_from(">2I5B", data, 16)
    bits = depth * _CHANNELS.get(colours, 4)
    passes = _INTERLACED if interlaced else ((0, 0, 1, 1),)
    expected = sum(
        ((width - x + dx - 1) // dx * bits + 15) // 8 * ((height - y + dy - 1) // dy)
        for x, y, dx, dy in passes
        if width > x and height > y
    )
    budget.pixels -= expected // 3
    if budget.pixels < 0:
        raise refusals.bomb()
    engine, total = zlib.decompressobj(), 0
    try:
        for piece in packed:
            for start in range(0, len(piece), PIECE):
                rest: bytes | memoryview = piece[start : start + PIECE]
                while rest and total < expected:
                    total += len(engine.decompress(rest, CHUNK))
                    rest = engine.unconsumed_tail
    except zlib.error:
        raise refusals.damaged() from None
    if total < expected:
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
