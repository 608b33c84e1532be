"""Extraction of clips: decode, examine, check the quality, store what people see."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from typing import Any

import cv2
import numpy as np
from django.db import transaction

from kamp.models import Clip, Dataset, Duplicate
from kamp.services.clips import frames_to_show, write_archive
from kamp.services.datasets import keeps_files, lock_kept
from kamp.states import ClipState, DataKind
from kamp.vision.decoding import decode
from kamp.vision.decoding.decode import Clip as Film
from kamp.vision.errors import ClipRefused, DecodeFailed
from kamp.vision.evidence import duplicates, pictures, quality
from kamp.vision.evidence.examine import Evidence, examine
from portal.jobs.progress import Progress
from portal.records import workflow
from portal.uploads import files

logger = logging.getLogger(__name__)


def run(dataset: Dataset, ids: list[int], *, now: datetime, progress: Progress) -> dict[str, Any]:
    """Extract the clips that are not extracted yet, then look for duplicates in the set.

    A second run continues where the first stopped. A file that cannot be read fails its own clip
    only. Returns counts: ready, held, failed, duplicates.
    """
    clips = list(Clip.objects.filter(pk__in=ids).select_related("product").order_by("pk"))
    for done, clip in enumerate(clips):
        progress(done, len(clips) + 1, f"{clip.name} 추출")
        if clip.state == ClipState.UPLOADED and keeps_files(dataset):
            extract(clip, dataset)
    progress(len(clips), len(clips) + 1, "중복 확인")
    pairs = find_duplicates(dataset)
    progress(len(clips) + 1, len(clips) + 1, "")
    states = list(Clip.objects.filter(pk__in=ids).values_list("state", flat=True))
    return {
        "ready": states.count(ClipState.READY),
        "held": states.count(ClipState.HELD),
        "failed": states.count(ClipState.FAILED),
        "duplicates": pairs,
    }


def extract(clip: Clip, dataset: Dataset) -> None:
    """Decode and examine one clip; it ends as ready, held or failed."""
    try:
        with open_film(clip, dataset) as film:
            evidence = measured(clip, film)
            shown = frames_to_show(len(film))
            archive = write_archive(_pictures(film, evidence, shown))
            info = {**asdict(film.info), "rows": film.shape[0], "columns": film.shape[1]}
    except (ClipRefused, DecodeFailed) as fault:
        _finish(clip, dataset, ClipState.FAILED, fault=fault.message, fault_code=fault.code)
        return
    reasons = quality.gate(evidence.traits)
    vector = evidence.vector
    finished = _finish(
        clip,
        dataset,
        ClipState.HELD if reasons or vector is None else ClipState.READY,
        fault=" ".join(row.message for row in reasons)[:500],
        fault_code=reasons[0].code if reasons else "",
        info=info,
        traits=asdict(evidence.traits),
        vector=None if vector is None else vector.astype("<f4").tobytes(),
        phash=f"{evidence.phash:016x}",
        thumb=evidence.thumb.astype("<f4").tobytes(),
        pictures=archive,
        shown=shown,
    )
    if not finished:  # another worker was faster, or the set was purged
        files.discard(archive)


def measured(clip: Clip, film: Film) -> Evidence:
    """Examine a film. Raises ClipRefused (`clip_unmeasured`) when the arithmetic fails on it.

    So one strange film never stops those after it.
    """
    try:
        return examine(film)
    except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError, cv2.error) as fault:
        logger.exception("영상을 재지 못했습니다: %s", clip.pk)
        raise ClipRefused("clip_unmeasured") from fault


def open_film(clip: Clip, dataset: Dataset) -> Film:
    """Decode the stored files of a clip. Raises ClipRefused and DecodeFailed."""
    scale, bits = float(dataset.recipe.mm_per_px), dataset.recipe.bit_depth
    with ExitStack() as stack:
        paths = [stack.enter_context(files.on_disk(name)) for name in clip.files]
        if dataset.modality == DataKind.IMAGE:
            return decode.open_images(paths, mm_per_px=scale, bits=bits)
        return decode.open_clip(paths[0], mm_per_px=scale, bits=bits)


def find_duplicates(dataset: Dataset) -> int:
    """Store the pairs of clips of different products that show the same; return how many."""
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
    pairs = duplicates.find(items)
    Duplicate.objects.bulk_create(
        [
            Duplicate(
                dataset=dataset,
                first_id=min(int(pair.first), int(pair.second)),
                second_id=max(int(pair.first), int(pair.second)),
                exact=pair.exact,
                similarity=float(pair.similarity),
            )
            for pair in pairs
        ],
        ignore_conflicts=True,
    )
    return len(pairs)


def _pictures(film: Film, evidence: Evidence, shown: list[int]) -> Iterator[tuple[str, bytes]]:
    for number in shown:
        frame = film[number]
        yield f"plain-{number}", pictures.frame_png(frame)
        yield f"flat-{number}", pictures.flattened_png(frame)
    yield "panorama", pictures.panorama_png(evidence)


@transaction.atomic
def _finish(clip: Clip, dataset: Dataset, state: ClipState, **changes: Any) -> int:
    if not lock_kept(dataset):
        return 0
    pending = Clip.objects.filter(pk=clip.pk, state=ClipState.UPLOADED)
    return workflow.set_state(pending, state, **changes)
