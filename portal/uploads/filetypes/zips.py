"""ZIP containers, judged from their directory before anything is unpacked, then part by part."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress

from portal.uploads.filetypes import refusals
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.names import safe_name
from portal.uploads.filetypes.streams import CHUNK, Readable, length

MOST_ENTRIES = Budget.entries
MOST_DIRECTORY = 4 * 1024 * 1024  # bytes of the directory itself
MOST_RATIO = 100
HARMLESS = 4 * 1024 * 1024  # unpacked bytes below which a ratio says nothing: a blank scan
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCAL = struct.Struct("<4s5H3L2H")
_LITTER = re.compile(
    r"(?:^|/)(?:__MACOSX/(?:.*/)?(?:\._[^/]*)?|\._[^/]*|\.DS_Store|\.localized|Icon\r|(?:eh)?Thumbs\.db"
    r"|desktop\.ini)\Z",
    re.IGNORECASE,
)
_ODD_NAME = re.compile(r"^/|^[A-Za-z]:|(?:^|/)\.\.(?:/|$)|[\x00-\x1f\x7f]")
_LOCKED_BITS = 0x1 | 0x40 | 0x2000
_BROKEN = (zipfile.BadZipFile, struct.error, ValueError, LookupError, NotImplementedError, EOFError)


def directory(stream: Readable, budget: Budget) -> list[zipfile.ZipInfo]:
    """Return the entries of a container; their number and bytes are taken from the budget.

    Raises BadInput for too many, too large, too dense, locked, linked, repeated, overlapping or climbing
    entries, and for data before or behind the container.
    """
    size = length(stream)
    announced = _check_end(stream, size)
    try:
        with zipfile.ZipFile(stream) as container:
            entries = container.infolist()
    except _BROKEN:
        raise refusals.damaged() from None
    if len(entries) != announced:
        raise _crooked()
    budget.entries -= len(entries)
    budget.octets -= sum(entry.file_size for entry in entries)
    if budget.entries < 0:
        raise refusals.unsafe(
            f"압축 파일 안의 파일이 {MOST_ENTRIES:,}개를 넘습니다. 나누어 주세요."
        )
    if budget.octets < 0 or _too_dense(entries, size):
        raise refusals.bomb()
    for entry in entries:
        _check_entry(entry)
    if len({entry.filename.casefold() for entry in entries}) < len(entries):
        raise _crooked()
    _check_layout(stream, entries, size)
    return entries


def is_litter(entry: zipfile.ZipInfo) -> bool:
    """Tell whether Windows or macOS put this entry into the archive, and nobody asked for it."""
    return _LITTER.search(entry.filename) is not None


def shown_name(entry: zipfile.ZipInfo) -> str:
    """Return the name as its author wrote it: Korean Windows does not say that it writes CP949."""
    if entry.flag_bits & 0x800:
        return safe_name(entry.filename)
    written = entry.orig_filename.encode("cp437", "replace")
    for encoding in ("utf-8", "cp949"):
        with suppress(UnicodeDecodeError):
            return safe_name(written.decode(encoding))
    return safe_name(entry.filename)


def unpacked(stream: Readable, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield one entry in chunks. Raises BadInput unless size and checksum are as announced."""
    stream.seek(_data_start(stream, entry))
    engine = zlib.decompressobj(-15) if entry.compress_type == zipfile.ZIP_DEFLATED else None
    packed, total, checksum = entry.compress_size, 0, 0
    pending, chunk = b"", b"-"
    while packed or pending or chunk:
        if packed and not pending:
            pending = stream.read(min(CHUNK, packed))
            packed -= len(pending)
            if not pending:
                raise refusals.damaged()
        place = stream.tell()
        chunk, pending = _step(engine, pending)
        total, checksum = total + len(chunk), zlib.crc32(chunk, checksum)
        if total > entry.file_size:
            raise refusals.bomb()
        if chunk:
            yield chunk
        stream.seek(place)  # the reader may have moved it
    if total != entry.file_size or checksum != entry.CRC or not (engine is None or engine.eof):
        raise refusals.damaged()


