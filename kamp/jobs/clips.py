"""From files to evidence: decode in a limited child, look at the quality, keep what people see.

Only jobs import this module: it brings the image libraries with it.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from kamp.models import Clip, Dataset, Duplicate
from kamp.services import clips as clips_services
from kamp.states import ClipState, DataKind
from kamp.vision.decoding import decode
from kamp.vision.decoding.decode import Clip as Film
from kamp.vision.errors import ClipRefused, DecodeFailed
from kamp.vision.evidence import duplicates, examine, pictures, quality
from kamp.vision.evidence.examine import Evidence
from portal.jobs.progress import Progress
from portal.records import workflow
from portal.uploads import files


def run(dataset: Dataset, ids: list[int], *, now: datetime, progress: Progress) -> dict[str, Any]:
    """Extract the clips that still wait, one after another; what is done stays done.

    A file that cannot be read marks its clip and nothing else. Afterwards the set is looked
    through for the same picture under two names.
    """
    clips = list(Clip.objects.filter(pk__in=ids).select_related("product").order_by("pk"))
    for done, clip in enumerate(clips):
        progress(done, len(clips) + 1, f"{clip.name} 추출")
        if clip.state == ClipState.UPLOADED:
            extract(clip, dataset)
    progress(len(clips), len(clips) + 1, "중복 확인")
    found = look_for_duplicates(dataset)
    progress(len(clips) + 1, len(clips) + 1, "")
    states = list(Clip.objects.filter(pk__in=ids).values_list("state", flat=True))
    return {
        "ready": states.count(ClipState.READY),
        "held": states.count(ClipState.HELD),
        "failed": states.count(ClipState.FAILED),
        "duplicates": found,
    }


def opened(clip: Clip, dataset: Dataset) -> Film:
    """Decode a kept clip. Raises ClipRefused and DecodeFailed."""
    scale = float(dataset.recipe.mm_per_px)
    paths = [Path(files.private_storage.path(name)) for name in clip.files]
    if dataset.modality == DataKind.IMAGE:
        return decode.open_images(paths, mm_per_px=scale)
    return decode.open_clip(paths[0], mm_per_px=scale)


def extract(clip: Clip, dataset: Dataset) -> None:
    """Make one clip ready, or say why it is not."""
    try:
        with opened(clip, dataset) as film:
            evidence = examine.examine(film)
            shown = clips_services.chosen(len(film))
            album = clips_services.keep(_seen(film, evidence, shown))
            info = {**asdict(film.info), "rows": film.shape[0], "columns": film.shape[1]}
    except (ClipRefused, DecodeFailed) as fault:
        _mark(clip, ClipState.FAILED, fault=fault.message, fault_code=fault.code)
        return
    held = quality.gate(evidence.traits)
    vector = evidence.vector
    kept = _mark(
        clip,
        ClipState.HELD if held or vector is None else ClipState.READY,
        fault=" ".join(row.message for row in held)[:500],
        fault_code=held[0].code if held else "",
        info=info,
        traits=asdict(evidence.traits),
        vector=None if vector is None else vector.astype("<f4").tobytes(),
        phash=f"{evidence.phash:016x}",
        thumb=duplicates.thumb(evidence.panorama).astype("<f4").tobytes(),
        pictures=album,
        shown=shown,
    )
    if not kept:
        files.discard(album)


def look_for_duplicates(dataset: Dataset) -> int:
    """Keep each pair of clips of different products that show the same; returns how many."""
    rows = Clip.objects.filter(product__dataset=dataset, left_out_at=None).exclude(thumb=None)
    items = [
        duplicates.Item(
            key=str(clip.pk),
            serial=clip.product.serial,
            split=clip.product.split,
            sha256=clip.sha256,
            phash=int(clip.phash, 16),
            thumb=np.frombuffer(bytes(clip.thumb or b""), "<f4").reshape(duplicates.THUMB[::-1]),
        )
        for clip in rows.select_related("product").order_by("pk")
    ]
    found = duplicates.find(items)
    Duplicate.objects.bulk_create(
        [
            Duplicate(
                dataset=dataset,
                first_id=min(int(pair.first), int(pair.second)),
                second_id=max(int(pair.first), int(pair.second)),
                exact=pair.exact,
                similarity=float(pair.similarity),
            )
            for pair in found
        ],
        ignore_conflicts=True,
    )
    return len(found)


def _seen(film: Film, evidence: Evidence, shown: list[int]) -> Iterator[tuple[str, bytes]]:
    for number in shown:
        frame = film[number]
        yield f"plain-{number}", pictures.frame_png(frame)
        yield f"flat-{number}", pictures.flattened_png(frame)
    yield "panorama", pictures.panorama_png(evidence)


def _mark(clip: Clip, state: ClipState, **changes: Any) -> int:
    waiting = Clip.objects.filter(pk=clip.pk, state=ClipState.UPLOADED)
    return workflow.mark(waiting, state, **changes)
