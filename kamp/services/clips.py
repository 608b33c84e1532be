"""Clips: upload within the quota, archives of their pictures, and exclusion from training."""

import hashlib
import re
import struct
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import Sum

from kamp.models import Clip, Dataset, Product, Workspace
from kamp.services import jobs
from kamp.services.datasets import check_member, lock_kept
from kamp.states import ClipState, DataKind, Split
from kamp.vision.learning import split
from portal.core.errors import BadInput, MoveNotAllowed, NotFound
from portal.core.text import name as clean_name
from portal.models import User
from portal.uploads import files
from portal.uploads.filetypes.names import safe_name

PURGED = "보관 기한이 지나 파일을 지운 자료입니다."
EXTRACT = "kamp.extract"  # kind of job
MOST_BYTES = 200 * 1024**2  # of one product
MOST_FILES = 500  # of one upload
MOST_FRAMES = 60  # shown of one clip; all are inspected
SPLITS = {
    split.Split.FIT: Split.TRAIN,
    split.Split.THRESHOLD: Split.VALIDATION,
    split.Split.TEST: Split.TEST,
}
PNG_HEAD = struct.Struct(">16xII")  # width and height come first in every PNG
_FILMS = {b"\x1aE\xdf\xa3": 0, b"ftyp": 4, b"AVI ": 8}  # first bytes and their offset


@dataclass(frozen=True)
class CheckedFiles:
    """The files of one product after the check; `size` in bytes and `sha256` are of all of them."""

    serial: str
    uploads: Sequence["File[bytes]"]
    name: str
    size: int
    sha256: str
    names: Sequence[str] = ()  # of the pictures, in the order in which they are shown


def upload(
    dataset: Dataset, *, uploads: Sequence["File[bytes]"], serial: str, by: User, now: datetime
) -> list[Clip]:
    """Store clips and enqueue their extraction, all or nothing.

    A film is a product named by its file (or by `serial` if it is the only one); all pictures
    together are one product. Raises NotFound, MoveNotAllowed (`purged`, `synthetic_set`, `jobs_many`)
    and BadInput (`clip_twice`, `quota` and those of `check_files`).
    """
    check_member(dataset.workspace, by)
    if dataset.purged_at:
        raise MoveNotAllowed(PURGED, code="purged")
    if dataset.is_synthetic:
        raise MoveNotAllowed(
            "합성 자료에는 찍은 영상을 넣을 수 없습니다. 새 자료를 만들어 올려 주세요.",
            code="synthetic_set",
        )
    checked = check_files(dataset, uploads, serial)
    with transaction.atomic():
        clips = [store(dataset, row, by=by, now=now) for row in checked]
        job = jobs.enqueue(
            EXTRACT,
            key=f"kamp:extract:{dataset.pk}:{clips[0].pk}",
            new=True,
            by=by,
            dataset=dataset.pk,
            clips=[clip.pk for clip in clips],
        )
        Clip.objects.filter(pk__in=[clip.pk for clip in clips]).update(job=job)
    return clips


def check_files(
    dataset: Dataset, uploads: Sequence["File[bytes]"], serial: str
) -> list[CheckedFiles]:
    """Check files by their first bytes and sizes, one row for each product.

    Raises BadInput: `clip_none`, `clips_many`, `clip_type`, `clip_large`, `file_empty`,
    `serial_missing`, and for pictures those of `portal.uploads.files.inspect`.
    """
    if not uploads:
        raise BadInput("올릴 파일을 골라 주세요.", code="clip_none")
    if len(uploads) > MOST_FILES:
        raise BadInput(f"한 번에 {MOST_FILES}개까지 올릴 수 있습니다.", code="clips_many")
    if dataset.modality == DataKind.IMAGE:
        return [_check_pictures(uploads, serial)]
    return [_check_film(one, serial if len(uploads) == 1 else "") for one in uploads]


def store(dataset: Dataset, checked: CheckedFiles, *, by: User, now: datetime) -> Clip:
    """Store the files of one product within the quota; after a refusal no file remains.

    Raises BadInput (`quota`, `clip_twice`), MoveNotAllowed (`purged` meanwhile).
    """
    names = [files.store(one, by=by) for one in checked.uploads]
    try:
        with transaction.atomic():
            _check_quota(dataset.workspace, checked.size)
            _refuse_purged(dataset)
            return _create(dataset, checked, names, by, now)
    except BaseException:
        for name in names:
            files.discard(name)
        raise


def _refuse_purged(dataset: Dataset) -> None:
    if not lock_kept(dataset):
        raise MoveNotAllowed(PURGED, code="purged")


def leave_out(clip: Clip, *, by: User, now: datetime) -> None:
    """Exclude a clip from training and verdicts for good, such as one that cannot be read."""
    check_member(clip.product.dataset.workspace, by)
    Clip.objects.filter(pk=clip.pk, left_out_at=None).update(left_out_at=now, left_out_by=by)


def split_of(dataset: Dataset, serial: str) -> Split:
    """Return the part of the data set to which a product of this serial belongs."""
    return SPLITS[split.split_of(serial, key=bytes.fromhex(dataset.split_key))]


