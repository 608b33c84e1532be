"""Judging: a clip is decoded and measured anew, judged, and its heatmaps kept.

Only jobs import this module: it brings the image libraries with it.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from kamp.jobs import clips as clips_jobs
from kamp.jobs import training
from kamp.models import Clip, Inspection, InspectionModel
from kamp.services import clips as clips_services
from kamp.states import Verdict
from kamp.vision.decoding.decode import Clip as Film
from kamp.vision.errors import ClipRefused, DecodeFailed
from kamp.vision.evidence import examine, pictures
from kamp.vision.evidence.examine import Evidence
from kamp.vision.learning import judge as engine
from kamp.vision.learning.model import Model
from portal.jobs.progress import Progress
from portal.uploads import files

UNREAD = "영상을 읽지 못했습니다."


def run(
    model: InspectionModel, ids: list[int], *, now: datetime, progress: Progress
) -> dict[str, int]:
    """Judge the clips that have no verdict of this model yet; what is judged stays judged."""
    trained = training.load(model)
    clips = list(Clip.objects.filter(pk__in=ids).select_related("product").order_by("pk"))
    judged = set(
        Inspection.objects.filter(model=model, clip__in=ids).values_list("clip", flat=True)
    )
    for done, clip in enumerate(clips):
        progress(done, len(clips), f"{clip.product.serial} 판정")
        if clip.pk not in judged:
            inspect(model, trained, clip, now=now)
    progress(len(clips), len(clips), "")
    rows = Inspection.objects.filter(model=model, clip__in=ids).values_list("verdict", flat=True)
    found = list(rows)
    return {verdict: found.count(verdict) for verdict in Verdict.values}


def inspect(model: InspectionModel, trained: Model, clip: Clip, *, now: datetime) -> None:
    """Judge one clip; a file that cannot be read any more is held with the reason."""
    started = time.monotonic()
    try:
        with clips_jobs.opened(clip, model.dataset) as film:
            decoded = (time.monotonic() - started) * 1000
            evidence = examine.examine(film)
            said = engine.judge(trained, evidence, width=film.shape[1])
            drawing = time.monotonic()
            shown = clips_services.chosen(len(film))
            album = clips_services.keep(_seen(film, evidence, shown))
            drawn = (time.monotonic() - drawing) * 1000
    except (ClipRefused, DecodeFailed) as fault:
        _write(model, clip, now, Verdict.HOLD, [f"{UNREAD} {fault.message}"], {})
        return
    times = {"decode": decoded, **said.times, "draw": drawn}
    kept = _write(
        model,
        clip,
        now,
        Verdict(said.verdict.value),
        [row.message for row in said.reasons],
        {
            "known_score": said.known_score,
            "anomaly_score": said.anomaly_score,
            "frame_scores": [round(score, 3) for score in said.frame_scores],
            "times": {name: round(value, 1) for name, value in times.items()},
            "pictures": album,
            "shown": shown,
        },
    )
    if not kept:
        files.discard(album)


def _seen(film: Film, evidence: Evidence, shown: list[int]) -> Iterator[tuple[str, bytes]]:
    for number in shown:
        yield f"heat-{number}", pictures.overlay_png(film[number], evidence, number)
    yield "panorama", pictures.panorama_png(evidence, heat=True)


def _write(
    model: InspectionModel,
    clip: Clip,
    now: datetime,
    verdict: Verdict,
    reasons: list[str],
    found: dict[str, Any],
) -> bool:
    try:
        with transaction.atomic():
            Inspection.objects.create(
                model=model,
                clip=clip,
                verdict=verdict,
                reasons=reasons,
                inspected_at=now,
                **found,
            )
    except IntegrityError:  # another worker was faster
        return False
    return True
