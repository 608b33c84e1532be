"""Pictures of one clip or verdict in one kept file: an archive that is read picture by picture."""

import hashlib
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Sum

from kamp.models import Clip, Dataset, Product, Workspace
from kamp.services.datasets import as_member
from kamp.states import ClipState, DataKind, Split
from kamp.vision.learning import split
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.jobs import queue
from portal.models import Job, User
from portal.uploads import files
from portal.uploads.filetypes.names import safe_name

EXTRACT = "kamp.extract"


MOST_BYTES = 200 * 1024**2  # of one film


MOST_FILES = 500  # of one upload


SPLITS = {
    split.Split.FIT: Split.TRAIN,
    split.Split.THRESHOLD: Split.VALIDATION,
    split.Split.TEST: Split.TEST,
}


_FILMS = {b"\x1aE\xdf\xa3": 0, b"ftyp": 4, b"AVI ": 8}  # first bytes and where they stand


@dataclass(frozen=True)
class Taken:
    """One product's files, looked at and measured."""

    serial: str
    uploads: Sequence["File[bytes]"]
    name: str
    size: int
    sha256: str


def upload(
    dataset: Dataset, *, uploads: Sequence["File[bytes]"], serial: str, by: User, now: datetime
) -> list[Clip]:
    """Take clips in and ask for their extraction: a film is a product named by its file, all
    pictures together are the one named `serial`. The whole upload comes in, or nothing of it.

    Raises NotFound, MoveNotAllowed (`purged`) and BadInput (`clip_none`, `clips_many`,
    `serial_missing`, `clip_twice`, `quota`, and what `look` raises).
    """
    as_member(dataset.workspace, by)
    if dataset.purged_at:
        raise MoveNotAllowed("보관 기한이 지나 파일을 지운 자료입니다.", code="purged")
    taken = look(dataset, uploads, serial)
    return store(dataset, taken, by=by, now=now)[0]


def store(
    dataset: Dataset, taken: Sequence[Taken], *, by: User, now: datetime
) -> tuple[list[Clip], Job]:
    """Keep what was looked at, all or nothing, and ask for its extraction."""
    with transaction.atomic():
        clips = [put(dataset, row, by=by, now=now) for row in taken]
        job = queue.enqueue(
            EXTRACT,
            key=f"kamp:extract:{dataset.pk}:{clips[0].pk}",
            new=True,
            by=by,
            dataset=dataset.pk,
            clips=[clip.pk for clip in clips],
        )
        Clip.objects.filter(pk__in=[clip.pk for clip in clips]).update(job=job)
    return clips, job


def put(dataset: Dataset, row: Taken, *, by: User, now: datetime) -> Clip:
    """Keep one product's files within the quota; a refusal leaves no file behind."""
    names = [files.store(one) for one in row.uploads]
    try:
        with transaction.atomic():
            _check_quota(dataset.workspace, row.size)
            return _clip(dataset, row, names, by, now)
    except BaseException:
        for name in names:
            files.discard(name)
        raise


def look(dataset: Dataset, uploads: Sequence["File[bytes]"], serial: str) -> list[Taken]:
    """Judge files by their first bytes and sizes. Raises BadInput: clip_type, clip_large and those
    of `portal.uploads.files.inspect` for pictures.
    """
    if not uploads:
        raise BadInput("올릴 파일을 골라 주세요.", code="clip_none")
    if len(uploads) > MOST_FILES:
        raise BadInput(f"한 번에 {MOST_FILES}개까지 올릴 수 있습니다.", code="clips_many")
    if dataset.modality == DataKind.IMAGE:
        return [_pictures(uploads, serial)]
    return [_film(one, serial if len(uploads) == 1 else "") for one in uploads]


def leave_out(clip: Clip, *, by: User, now: datetime) -> None:
    """Leave a clip out of training for good, such as one of two that show the same picture."""
    as_member(clip.product.dataset.workspace, by)
    Clip.objects.filter(pk=clip.pk, left_out_at=None).update(left_out_at=now, left_out_by=by)


def part_of(dataset: Dataset, serial: str) -> Split:
    """Which part a product of this serial belongs to."""
    return SPLITS[split.split_of(serial, key=bytes.fromhex(dataset.split_key))]


def used_bytes(workspace: Workspace) -> int:
    """How much the workspace's clips take."""
    rows = Clip.objects.filter(product__dataset__workspace=workspace).exclude(files=[])
    return int(rows.aggregate(whole=Sum("size"))["whole"] or 0)


def _check_quota(workspace: Workspace, size: int) -> None:
    locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
    if used_bytes(locked) + size > locked.quota_bytes:
        raise BadInput(
            "작업실의 저장 한도를 넘습니다. 쓰지 않는 자료의 보관 기한을 앞당기거나 파일을 줄여 "
            "주세요.",
            code="quota",
        )


def _clip(dataset: Dataset, row: Taken, names: list[str], by: User, now: datetime) -> Clip:
    product, _ = Product.objects.get_or_create(
        dataset=dataset,
        serial=row.serial,
        defaults={"split": part_of(dataset, row.serial), "created_at": now},
    )
    try:
        with transaction.atomic():
            return Clip.objects.create(
                product=product,
                name=row.name,
                files=names,
                size=row.size,
                sha256=row.sha256,
                state=ClipState.UPLOADED,
                uploaded_by=by,
                uploaded_at=now,
            )
    except IntegrityError as twice:
        raise BadInput(
            f"‘{row.name}’ 파일은 이 제품에 이미 있습니다.", code="clip_twice"
        ) from twice


def _film(one: "File[bytes]", serial: str) -> Taken:
    name = safe_name(one.name or "")
    size, sha256, first = _measured(one)
    if size > MOST_BYTES:
        raise BadInput(
            f"‘{name}’ 파일이 너무 큽니다. {MOST_BYTES // 1024**2} MB까지 올릴 수 있습니다.",
            code="clip_large",
        )
    if not any(first[at : at + len(mark)] == mark for mark, at in _FILMS.items()):
        raise BadInput(
            f"‘{name}’ 파일은 읽을 수 있는 동영상이 아닙니다. MP4, MKV, AVI 파일을 올려 주세요.",
            code="clip_type",
        )
    return Taken(_serial(serial or name.rpartition(".")[0]), [one], name, size, sha256)


def _pictures(uploads: Sequence["File[bytes]"], serial: str) -> Taken:
    looked = [files.inspect(one, allowed=("png", "jpg")) for one in uploads]
    whole = hashlib.sha256("".join(row.sha256 for row in looked).encode()).hexdigest()
    size = sum(row.size for row in looked)
    if size > MOST_BYTES:
        raise BadInput("그림을 모두 합친 크기가 너무 큽니다.", code="clip_large")
    first = looked[0].name
    name = first if len(looked) == 1 else f"{first} 외 {len(looked) - 1}장"
    return Taken(_serial(serial or first.rpartition(".")[0]), uploads, name, size, whole)


def _serial(text: str) -> str:
    serial = " ".join(text.split())[:60]
    if not serial:
        raise BadInput("제품 번호를 적어 주세요.", code="serial_missing")
    return serial


def _measured(one: "File[bytes]") -> tuple[int, str, bytes]:
    digest, size, first = hashlib.sha256(), 0, b""
    one.seek(0)
    while (chunk := one.read(1024 * 1024)) and size <= MOST_BYTES:
        first = first or chunk[:16]
        digest.update(chunk)
        size += len(chunk)
    if not size:
        raise BadInput("빈 파일입니다. 내용이 있는 파일을 올려 주세요.", code="file_empty")
    one.seek(0)
    return size, digest.hexdigest(), first


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