def used_bytes(workspace: Workspace) -> int:
    rows = Clip.objects.filter(product__dataset__workspace=workspace).exclude(files=[])
    return int(rows.aggregate(whole=Sum("size"))["whole"] or 0)


# Archives of pictures: one stored file per clip or verdict, read picture by picture.


def frames_to_show(count: int) -> list[int]:
    """Choose the numbers of the frames that people see: all, or MOST_FRAMES evenly spread."""
    if count <= MOST_FRAMES:
        return list(range(count))
    return [round(place * (count - 1) / (MOST_FRAMES - 1)) for place in range(MOST_FRAMES)]


def write_archive(pictures: Iterable[tuple[str, bytes]]) -> str:
    """Store pictures (name, PNG) in one archive as they come; return its stored name."""
    with tempfile.TemporaryFile() as spool:
        with zipfile.ZipFile(spool, "w", zipfile.ZIP_STORED) as archive:
            for name, data in pictures:
                archive.writestr(name, data)
        return files.store_made(File(spool))


def read_picture(stored: str, name: str) -> bytes:
    """Read one picture of an archive. Raises NotFound (`file_missing`)."""
    if not stored:
        raise NotFound
    try:
        with files.open_kept(stored) as file, zipfile.ZipFile(file) as archive:
            return archive.read(name)
    except (FileNotFoundError, KeyError):
        raise NotFound("그림을 찾을 수 없습니다.", code="file_missing") from None


def picture_size(stored: str, name: str) -> tuple[int, int] | None:
    """Return width and height (pixels) of one picture of an archive; None where it is lost."""
    try:
        with files.open_kept(stored) as file, zipfile.ZipFile(file) as archive:
            head = archive.open(name).read(PNG_HEAD.size)
    except (FileNotFoundError, KeyError):
        return None
    width, height = PNG_HEAD.unpack(head)
    return width, height


def _check_film(one: "File[bytes]", serial: str) -> CheckedFiles:
    name = safe_name(one.name or "")
    size, sha256, first = _read(one)
    if size > MOST_BYTES:
        raise BadInput(
            f"‘{name}’ 파일이 너무 큽니다. {MOST_BYTES // 1024**2} MB까지 올릴 수 있습니다.",
            code="clip_large",
        )
    if not any(first[at : at + len(magic)] == magic for magic, at in _FILMS.items()):
        raise BadInput(
            f"‘{name}’ 파일은 읽을 수 있는 동영상이 아닙니다. MP4, MKV, AVI 파일을 올려 주세요.",
            code="clip_type",
        )
    return CheckedFiles(_serial(serial or name.rpartition(".")[0]), [one], name, size, sha256)


def _check_pictures(uploads: Sequence["File[bytes]"], serial: str) -> CheckedFiles:
    uploads = sorted(uploads, key=lambda one: natural(safe_name(one.name or "")))
    inspected = [files.inspect(one, allowed=("png", "jpg")) for one in uploads]
    sha256 = hashlib.sha256("".join(row.sha256 for row in inspected).encode()).hexdigest()
    size = sum(row.size for row in inspected)
    if size > MOST_BYTES:
        raise BadInput("그림을 모두 합친 크기가 너무 큽니다.", code="clip_large")
    first = inspected[0].name
    name = first if len(inspected) == 1 else f"{first} 외 {len(inspected) - 1}장"
    names = [row.name for row in inspected]
    serial = _serial(serial or first.rpartition(".")[0])
    return CheckedFiles(serial, uploads, name, size, sha256, names)


def natural(name: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts names as people count: f2 before f10."""
    parts = re.findall(r"[0-9]++|[^0-9]++", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def _serial(text: str) -> str:
    serial = clean_name(text)[:60].rstrip()
    if not serial:
        raise BadInput("제품 번호를 적어 주세요.", code="serial_missing")
    return serial


def _read(one: "File[bytes]") -> tuple[int, str, bytes]:
    # Size, SHA-256 and first 16 bytes; stops reading past MOST_BYTES.
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


def _check_quota(workspace: Workspace, size: int) -> None:
    locked = Workspace.objects.select_for_update().get(pk=workspace.pk)
    if used_bytes(locked) + size > locked.quota_bytes:
        raise BadInput(
            "작업실의 저장 한도를 넘습니다. 쓰지 않는 자료의 보관 기한을 앞당기거나 파일을 줄여 "
            "주세요.",
            code="quota",
        )


def _create(
    dataset: Dataset, checked: CheckedFiles, names: list[str], by: User, now: datetime
) -> Clip:
    product, _ = Product.objects.get_or_create(
        dataset=dataset,
        serial=checked.serial,
        # What a firm's product is used for is decided when its first label says what it is.
        defaults={
            "split": split_of(dataset, checked.serial) if dataset.is_synthetic else "",
            "created_at": now,
        },
    )
    try:
        with transaction.atomic():
            return Clip.objects.create(
                product=product,
                name=checked.name,
                files=names,
                size=checked.size,
                sha256=checked.sha256,
                picture_names=list(checked.names),
                state=ClipState.UPLOADED,
                uploaded_by=by,
                uploaded_at=now,
            )
    except IntegrityError as twice:
        raise BadInput(
            f"‘{checked.name}’ 파일은 이 제품에 이미 있습니다.", code="clip_twice"
        ) from twice
