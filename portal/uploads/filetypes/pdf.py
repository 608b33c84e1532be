"""PDF: a scan, not a parser. It reads names in the raw bytes and in unpacked object streams.

Found whatever the viewer: /JavaScript, /Launch, embedded files, rich media, XFA, encryption, also
with #-escaped names. Not found: what only a full parser of hostile syntax would see.
"""

import re
import zlib

from portal.uploads.filetypes import refusals
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.streams import CHUNK, PIECE, Readable, inflated

_DELIMITER = rb"(?![^\x00\t\n\f\r ()<>\[\]{}/%])"
_ACTIVE = re.compile(
    rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|Rendition|XFA|GoToE|ImportData|Movie)"
    + _DELIMITER
)
_LOCKED = re.compile(rb"/Encrypt" + _DELIMITER)
_PACKED_OBJECTS = re.compile(rb"/ObjStm" + _DELIMITER)
_REGULAR = rb"[^\x00\t\n\f\r ()<>\[\]{}/%#]"
_ESCAPED_NAME = re.compile(
    rb"/" + _REGULAR + rb"{0,40}#[0-9A-Fa-f]{2}(?:" + _REGULAR + rb"|#[0-9A-Fa-f]{2}){0,40}"
)
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
# The head of an object stream: pairs of numbers, then an object and not an operator.
_OBJECT_STREAM = re.compile(
    rb"(?:[\s\x00]++|%[^\r\n]*+[\r\n])*+(?:\d++[\s\x00]++){2,}+(?:[<\[(/%]|true|false|null|\Z)"
)
_NUMBERS = re.compile(rb"(?:[\s\x00\d]++|%[^\r\n]*+(?:[\r\n]|\Z))*+")
MOST_STREAMS = 100_000
MOST_UNPACKED = 64 * 1024 * 1024  # bytes of all object streams together


def check(stream: Readable, budget: Budget) -> str:
    """Return "pdf". Raises BadInput for a damaged, locked or active document."""
    stream.seek(0)
    data = stream.read()
    last = data.rfind(b"%%EOF")
    if not re.match(rb"%PDF-[12]\.\d", data) or last < 0 or b"startxref" not in data[-4096:]:
        raise refusals.damaged()
    if data[last + 5 :].strip(b"\x00\r\n\t\f "):
        raise refusals.unsafe(
            "PDF 뒤에 다른 자료가 붙어 있습니다. PDF로 다시 저장하여 올려 주세요."
        )
    names = b" ".join(map(_unescaped, _ESCAPED_NAME.findall(data)))
    _refuse_active(data)
    _refuse_active(names)
    announced = sum(len(_PACKED_OBJECTS.findall(part)) for part in (data, names))
    if _scan_object_streams(data, budget) < announced:
        raise refusals.unsafe(
            "내용을 확인할 수 없는 PDF입니다. 인쇄 메뉴의 'PDF로 저장'으로 다시 만들어 올려 주세요."
        )
    return "pdf"


def _refuse_active(text: bytes) -> None:
    if _LOCKED.search(text):
        raise refusals.locked()
    if _ACTIVE.search(text):
        raise refusals.unsafe(
            "PDF에 스크립트, 첨부 파일이나 실행 동작이 들어 있습니다. "
            "인쇄 메뉴의 'PDF로 저장'으로 다시 만들어 올려 주세요."
        )


def _unescaped(name: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), name)


def _scan_object_streams(data: bytes, budget: Budget) -> int:
    """Scan everything that is an object stream by its content; return how many there were."""
    count, left = 0, min(MOST_UNPACKED, budget.packed)
    budget.packed -= left
    for number, mark in enumerate(_STREAM.finditer(data)):
        if number > MOST_STREAMS:
            raise refusals.damaged()
        start = mark.end()
        if _begins_like_objects(data, start, budget):
            count += 1  # not packed: the raw bytes were scanned already
            continue
        text = _object_stream(data, start, left, budget)
        if text is not None:
            count, left = count + 1, left - len(text)
            names = b" ".join(map(_unescaped, _ESCAPED_NAME.findall(text)))
            _refuse_active(text)
            _refuse_active(names)
    budget.packed += left
    return count


def _begins_like_objects(text: bytes, start: int, budget: Budget) -> bool:
    # Counts every byte read: the pattern may otherwise be applied to the whole file many times.
    numbers = _NUMBERS.match(text, start, start + CHUNK)
    budget.looked -= numbers.end() - start if numbers else 0
    if budget.looked < 0:
        raise refusals.bomb()
    return bool(_OBJECT_STREAM.match(text, start, start + CHUNK))


def _object_stream(data: bytes, start: int, left: int, budget: Budget) -> bytes | None:
    if data[start : start + 1] not in b"\x08\x18\x28\x38\x48\x58\x68\x78":
        return None
    engine = zlib.decompressobj()
    try:
        first = engine.decompress(data[start : start + PIECE], PIECE)
        numbers = _NUMBERS.match(first)
        if numbers and numbers.end() == len(first):  # not decided yet
            more = engine.unconsumed_tail + data[start + PIECE : start + CHUNK]
            first += engine.decompress(more, CHUNK)
    except zlib.error:
        return None
    if not _begins_like_objects(first, 0, budget):
        return None
    try:
        packed = memoryview(data)[start:]
        return b"".join(inflated(packed, raw=False, largest=left))
    except zlib.error:
        raise refusals.damaged() from None
    except OverflowError:
        raise refusals.bomb() from None
