"""Documents that are ZIP containers (HWPX, DOCX, XLSX) and plain ZIP archives of documents."""

import io
import re
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

TYPES = "[content_types].xml"
HWPX_TYPE = b"application/hwp+zip"
_MAIN = {
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
_ROOT_PART = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_RELATIONS = (
    "http://schemas.openxmlformats.org/officedocument/2006/relationships/",
    "http://purl.oclc.org/ooxml/officedocument/relationships/",
)
_LOCAL_TEMPLATE = re.compile(
    r"(?:file:/{0,3})?[a-z]:[\\/](?![\\/])|[^:/\\]+$"
)  # on the author's disk
_AWAY = re.compile(r"[a-z][a-z0-9+.-]{1,30}:|[\\/]{2}")
_FOREIGN_TYPE = re.compile(
    rb'"(?:text/html|message/rfc822|application/(?:xhtml\+xml|rtf|msword))"', re.I
)
# Fields that run or fetch; what follows the others is fetched only from elsewhere.
_LIVE_FIELD = re.compile(r"\s*+(?:DDE|DDEAUTO|DATABASE)\s", re.IGNORECASE)
_FETCHING_FIELD = re.compile(
    r"\s*+(?:INCLUDETEXT|INCLUDEPICTURE|INCLUDE|IMPORT|LINK|RD)\s", re.IGNORECASE
)
_FROM_ELSEWHERE = re.compile(r"[\s\"][\\/]{2}|(?:https?|ftp|mhtml):|file:/{2}(?!/)", re.IGNORECASE)
_LIVE_TAGS = frozenset(("ddeLink", "webPr", "dbPr", "olapPr", "oleLink"))
_MACRO_TYPE = re.compile(rb"macroEnabled|vbaProject|ms-office\.activeX", re.IGNORECASE)
_MACRO_PART = re.compile(
    r"vbaProject|(?:^|/)(?:macrosheets|activeX|dialogsheets)/|customUI", re.IGNORECASE
)
_REFUSED_ENDINGS = ("eps", "ps", "exe", "dll", "js", "vbs", "bat", "cmd", "scr", "lnk", "hta")
_LONGEST_FIELD = 4_000  # letters of an instruction
_GAPS = {"tab": "\t", "br": "\n", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " "}
_LARGEST_LIST = 4 * 1024 * 1024  # bytes of a part that is read whole


def check(stream: Readable, budget: Budget, inner: Check) -> str:
    """Return "hwpx", "docx", "xlsx", "zip", or "" for another container. Raises BadInput.

    `inner` checks a file within a plain archive.
    """
    if budget.depth < 1:
        raise _nested()
    found_entries = zips.directory(stream, budget)
    entries = {entry.filename.casefold(): entry for entry in found_entries}
    budget.depth -= 1
    if TYPES in entries:
        kind = _check_office(stream, entries, budget)
    elif "mimetype" in entries:
        kind = _check_hwpx(stream, entries)
    else:
        kind = _check_archive(stream, found_entries, budget, inner)
    if kind != "zip":
        for entry in entries.values():
            _check_part(stream, entry, budget, inner)
    budget.depth += 1
    return kind


def _check_office(stream: Readable, entries: dict[str, zipfile.ZipInfo], budget: Budget) -> str:
    types = zips.whole(stream, entries[TYPES], _LARGEST_LIST)
    if _FOREIGN_TYPE.search(types):
        raise refusals.foreign_text()
    if _MACRO_TYPE.search(types) or any(_MACRO_PART.search(name) for name in entries):
        raise refusals.scripted()
    for name, entry in entries.items():
        if name.endswith(".rels"):
            budget.lists -= entry.file_size
            if budget.lists < 0:
                raise refusals.bomb()
            _refuse_external(zips.whole(stream, entry, _LARGEST_LIST))
    kinds = {kind for content_type, kind in _MAIN.items() if content_type in types}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return kind if _ROOT_PART.get(kind) in entries else ""


def _refuse_external(relations: bytes) -> None:
    # Only a link that a person follows may lead out of the document, and a template on the author's disk.
    def look(_tag: str, attributes: dict[str, str]) -> None:
        target = attributes.get("Target", "").strip().casefold()
        kind = attributes.get("Type", "").strip().casefold()
        for prefix in _RELATIONS:
            kind = kind.removeprefix(prefix)
        if kind == "afchunk":
            raise refusals.foreign_text()
        outside = attributes.get("TargetMode", "").strip().casefold() == "external"
        if not outside and not _AWAY.match(target):
            return
        if kind == "hyperlink" or (kind == "attachedtemplate" and _LOCAL_TEMPLATE.match(target)):
            return
        raise refusals.external()

    _parse([relations], look)


def _check_hwpx(stream: Readable, entries: dict[str, zipfile.ZipInfo]) -> str:
    first = min(entries.values(), key=lambda entry: entry.header_offset)
    if first.filename.casefold() != "mimetype" or zips.whole(stream, first).strip() != HWPX_TYPE:
        return ""
    manifest = entries.get("meta-inf/manifest.xml")
    if manifest and b"encryption-data" in zips.whole(stream, manifest, _LARGEST_LIST):
        raise refusals.locked()
    if "contents/content.hpf" not in entries or "contents/header.xml" not in entries:
        raise refusals.damaged()
    for name, entry in entries.items():
        if name.startswith("scripts/") and not scripts.is_idle(_text(zips.whole(stream, entry))):
            raise refusals.scripted()
    return "hwpx"


def paragraphs(stream: Readable, entry: zipfile.ZipInfo) -> Iterator[str]:
    """Yield the paragraphs of a part of Hangul or Word as plain text. Raises BadInput."""
    words = _Paragraphs()
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler, parser.EndElementHandler = words.start, words.end
    parser.CharacterDataHandler = words.read
    try:
        for chunk in zips.unpacked(stream, entry):
            parser.Parse(chunk, False)
            yield from words.taken()
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise refusals.damaged() from None
    yield from words.taken()


class _Paragraphs:
    """Collects the text of the elements `t` by their paragraphs `p`, which may stand in one another."""

    def __init__(self) -> None:
        self.whole: list[str] = []
        self.words: list[str] = []
        self.inside = False

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        name = _bare(tag)
        self.inside = name == "t"
        if name == "p":
            self.close()
        self.words += _GAPS.get(name, "")

    def end(self, tag: str) -> None:
        self.inside = False
        if _bare(tag) == "p":
            self.close()

    def read(self, text: str) -> None:
        if self.inside:
            self.words.append(text)

    def close(self) -> None:
        if text := "".join(self.words).rstrip():
            self.whole.append(text)
        self.words.clear()

    def taken(self) -> list[str]:
        whole, self.whole = self.whole, []
        return whole


def _text(data: bytes) -> str:
    wide = b"\x00" in data[:64] or data.startswith(b"\xff\xfe")
    return data.decode("utf-16-le" if wide else "utf-8", "replace")


def _check_part(stream: Readable, entry: zipfile.ZipInfo, budget: Budget, inner: Check) -> None:
    name = entry.filename.casefold()
    script = name.startswith("scripts/")  # judged by what it does
    if name.rpartition(".")[2] in _REFUSED_ENDINGS and not script:
        raise refusals.embedded()
    first, chunks = _peek(zips.unpacked(stream, entry))
    if name.endswith((".xml", ".rels", ".hpf", ".rdf", ".vml")):
        _read_part(name, chunks)
    elif first.startswith(PROGRAMS) or POSTSCRIPT.search(first[:1024]):
        raise refusals.embedded()
    elif OLE in (first[:8], first[4:12]):
        if found(RUNNABLE, chunks):
            raise refusals.embedded()
    elif first.startswith(ZIP):
        with _copied(chunks) as copy:
            check(copy, budget, inner)
        return
    for _ in chunks:  # to the end, where length and checksum are compared
        pass


def _check_archive(
    stream: Readable, entries: list[zipfile.ZipInfo], budget: Budget, inner: Check
) -> str:
    if budget.archives < 1:
        raise _nested()
    files = [entry for entry in entries if not entry.is_dir()]
    if all(zips.is_litter(entry) for entry in files):
        raise refusals.nothing_inside()
    budget.archives -= 1
    for entry in files:
        try:
            with _copied(zips.unpacked(stream, entry)) as copy:
                if not zips.is_litter(entry):
                    inner(copy, entry.filename, budget)
                elif copy.read(4).startswith(PROGRAMS):
                    raise refusals.embedded()
        except BadInput as refused:
            raise refusals.inside(zips.shown_name(entry), refused) from None
    budget.archives += 1
    return "zip"


def _nested() -> BadInput:
    return refusals.unsafe("압축 파일이 여러 겹입니다. 한 번만 압축하여 올려 주세요.")


@contextmanager
def _copied(chunks: Iterable[bytes]) -> Iterator[Readable]:
    # In memory: what judges an upload may not write files.
    with io.BytesIO() as copy:
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


def _read_part(name: str, chunks: Iterable[bytes]) -> None:
    if name.startswith("word/") and not name.endswith(".rels"):
        fields = _Fields()
        _parse(chunks, fields.start, fields.text)
    elif name.startswith(("xl/externallinks/", "xl/connections", "xl/querytables/")):
        _parse(chunks, _refuse_live)
    elif name == "contents/content.hpf":
        _parse(chunks, _refuse_linked)
    else:
        _parse(chunks, None)


def _refuse_live(tag: str, _attributes: dict[str, str]) -> None:
    if _bare(tag) in _LIVE_TAGS:
        raise refusals.live_data()


def _refuse_linked(tag: str, attributes: dict[str, str]) -> None:
    if _bare(tag) == "item" and _AWAY.match(attributes.get("href", "").strip().lower()):
        raise refusals.external()


class _Fields:
    """The fields of a part of Word, whose instruction may be spread over many runs of text."""

    def __init__(self) -> None:
        self.instruction = ""

    def start(self, tag: str, attributes: dict[str, str]) -> bool:
        """Return whether the text of this element is wanted."""
        kind = _bare(tag)
        if kind == "fldSimple":
            self.judge(
                next((attributes[name] for name in attributes if _bare(name) == "instr"), "")
            )
        elif kind == "fldChar":
            self.instruction = ""
        return kind == "instrText"

    def text(self, words: str) -> None:
        if len(self.instruction) < _LONGEST_FIELD:
            self.instruction = (self.instruction + words).lstrip()
            self.judge(self.instruction)

    def judge(self, instruction: str) -> None:
        if _LIVE_FIELD.match(instruction):
            raise refusals.live_data()
        if _FETCHING_FIELD.match(instruction) and _FROM_ELSEWHERE.search(instruction):
            raise refusals.external()


def _bare(name: str) -> str:
    return name.rpartition(":")[2]


def _parse(
    chunks: Iterable[bytes],
    look: Callable[[str, dict[str, str]], bool | None] | None,
    text: Callable[[str], None] | None = None,
) -> None:
    # XML with a DTD is refused. Without `look` only the part up to the root element is read; `text` gets
    # what stands in the elements that `look` asks for.
    parser = expat.ParserCreate()
    begun = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal begun
        begun = True
        if look and text:
            parser.CharacterDataHandler = text if look(tag, attributes) else None
        elif look:
            look(tag, attributes)

    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = start
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
            if begun and not look:
                return
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise refusals.damaged() from None


def _refuse_doctype(*_declaration: object) -> None:
    raise refusals.unsafe(
        "문서 안의 XML이 올바르지 않습니다(DTD). 프로그램에서 다시 저장해 주세요."
    )
