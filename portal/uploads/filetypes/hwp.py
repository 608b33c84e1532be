"""HWP 5.0: an OLE container; header flags, scripts and embedded objects are looked at."""

import struct
import zlib
from collections.abc import Iterator
from itertools import chain

import olefile

from portal.uploads.filetypes import refusals, scripts
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.streams import (
    OLE,
    POSTSCRIPT,
    PROGRAMS,
    RUNNABLE,
    Readable,
    cut,
    found,
    inflated,
    length,
)

SIGNATURE = b"HWP Document File".ljust(32, b"\x00")
PASSWORD, DISTRIBUTION, SCRIPT, RIGHTS, CERTIFICATE, CERTIFICATE_RIGHTS = 2, 4, 8, 16, 256, 1024
PACKED = 1
ENTRY = 128  # bytes of an entry of a directory
LONG_RECORD, PARAGRAPH_TEXT = 0xFFF, 67  # of the text of a document
SHORT_CONTROLS = frozenset((0, 10, 13, *range(24, 32)))
_SPACES = {9: 9, 10: 10, 24: 45, 30: 32, 31: 32}  # tab, line, hyphen, two kinds of space
MOST_PARTS = 8_000  # entries of the container's directory
MOST_SCRIPT = 1024 * 1024
REFUSED_PARTS = ("eps", "ps", "exe", "dll", "js", "vbs", "bat", "cmd", "scr", "lnk", "hta")
# olefile raises these on containers that lie about themselves.
_BROKEN = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
    struct.error,
    zlib.error,
)


class _Container(olefile.OleFileIO):
    """Refuses a long directory before reading it: reading is quadratic in its length."""

    def loaddirectory(self, sect: int) -> None:
        place, count = sect, 0
        while place < len(self.fat) and count * self.sector_size <= MOST_PARTS * ENTRY:
            place, count = self.fat[place], count + 1
        if count * self.sector_size > MOST_PARTS * ENTRY:
            raise OverflowError
        super().loaddirectory(sect)


def check(stream: Readable, budget: Budget) -> str:
    """Return "hwp", or "" for another OLE document. Raises BadInput."""
    size = length(stream)
    try:
        with _Container(stream) as container:
            return _check(container, size, budget)
    except OverflowError:
        raise refusals.bomb() from None
    except _BROKEN:
        raise refusals.damaged() from None


def lines(stream: Readable) -> Iterator[str]:
    """Yield the paragraphs of a document as plain text, tables cell by cell. Raises BadInput."""
    try:
        with _Container(stream) as container:
            flags = struct.unpack_from("<I", container.openstream("FileHeader").read(256), 36)[0]
            left = Budget().packed
            for path in sorted(container.listdir(), key=_place_of):
                if path[0] == "BodyText":
                    data = container.openstream(path).read()
                    if flags & PACKED:
                        data = b"".join(inflated(data, raw=True, largest=left))
                    left -= len(data)
                    yield from _paragraphs(data)
    except OverflowError:
        raise refusals.bomb() from None
    except _BROKEN:
        raise refusals.damaged() from None


def _place_of(path: list[str]) -> tuple[str, int]:
    digits = path[-1].removeprefix("Section")
    return path[0], int(digits) if digits.isdecimal() else 0


def _paragraphs(section: bytes) -> Iterator[str]:
    # Records: 10 bits of tag, 10 of level, 12 of size; 0xfff says that the size follows.
    place = 0
    while place + 4 <= len(section):
        (head,) = struct.unpack_from("<I", section, place)
        place, size = place + 4, head >> 20
        if size == LONG_RECORD:
            (size,) = struct.unpack_from("<I", section, place)
            place += 4
        if head & 0x3FF == PARAGRAPH_TEXT and (text := _words(section[place : place + size])):
            yield text
        place += size


def _words(data: bytes) -> str:
    """Return the text of a paragraph; below 32 stand controls of one or of eight units."""
    units, place = struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2]), 0
    text: list[int] = []
    while place < len(units):
        unit = units[place]
        if unit >= 32:
            text.append(unit)
        elif unit in _SPACES:
            text.append(_SPACES[unit])
        place += 1 if unit >= 32 or unit in SHORT_CONTROLS else 8
    return struct.pack(f"<{len(text)}H", *text).decode("utf-16-le", "replace").strip()


def _check(container: _Container, size: int, budget: Budget) -> str:
    if container.exists("EncryptedPackage"):
        raise refusals.locked()
    if not container.exists("FileHeader"):
        return ""
    header = container.openstream("FileHeader").read(256)
    if not header.startswith(SIGNATURE):
        return ""
    flags = struct.unpack_from("<I", header, 36)[0]
    _refuse_flags(flags)
    paths = container.listdir()
    if sum(container.get_size(path) for path in paths) > size:  # parts that share their bytes
        raise refusals.damaged()
    if not container.exists("DocInfo") or not any(path[0] == "BodyText" for path in paths):
        raise refusals.damaged()
    if flags & PACKED:
        packed = container.openstream("DocInfo").read()
        for _ in _counted(inflated(packed, raw=True, largest=budget.packed), budget):
            pass
    for path in paths:
        _refuse_active(path, container.openstream(path).read(), budget)
    return "hwp"


def _refuse_active(path: list[str], data: bytes, budget: Budget) -> None:
    if path[0] == "Scripts" and path[-1] != "JScriptVersion":
        _refuse_script(data, budget)
    elif path[0] == "BinData":
        _refuse_part(path[-1], data, budget)
    elif path[-1] in ("\x01Ole10Native", "Equation Native", "_VBA_PROJECT"):
        raise refusals.embedded()


def _refuse_flags(flags: int) -> None:
    if flags & (PASSWORD | RIGHTS | CERTIFICATE | CERTIFICATE_RIGHTS):
        raise refusals.locked()
    if flags & DISTRIBUTION:
        raise refusals.unsafe(
            "배포용 문서는 내용을 확인할 수 없습니다. 일반 한글 문서로 저장하여 올려 주세요."
        )
    if flags & SCRIPT:
        raise refusals.scripted()


def _refuse_script(data: bytes, budget: Budget) -> None:
    # A script is four counted texts; an unreadable one is refused like an active one.
    code, place = b"".join(_counted(_plain(data, MOST_SCRIPT), budget)), 0
    for _ in range(4):
        count = struct.unpack_from("<I", code, place)[0]
        text = code[place + 4 : place + 4 + count * 2]
        if len(text) != count * 2 or not scripts.is_idle(text.decode("utf-16-le", "replace")):
            raise refusals.scripted()
        place += 4 + count * 2


def _refuse_part(name: str, data: bytes, budget: Budget) -> None:
    # Charts and pictures may stay.
    if name.rpartition(".")[2].lower() in REFUSED_PARTS:
        raise refusals.embedded()
    parts = _counted(_plain(data, budget.packed), budget)
    first = next(parts, b"")
    # An object stands behind the four bytes of its length.
    if first.startswith(PROGRAMS) or POSTSCRIPT.search(first[:1024]):
        raise refusals.embedded()
    if OLE in (first[:8], first[4:12]) and found(RUNNABLE, chain([first], parts)):
        raise refusals.embedded()


def _counted(chunks: Iterator[bytes], budget: Budget) -> Iterator[bytes]:
    for chunk in chunks:
        budget.packed -= len(chunk)
        yield chunk


def _plain(data: bytes, largest: int) -> Iterator[bytes]:
    try:
        zlib.decompressobj(-15).decompress(data, 1)
    except zlib.error:
        return cut(data)
    return inflated(data, raw=True, largest=largest)
