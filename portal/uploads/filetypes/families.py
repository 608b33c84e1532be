"""From the first bytes of a file to the family of formats it belongs to; cheap, and reads nothing else."""

from portal.uploads.filetypes import refusals
from portal.uploads.filetypes.streams import OLE, PROGRAMS, ZIP, Readable, head

FAMILIES = {
    "pdf": "pdf",
    "hwp": "ole",
    "hwpx": "zip",
    "docx": "zip",
    "xlsx": "zip",
    "zip": "zip",
    "jpg": "jpg",
    "png": "png",
}
_MAGIC = {
    b"%PDF-": "pdf",
    OLE: "ole",
    ZIP: "zip",
    b"PK\x05\x06": "zip",  # an archive of nothing
    b"\xff\xd8\xff": "jpg",
    b"\x89PNG\r\n\x1a\n": "png",
}
_HWP3 = b"HWP Document File V"
PDF_HEAD = 1024  # bytes within which readers look for the beginning of a PDF


def check(stream: Readable, extension: str) -> str:
    """Return the family, if it is that of the extension. Raises BadInput (`file_mismatch`, …)."""
    first = head(stream, PDF_HEAD)
    found = family(first)
    locked_office = found == "ole" and extension in (
        "docx",
        "xlsx",
    )  # a locked one is an OLE container
    if found != FAMILIES[extension] and not locked_office:
        raise _refusal(first, found, extension)
    return found


def family(first: bytes) -> str:
    """Return the family by the first bytes of a file, empty when unknown."""
    for magic, name in _MAGIC.items():
        if first.startswith(magic):
            return name
    begins_otherwise = first.startswith((*PROGRAMS, b"GIF8", b"BM")) or first.lstrip()[:1] == b"<"
    return "pdf" if b"%PDF-" in first and not begins_otherwise else ""


def _refusal(first: bytes, found: str, extension: str) -> Exception:
    if first.startswith(_HWP3):
        return refusals.old_hwp()
    if b"<HWPML" in first or "<HWPML".encode("utf-16-le") in first:
        return refusals.hwpml()
    return refusals.mismatch(extension, found)
