"""Documents that are ZIP containers (HWPX, DOCX, XLSX) and plain ZIP archives of documents."""

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from xml.parsers import expat

from portal.core.errors import BadInput
from portal.uploads.filetypes import refusals, scripts, zips
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.streams import (
    OLE,
    POSTSCRIPT,
    PROGRAMS,
    RUNNABLE,
    ZIP,
    Readable,
    found,
)

Check = Callable[[Readable, str, Budget], str]

TYPES = "[Content_Types].xml"
HWPX_TYPE = b"application/hwp+zip"
_MAIN = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
_ROOT_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_MACRO_TYPE = re.compile(rb"macroEnabled|vbaProject|ms-office\.activeX", re.IGNORECASE)
_MACRO_PART = re.compile(
    r"vbaProject[^/]*\.bin$|(?:^|/)(?:macrosheets|activeX|dialogsheets)/|customUI", re.IGNORECASE
)
_REMOTE = re.compile(
    r"^(?:https?|ftp|mhtml|script|javascript|ms-\w+):|^(?:file:)?[\\/]{2}[^/\\]|^file:/*\\\\"
)
_REMOTE_KINDS = ("/attachedTemplate", "/oleObject", "/frame", "/subDocument")
_REFUSED_ENDINGS = ("eps", "ps", "exe", "dll", "js", "vbs", "bat", "cmd", "scr", "lnk", "hta")
_LARGEST_LIST = 4 * 1024 * 1024  # bytes of a part that is read whole
_SPOOL = 1024 * 1024  # bytes of an inner file held in memory; the rest goes to disk


def check(stream: Readable, budget: Budget, inner: Check) -> str:
    """Return "hwpx", "docx", "xlsx", "zip", or "" for another container. Raises BadInput.

    `inner` checks a file within a plain archive.
    """
    if budget.depth < 1:
        raise _nested()
    entries = {entry.filename: entry for entry in zips.directory(stream, budget)}
    budget.depth -= 1
    if TYPES in entries:
        kind = _check_office(stream, entries, budget)
    elif "mimetype" in entries:
        kind = _check_hwpx(stream, entries)
    else:
        kind = _check_archive(stream, entries, budget, inner)
    if kind != "zip":
        for entry in entries.values():
            _check_part(stream, entry, budget, inner)
    budget.depth += 1
    return kind


def _check_office(stream: Readable, entries: dict[str, zipfile.ZipInfo], budget: Budget) -> str:
    types = zips.whole(stream, entries[TYPES], _LARGEST_LIST)
    if _MACRO_TYPE.search(types) or any(_MACRO_PART.search(name) for name in entries):
        raise refusals.scripted()
    for name, entry in entries.items():
        if name.endswith(".rels"):
            budget.lists -= entry.file_size
            if budget.lists < 0:
                raise refusals.bomb()
            _refuse_remote(zips.whole(stream, entry, _LARGEST_LIST))
    kinds = {kind for content_type, kind in _MAIN.items() if content_type in types}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return kind if _ROOT_PART.get(kind) in entries else ""


def _refuse_remote(relations: bytes) -> None:
    def look(_tag: str, attributes: dict[str, str]) -> None:
        away = _REMOTE.match(attributes.get("Target", "").strip())
        if away and attributes.get("Type", "").endswith(_REMOTE_KINDS):
            raise refusals.unsafe(
                "외부에서 서식이나 개체를 불러오는 문서입니다. 연결을 끊고 다시 저장해 주세요."
            )

    _parse([relations], look)


def _check_hwpx(stream: Readable, entries: dict[str, zipfile.ZipInfo]) -> str:
    first = min(entries.values(), key=lambda entry: entry.header_offset)
    if first.filename != "mimetype" or zips.whole(stream, first).strip() != HWPX_TYPE:
        return ""
    manifest = entries.get("META-INF/manifest.xml")
    if manifest and b"encryption-data" in zips.whole(stream, manifest, _LARGEST_LIST):
        raise refusals.locked()
    if "Contents/content.hpf" not in entries or "Contents/header.xml" not in entries:
        raise refusals.damaged()
    for name, entry in entries.items():
        if name.startswith("Scripts/") and not scripts.is_idle(_text(zips.whole(stream, entry))):
            raise refusals.scripted()
    return "hwpx"


def _text(data: bytes) -> str:
    wide = b"\x00" in data[:64] or data.startswith(b"\xff\xfe")
    return data.decode("utf-16-le" if wide else "utf-8", "replace")


def _check_part(stream: Readable, entry: zipfile.ZipInfo, budget: Budget, inner: Check) -> None:
    name = entry.filename.lower()
    script = name.startswith("scripts/")  # judged by what it does
    if name.rpartition(".")[2] in _REFUSED_ENDINGS and not script:
        raise refusals.embedded()
    first, chunks = _peek(zips.unpacked(stream, entry))
    if name.endswith((".xml", ".rels", ".hpf", ".rdf", ".vml")):
        _parse(chunks, None)
    elif first.startswith(PROGRAMS) or POSTSCRIPT.search(first[:1024]):
        raise refusals.embedded()
    elif OLE in (first[:8], first[4:12]):
        if found(RUNNABLE, chunks):
            raise refusals.embedded()
    elif first.startswith(ZIP):
        with _spooled(chunks) as copy:
            check(copy, budget, inner)
        return
    for _ in chunks:  # to the end, where length and checksum are compared
        pass


def _check_archive(
    stream: Readable, entries: dict[str, zipfile.ZipInfo], budget: Budget, inner: Check
) -> str:
    if budget.archives < 1:
        raise _nested()
    budget.archives -= 1
    for entry in entries.values():
        if entry.is_dir():
            continue
        with _spooled(zips.unpacked(stream, entry)) as copy:
            inner(copy, entry.filename, budget)
    budget.archives += 1
    return "zip" if entries else ""


def _nested() -> BadInput:
    return refusals.unsafe("압축 파일이 여러 겹입니다. 한 번만 압축하여 올려 주세요.")


@contextmanager
def _spooled(chunks: Iterable[bytes]) -> Iterator[Readable]:
    with tempfile.SpooledTemporaryFile(max_size=_SPOOL) as copy:
        for chunk in chunks:
            copy.write(chunk)
        copy.seek(0)
        yield copy


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    first = next(chunks, b"")

    def again() -> Iterator[bytes]:
        yield first
        yield from chunks

    return first, again()


def _parse(chunks: Iterable[bytes], look: Callable[[str, dict[str, str]], None] | None) -> None:
    # XML with a DTD is refused. Without `look` only the part up to the root element is read.
    parser = expat.ParserCreate()
    begun = False

    def refuse_doctype(*_declaration: object) -> None:
        raise refusals.unsafe(
            "문서 안의 XML이 올바르지 않습니다(DTD). 프로그램에서 다시 저장해 주세요."
        )

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal begun
        begun = True
        if look:
            look(tag, attributes)

    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = start
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            if begun and not look:
                return
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise refusals.damaged() from None
