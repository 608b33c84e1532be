"""PDF: its objects as qpdf reads them; the structure decides what is active, never a word in a text.

Every object of the file is looked at, also one that nothing refers to. Links that a person follows
may stay; what runs, sends, plays or opens something else is refused with its own advice.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

import pikepdf

from portal.core.errors import BadInput
from portal.uploads.filetypes import refusals
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.families import PDF_HEAD
from portal.uploads.filetypes.streams import Readable, inflated

MARKUP = re.compile(rb"<script|<\?php|<html|<svg[\s>]|<!doctype|<iframe", re.IGNORECASE)
MOST_BEHIND = 1024  # bytes that some printers append
MOST_ACTIONS = 100  # in one chain
MOST_MENDED = 4_000_000_000  # bytes read to mend a document, at worst: some seconds
# Names that an object must hold to be looked at closely: most objects of a document hold none.
_CLOSER = re.compile(
    rb"/(?:JavaScript|JS|Launch|GoToR|GoToE|SubmitForm|ImportData|Rendition|Movie|Sound|Screen|3D"
    rb"|RichMedia\w*+|EmbeddedFiles?|EF|FileAttachment|Collection|XFA|AA|OpenAction|Ref"
    rb"|OnInstantiate|Thread)(?![^\x00\t\n\f\r ()<>\[\]{}/%])"
    rb"|/URI\s{0,4}+(?=[(<])(?!\((?:https?|mailto|tel):)"
)
_REFERENCE = re.compile(rb"(?<![\w.])\d{1,10} {1,4}\d{1,5} {1,4}R(?!\w)")
_FOLLOWED = ("http:", "https:", "mailto:", "tel:", "ftp:", "sms:")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,30}:")
_LOCAL_FILE = re.compile(r"file:(?:/{3}|/)?(?=[^/\\])")

Refusal = Callable[[], BadInput]
ACTIONS: dict[str, Refusal] = {
    "/JavaScript": refusals.pdf_script,
    "/Launch": refusals.pdf_launch,
    "/GoToR": refusals.pdf_elsewhere,
    "/GoToE": refusals.pdf_attachment,
    "/SubmitForm": refusals.pdf_sends,
    "/ImportData": refusals.pdf_sends,
    "/Rendition": refusals.pdf_media,
    "/Movie": refusals.pdf_media,
    "/Sound": refusals.pdf_media,
    "/RichMediaExecute": refusals.pdf_media,
}
# By these keys an action is told from a tagged paragraph whose kind has the same name.
_OF_ACTIONS = frozenset(
    [
        "/JS",
        "/F",
        "/Win",
        "/Mac",
        "/Unix",
        "/T",
        "/D",
        "/Fields",
        "/Sound",
        "/OP",
        "/AN",
        "/TA",
        "/CMD",
        "/Next",
    ]
)
ANNOTATIONS: dict[str, Refusal] = {
    "/FileAttachment": refusals.pdf_attachment,
    "/RichMedia": refusals.pdf_media,
    "/Movie": refusals.pdf_media,
    "/Sound": refusals.pdf_media,
    "/Screen": refusals.pdf_media,
    "/3D": refusals.pdf_media,
}
# Keys whose value, unless it is empty, makes the document active.
KEYS: dict[str, Refusal] = {
    "/EmbeddedFiles": refusals.pdf_attachment,
    "/Collection": refusals.pdf_attachment,
    "/XFA": refusals.pdf_xfa,
    "/RichMediaContent": refusals.pdf_media,
    "/OnInstantiate": refusals.pdf_script,
}
# What may happen by itself, when the document or a page is opened or a field is left.
_QUIET = ("/GoTo", "/Named", "/SetOCGState", "/Hide", "/ResetForm", "/Trans", "/GoTo3DView")


def check(stream: Readable, budget: Budget) -> str:
    """Return "pdf". Raises BadInput for a damaged, locked or active document."""
    stream.seek(0)
    data = stream.read()
    _check_ends(data)
    try:
        _check(stream, budget, mend=False)
    except pikepdf.PdfError:
        # Mending reads from every stream that does not end as far as the file goes.
        if data.count(b"stream") * len(data) > MOST_MENDED:
            raise refusals.damaged() from None
        _check(stream, budget, mend=True)
    return "pdf"


def _check(stream: Readable, budget: Budget, *, mend: bool) -> None:
    stream.seek(0)
    try:
        with pikepdf.open(
            cast(BinaryIO, stream), suppress_warnings=True, attempt_recovery=mend
        ) as document:
            if not isinstance(document.Root.get("/Pages"), pikepdf.Dictionary):
                raise refusals.damaged()
            holds_files = [_refuse_active(thing) for thing in _dictionaries(document, budget)]
            if any(holds_files):
                raise refusals.pdf_attachment()
    except pikepdf.PasswordError:
        raise refusals.pdf_locked() from None
    except pikepdf.PdfError as broken:
        if "encrypt" in str(broken):
            raise refusals.pdf_rights() from None
        if not mend:
            raise
        raise refusals.damaged() from None
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError, OverflowError):
        raise refusals.damaged() from None  # what pikepdf raises on documents that contradict themselves


def _check_ends(data: bytes) -> None:
    before = data[: data.find(b"%PDF-", 0, PDF_HEAD)]
    last = data.rfind(b"%%EOF")
    if last < 0:
        raise refusals.damaged()
    behind = data[last + 5 :].strip(b"\x00\r\n\t\f ")
    if b"PK\x05\x06" in behind or MARKUP.search(behind) or MARKUP.search(before):
        raise refusals.unsafe(
            "PDF에 다른 자료가 붙어 있습니다. 인쇄 메뉴의 'PDF로 저장'으로 다시 만들어 올려 주세요."
        )
    if len(behind) > MOST_BEHIND:  # as when a document with an early mark of its end is cut off
        raise refusals.damaged()


def _dictionaries(document: pikepdf.Pdf, budget: Budget) -> Iterator[Any]:
    # Every dictionary that may make the document active, wherever it is nested.
    things: list[Any] = list(document.objects)  # numbers and texts come as those of Python
    listed = {thing.objgen[0] for thing in things if isinstance(thing, pikepdf.Object)}
    for thing in things:
        if isinstance(thing, pikepdf.Stream):
            head = thing.stream_dict
            if "/F" in head:
                raise refusals.pdf_elsewhere()
            if head.get("/Type") == "/ObjStm":
                yield from _unlisted(_unpacked(thing, document.is_encrypted, budget), head, listed)
            thing = head
        elif not isinstance(thing, pikepdf.Object):
            continue
        if _CLOSER.search(thing.unparse(resolved=True)):
            yield from _nested(thing)


def _unpacked(stream: pikepdf.Stream, encrypted: bool, budget: Budget) -> bytes:
    if (
        encrypted
        or stream.stream_dict.get("/Filter") != "/FlateDecode"
        or ("/DecodeParms" in stream.stream_dict)
    ):
        text = stream.read_bytes()
    else:
        try:
            raw = stream.read_raw_bytes()
            text = b"".join(inflated(raw, raw=False, largest=max(0, budget.packed)))
        except zlib.error:
            raise refusals.damaged() from None
        except OverflowError:
            raise refusals.bomb() from None
    budget.packed -= len(text)
    if budget.packed < 0:
        raise refusals.bomb()
    return text


def _unlisted(text: bytes, head: Any, listed: set[int]) -> Iterator[Any]:
    # Objects that the tables of the document do not list, yet a reader that mends it may find.
    if not _CLOSER.search(text) and b"#" not in text:
        return
    first = int(head.get("/First", 0))
    numbers = [int(word) for word in text[:first].split()]
    if listed.issuperset(numbers[0::2]):
        return
    starts = sorted({first + offset for offset in numbers[1::2]})
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        body = _REFERENCE.sub(b"null", text[start:end])
        if _CLOSER.search(body) or b"#" in body:
            try:
                yield from _nested(pikepdf.Object.parse(body))
            except (pikepdf.PdfError, RuntimeError):
                raise refusals.damaged() from None


def _nested(thing: Any) -> Iterator[Any]:
    # The dictionaries within one object; other objects that it refers to are not entered.
    waiting = [thing]
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, pikepdf.Stream):
            continue
        if isinstance(thing, pikepdf.Dictionary):
            yield thing
            parts = [thing[name] for name in thing.keys()]  # noqa: SIM118 - not a mapping
        elif isinstance(thing, pikepdf.Array):
            parts = list(thing)
        else:
            continue
        waiting += [
            part for part in parts if isinstance(part, pikepdf.Object) and not part.is_indirect
        ]


def _refuse_active(thing: Any) -> bool:
    """Return whether this is a file within the document: what it belongs to may have its own advice."""
    keys = thing.keys()
    for name in KEYS.keys() & keys:
        if _holds_something(thing[name]):
            raise KEYS[name]()
    if "/JavaScript" in keys and _is_tree(thing["/JavaScript"]):
        raise refusals.pdf_script()
    kind = _name(thing, "/Subtype")
    if kind in ANNOTATIONS:
        raise ANNOTATIONS[kind]()
    if isinstance(thing.get("/Ref"), pikepdf.Dictionary) and "/F" in thing["/Ref"]:
        raise refusals.pdf_elsewhere()
    if "/S" in keys:
        _refuse_action(thing, keys)
    _refuse_automatic(keys, thing)
    return _name(thing, "/Type") == "/EmbeddedFile" or isinstance(
        thing.get("/EF"), pikepdf.Dictionary
    )


def _refuse_action(thing: Any, keys: set[str]) -> None:
    kind = _name(thing, "/S")
    tagged = "/P" in keys and not keys & _OF_ACTIONS
    if kind in ACTIONS and not tagged:
        raise ACTIONS[kind]()
    if kind == "/Thread" and "/F" in keys:
        raise refusals.pdf_elsewhere()
    if kind == "/URI" and not _may_be_followed(str(thing.get("/URI", ""))):
        raise refusals.pdf_link()


def _refuse_automatic(keys: set[str], thing: Any) -> None:
    # What happens when a document or a page is opened or a field is left, and what follows from it.
    waiting = [thing["/OpenAction"]] if "/OpenAction" in keys else []
    if isinstance(thing.get("/AA"), pikepdf.Dictionary):
        waiting += [thing["/AA"][name] for name in thing["/AA"].keys()]  # noqa: SIM118
    for _ in range(MOST_ACTIONS):
        if not waiting:
            return
        action = waiting.pop()
        if not isinstance(action, pikepdf.Dictionary) or "/S" not in action.keys():  # noqa: SIM118
            continue  # a place in the document
        kind = _name(action, "/S")
        if kind not in _QUIET:
            raise ACTIONS.get(kind, refusals.pdf_by_itself)()
        following = action.get("/Next")
        waiting += list(following) if isinstance(following, pikepdf.Array) else [following]
    raise refusals.pdf_by_itself()


def _may_be_followed(address: str) -> bool:
    address = "".join(address.split()).lower()
    if address.startswith(("\\\\", "//")):
        return False
    scheme = _SCHEME.match(address)
    return not scheme or address.startswith(_FOLLOWED) or _LOCAL_FILE.match(address) is not None


def _name(thing: Any, key: str) -> str:
    found = thing.get(key)
    return str(found) if isinstance(found, pikepdf.Name) else ""


def _holds_something(value: Any) -> bool:
    if isinstance(value, pikepdf.Dictionary) and value.keys() <= {"/Names", "/Kids", "/Limits"}:
        return _is_tree(value)
    if isinstance(value, (pikepdf.Array, pikepdf.Dictionary, pikepdf.String)):
        return len(value) > 0 if not isinstance(value, pikepdf.Dictionary) else bool(value.keys())
    return True


def _is_tree(value: Any) -> bool:
    return isinstance(value, pikepdf.Dictionary) and any(
        isinstance(value.get(name), pikepdf.Array) and len(value[name])
        for name in ("/Names", "/Kids")
    )
