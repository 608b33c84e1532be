"""Small tools on byte streams: bounded unpacking and searching across chunk borders."""

import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

CHUNK = 64 * 1024
PIECE = 4 * 1024  # of packed data
# Streams of an OLE object that run something: a packed file, the old equation editor, macros.
RUNNABLE = re.compile(
    b"|".join(
        re.escape(name.encode("utf-16-le"))
        for name in ("\x01Ole10Native", "Equation Native", "_VBA_PROJECT")
    )
)
POSTSCRIPT = re.compile(rb"%!PS|\xc5\xd0\xd3\xc6")
PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"L\x00\x00\x00")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...
    def seek(self, offset: int, whence: int = ..., /) -> int: ...
    def tell(self) -> int: ...


def head(stream: Readable, size: int = 16) -> bytes:
    """Return the first bytes and leave the stream at its start."""
    stream.seek(0)
    found = stream.read(size)
    stream.seek(0)
    return found


def length(stream: Readable) -> int:
    stream.seek(0, 2)
    size = stream.tell()
    stream.seek(0)
    return size


def found(pattern: re.Pattern[bytes], chunks: Iterable[bytes], overlap: int = 64) -> bool:
    """Tell whether a pattern shorter than `overlap` occurs, also across a border of chunks."""
    tail = b""
    for chunk in chunks:
        tail += chunk
        if pattern.search(tail):
            return True
        tail = tail[-overlap:]
    return False


def inflated(packed: bytes | memoryview, *, raw: bool, largest: int) -> Iterator[bytes]:
    """Yield the unpacked data of a deflate stream, and read no further than it reaches.

    Raises zlib.error when broken, OverflowError past `largest` bytes.
    """
    engine = zlib.decompressobj(-15 if raw else 15)
    total, place, rest = 0, 0, b""
    while not engine.eof:
        if not rest:
            rest = bytes(packed[place : place + PIECE])
            place += PIECE
        cut_off = not rest
        chunk = engine.decompress(rest, CHUNK)
        rest = engine.unconsumed_tail
        total += len(chunk)
        if total > largest:
            raise OverflowError("unpacked past the limit")
        if cut_off and not chunk and not engine.eof:
            raise zlib.error("cut off")
        yield chunk


def cut(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), CHUNK):
        yield data[start : start + CHUNK]
