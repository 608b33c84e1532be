"""Show a stored upload without handing it out: pictures of its pages, or its text, made in the child process."""

from django.core.cache import caches
from django.core.files.base import File

from portal.core.errors import BadInput, NotFound, Unavailable
from portal.uploads import files, judge, scanning
from portal.uploads.filetypes import names
from portal.uploads.filetypes.budget import MOST_PAGES
from portal.uploads.filetypes.families import FAMILIES
from portal.uploads.judge import Shown

KINDS = frozenset(("image/webp", "image/png", "image/jpeg"))
MOST_BYTES = 8 * 1024 * 1024  # of the pictures of one answer
KEPT_SECONDS = 600


def show(name: str, *, filename: str, sha256: str, first: int) -> Shown:
    """Return what is seen of a stored file from page `first` on; the caller decides who may see it.

    A file that the scanner has not passed is shown to nobody, its uploader included. Raises NotFound,
    MoveNotAllowed (`file_waiting`, `file_quarantined`), BadInput, Unavailable.
    """
    extension = names.ending(names.safe_name(filename))
    if not files.is_name(name):
        raise NotFound
    scanning.require_opening(name, reader=None)
    if extension not in FAMILIES:
        raise BadInput("화면에 보일 수 없는 형식입니다.", code="not_shown")
    if not 1 <= first <= MOST_PAGES:
        raise BadInput(f"앞의 {MOST_PAGES}쪽까지만 화면에 보입니다.", code="not_shown")
    key = f"{sha256}:{extension}:{first}"
    kept: Shown | None = caches["papers"].get(key)
    if kept is None:
        kept = _made(name, extension, first)
        caches["papers"].set(key, kept, KEPT_SECONDS)
    return kept


def _made(name: str, extension: str, first: int) -> Shown:
    try:
        with File(files.open_kept(name)) as stored:
            found = judge.show(stored, extension, first=first)
    except FileNotFoundError:
        raise NotFound("파일을 찾을 수 없습니다.", code="file_missing") from None
    except Unavailable as busy:
        raise Unavailable("지금은 서류를 화면에 보일 수 없습니다.", code="not_shown") from busy
    except BadInput as refused:
        raise BadInput("이 파일은 화면에 보일 수 없습니다.", code="not_shown") from refused
    known = all(row.kind in KINDS for row in found.pictures)
    if not known or sum(len(row.data) for row in found.pictures) > MOST_BYTES:
        raise BadInput("이 파일은 화면에 보일 수 없습니다.", code="not_shown")
    return found
