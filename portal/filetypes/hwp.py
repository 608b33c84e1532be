"""HWP 5.0: an OLE container; header flags, scripts and embedded objects are looked at."""

import struct
import zlib
from collections.abc import Iterator

import olefile

from portal.filetypes import refusals, scripts
from portal.filetypes.streams import (
    OLE,
    POSTSCRIPT,
    PROGRAMS,
    RUNNABLE,
    Readable,
    cut,
    found,
    inflated,
)

SIGNATURE = b"HWP Document File".ljust(32, b"\x00")
PASSWORD, DISTRIBUTION, SCRIPT, RIGHTS, CERTIFICATE, CERTIFICATE_RIGHTS = 2, 4, 8, 16, 256, 1024
PACKED = 1
MOST_UNPACKED = 200 * 1024 * 1024  # bytes of one embedded part
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


def check(stream: Readable) -> str:
    """Return "hwp", or "" for another OLE document; raises `BadInput` as the module says."""
    stream.seek(0)
    try:
        with olefile.OleFileIO(stream) as container:
            return _check(container)
    except OverflowError:
        raise refusals.bomb() from None
    except _BROKEN:
        raise refusals.damaged() from None


def _check(container: olefile.OleFileIO) -> str:
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
    if not container.exists("DocInfo") or not any(path[0] == "BodyText" for path in paths):
        raise refusals.damaged()
    if flags & PACKED:
        for _ in inflated(container.openstream("DocInfo").read(), raw=True, largest=MOST_UNPACKED):
            pass
    for path in paths:
        _refuse_active(path, container.openstream(path).read())
    return "hwp"


def _refuse_active(path: list[str], data: bytes) -> None:
    if path[0] == "Scripts" and path[-1] != "JScriptVersion":
        _refuse_script(data)
    elif path[0] == "BinData":
        _refuse_part(path[-1], data)
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


def _refuse_script(data: bytes) -> None:
    """A script is four counted texts; one that cannot be read is refused like one that acts."""
    code, place = b"".join(_plain(data, MOST_SCRIPT)), 0
    for _ in range(4):
        count = struct.unpack_from("<I", code, place)[0]
        text = code[place + 4 : place + 4 + count * 2]
        if len(text) != count * 2 or not scripts.is_idle(text.decode("utf-16-le", "replace")):
            raise refusals.scripted()
        place += 4 + count * 2


def _refuse_part(name: str, data: bytes) -> None:
    """Refuse PostScript, programs and objects that run something; charts and pictures may stay."""
    if name.rpartition(".")[2].lower() in REFUSED_PARTS:
        raise refusals.embedded()
    first = next(_plain(data, MOST_UNPACKED), b"")
    # An object stands behind the four bytes of its length.
    if first.startswith(PROGRAMS) or POSTSCRIPT.search(first[:1024]):
        raise refusals.embedded()
    if OLE in (first[:8], first[4:12]) and found(RUNNABLE, _plain(data, MOST_UNPACKED)):
        raise refusals.embedded()


def _plain(data: bytes, largest: int) -> Iterator[bytes]:
    """Unpack a stream, or hand it out as it is when it is not packed."""
    try:
        zlib.decompressobj(-15).decompress(data, 1)
    except zlib.error:
        return cut(data)
    return inflated(data, raw=True, largest=largest)
