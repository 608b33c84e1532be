"""Pictures of one clip or verdict in one kept file: an archive that is read picture by picture."""

import tempfile
import zipfile
from collections.abc import Iterable

from django.core.files.base import File

from portal.core.errors import NotFound
from portal.uploads import files

MOST_FRAMES = 60  # shown of one clip; all are inspected


def chosen(count: int) -> list[int]:
    """The numbers of the frames that people see: all, or evenly spread."""
    if count <= MOST_FRAMES:
        return list(range(count))
    return [round(place * (count - 1) / (MOST_FRAMES - 1)) for place in range(MOST_FRAMES)]


def keep(pictures: Iterable[tuple[str, bytes]]) -> str:
    """Write pictures by name as they come; returns the name of the kept file."""
    with tempfile.TemporaryFile() as spool:
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_STORED) as album:
            for name, data in pictures:
                album.writestr(name, data)
        return files.store(File(spool))


def picture(kept: str, name: str) -> bytes:
    """Read one picture. Raises NotFound when the file or the picture is not there."""
    if not kept:
        raise NotFound
    try:
        with (
            files.private_storage.open(kept) as file,
            zipfile.ZipFile(file) as album,
        ):
            return album.read(name)
    except (FileNotFoundError, KeyError):
        raise NotFound("그림을 찾을 수 없습니다.", code="file_missing") from None
