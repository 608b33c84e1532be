"""From the first bytes of a stream to the family that knows it, and from there to its kind."""

from portal.uploads.filetypes import families, hwp, images, packages, pdf, refusals
from portal.uploads.filetypes.budget import Budget
from portal.uploads.filetypes.families import FAMILIES, family
from portal.uploads.filetypes.names import ending
from portal.uploads.filetypes.streams import Readable, head, length

IN_ARCHIVES = (*FAMILIES, "txt", "csv")
LARGEST_INNER = 20 * 1024 * 1024  # bytes of a file within an archive


def check(stream: Readable, extension: str, budget: Budget) -> None:
    """Check a file of a known extension by its content. Raises BadInput (`file_mismatch`, …)."""
    found = families.check(stream, extension)
    if _kind(found, stream, budget) != extension:
        raise refusals.mismatch(extension)
    stream.seek(0)


def _kind(found: str, stream: Readable, budget: Budget) -> str:
    if found == "zip":
        return packages.check(stream, budget, _check_inner)
    checks = {"pdf": pdf.check, "ole": hwp.check, "jpg": images.check_jpg, "png": images.check_png}
    return checks[found](stream, budget)


def _check_inner(stream: Readable, name: str, budget: Budget) -> str:
    extension = ending(name)
    if extension not in IN_ARCHIVES:
        raise refusals.unsafe(
            f"압축 파일에는 {', '.join(IN_ARCHIVES)} 파일만 넣을 수 있습니다. 나머지를 빼 주세요."
        )
    if length(stream) > LARGEST_INNER:
        raise refusals.too_large(LARGEST_INNER)
    if extension in FAMILIES:
        check(stream, extension, budget)
    elif not _is_plain_text(stream):
        raise refusals.mismatch(extension)
    return extension


def _is_plain_text(stream: Readable) -> bool:
    data = head(stream, LARGEST_INNER)
    if b"\x00" in data or family(data[:16]) or data.lstrip()[:1] == b"<":
        return False
    for encoding in ("utf-8", "cp949"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