def whole(stream: Readable, entry: zipfile.ZipInfo, largest: int = 1024 * 1024) -> bytes:
    """Return one small entry. Raises BadInput when it is larger than `largest`."""
    if entry.file_size > largest:
        raise refusals.bomb()
    return b"".join(unpacked(stream, entry))


def _step(engine: "zlib._Decompress | None", pending: bytes) -> tuple[bytes, bytes]:
    if engine is None:
        return pending, b""
    try:
        chunk = engine.decompress(pending, CHUNK)
    except zlib.error:
        raise refusals.damaged() from None
    if engine.eof and engine.unused_data:
        raise refusals.damaged()
    return chunk, engine.unconsumed_tail


def _check_end(stream: Readable, size: int) -> int:
    """Check that the end record is last, whole, and behind its directory; return its entry count."""
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise refusals.damaged()
    _, disk, disk_start, here, entries, octets, offset, comment = _END.unpack_from(tail, at)
    end = size - len(tail) + at
    if len(tail) - at != _END.size + comment or comment > 256:
        raise _crooked()
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):
        end -= 20 + _END64.size
        stream.seek(end)
        record = stream.read(_END64.size)
        if len(record) < _END64.size or not record.startswith(b"PK\x06\x06"):
            raise refusals.damaged()
        disk, disk_start, here, entries, octets, offset = _END64.unpack(record)[4:]
    if disk or disk_start or here != entries or offset + octets != end:
        raise _crooked()
    if entries > MOST_ENTRIES:
        raise refusals.unsafe(
            f"압축 파일 안의 파일이 {MOST_ENTRIES:,}개를 넘습니다. 나누어 주세요."
        )
    if octets > MOST_DIRECTORY:
        raise _crooked()
    return int(entries)


def _too_dense(entries: list[zipfile.ZipInfo], size: int) -> bool:
    total = sum(entry.file_size for entry in entries)
    return (total > HARMLESS and total > MOST_RATIO * size) or any(
        entry.file_size > HARMLESS and entry.file_size > MOST_RATIO * max(1, entry.compress_size)
        for entry in entries
    )


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & _LOCKED_BITS:
        raise refusals.locked_inside(shown_name(entry))
    name = entry.orig_filename.replace("\\", "/").removesuffix("Icon\r")  # of a folder of macOS
    mode = entry.external_attr >> 16
    odd_mode = stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)
    if odd_mode or _ODD_NAME.search(name) or not entry.orig_filename or len(name) > 1000:
        raise _crooked()
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise refusals.unsafe("알 수 없는 방식으로 압축했습니다. 일반 ZIP으로 다시 압축해 주세요.")
    if entry.is_dir() and entry.file_size:
        raise _crooked()


def _check_layout(stream: Readable, entries: list[zipfile.ZipInfo], size: int) -> None:
    # The first entry starts the file, local headers agree, and no two entries share bytes.
    reached = 0
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    if ordered and ordered[0].header_offset:
        raise _crooked()
    for entry in ordered:
        if entry.header_offset < reached:
            raise _crooked()
        reached = _data_start(stream, entry) + entry.compress_size
    if reached > size:
        raise refusals.damaged()


def _data_start(stream: Readable, entry: zipfile.ZipInfo) -> int:
    # The local header must name the same entry as the directory.
    stream.seek(entry.header_offset)
    header = stream.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise refusals.damaged()
    mark, _, flags, method, _, _, _, _, _, name_size, extra_size = _LOCAL.unpack(header)
    name = stream.read(name_size)
    encoding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
    if mark != b"PK\x03\x04" or method != entry.compress_type or flags & _LOCKED_BITS:
        raise _crooked()
    if name != entry.orig_filename.encode(encoding, "replace"):
        raise _crooked()
    return int(entry.header_offset + _LOCAL.size + name_size + extra_size)


def _crooked() -> Exception:
    return refusals.unsafe(
        "압축 파일의 구조가 올바르지 않습니다. 프로그램에서 다시 저장하거나 압축하여 올려 주세요."
    )
