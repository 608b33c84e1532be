"""Verdicts: a clip is decoded, measured and judged, and its heatmaps are stored."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from kamp.jobs import training
from kamp.jobs.clips import measured, open_film
from kamp.models import Clip, Inspection, InspectionModel
from kamp.services.clips import frames_to_show, write_archive
from kamp.services.datasets import keeps_files, lock_kept
from kamp.states import Verdict
from kamp.vision.decoding.decode import Clip as Film
from kamp.vision.errors import ClipRefused, DecodeFailed
from kamp.vision.evidence import pictures
from kamp.vision.evidence.examine import Evidence
from kamp.vision.learning.judge import full_colour, judge
from kamp.vision.learning.model import Model
from portal.jobs.progress import Progress
from portal.uploads import files

UNREADABLE = "영상을 읽지 못했습니다."


def run(
    model: InspectionModel, ids: list[int], *, now: datetime, progress: Progress
) -> dict[str, int]:
    """Judge the clips that have no verdict of this model yet; return the count of each verdict.

    A second run continues where the first stopped.
    """
    trained = training.load(model)
    clips = list(Clip.objects.filter(pk__in=ids).select_related("product").order_by("pk"))
    judged = set(
        Inspection.objects.filter(model=model, clip__in=ids).values_list("clip", flat=True)
    )
    for done, clip in enumerate(clips):
        progress(done, len(clips), f"{clip.product.serial} 판정")
        if clip.pk not in judged and keeps_files(model.dataset):
            inspect(model, trained, clip, now=now)
    progress(len(clips), len(clips), "")
    rows = Inspection.objects.filter(model=model, clip__in=ids).values_list("verdict", flat=True)
    verdicts = list(rows)
    return {verdict: verdicts.count(verdict) for verdict in Verdict.values}


def inspect(model: InspectionModel, trained: Model, clip: Clip, *, now: datetime) -> None:
    """Judge one clip; an unreadable file is held, with the reason."""
    started = time.monotonic()
    try:
        with open_film(clip, model.dataset) as film:
            decoded = (time.monotonic() - started) * 1000
            evidence = measured(clip, film)
            judgement = judge(trained, evidence, width=film.shape[1])
            drawing = time.monotonic()
            shown = frames_to_show(len(film))
            hot = full_colour(trained, judgement, evidence)
            archive = write_archive(_pictures(film, evidence, shown, hot))
            drawn = (time.monotonic() - drawing) * 1000
    except (ClipRefused, DecodeFailed) as fault:
        _create(model, clip, now, Verdict.HOLD, [f"{UNREADABLE} {fault.message}"], {})
        return
    times = {"decode": decoded, **judgement.times, "draw": drawn}
    created = _create(
        model,
        clip,
        now,
        Verdict(judgement.verdict.value),
        [row.message for row in judgement.reasons],
        {
            "known_score": judgement.known_score,
            "anomaly_score": judgement.anomaly_score,
            "frame_scores": [round(score, 3) for score in judgement.frame_scores],
            "times": {name: round(value, 1) for name, value in times.items()},
            "pictures": archive,
            "shown": shown,
        },
    )
    if not created:
        files.discard(archive)


def _pictures(
    film: Film, evidence: Evidence, shown: list[int], hot: float
) -> Iterator[tuple[str, bytes]]:
    for number in shown:
        yield f"heat-{number}", pictures.overlay_png(film[number], evidence, number, hot=hot)
    yield "panorama", pictures.panorama_png(evidence, heat=True, hot=hot)


def _create(
    model: InspectionModel,
    clip: Clip,
    now: datetime,
    verdict: Verdict,
    reasons: list[str],
    fields: dict[str, Any],
) -> bool:
    try:
        with transaction.atomic():
            if not lock_kept(model.dataset):
                return False
            Inspection.objects.create(
                model=model,
                clip=clip,
                verdict=verdict,
                reasons=reasons,
                inspected_at=now,
                **fields,
            )
    except IntegrityError:  # another worker was faster
        return False
    return True
