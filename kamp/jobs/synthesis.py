"""Making synthetic films (합성). Only jobs import this module: it brings the image libraries."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.files.base import ContentFile

from kamp.jobs import clips as clips_jobs
from kamp.models import Clip, Dataset, Product
from kamp.services import clips, labelling
from kamp.states import Mark, Split
from kamp.vision.synthetic import generator
from kamp.vision.synthetic.generator import Flaw
from portal.jobs.progress import Progress
from portal.models import User

SCALE = 1_000_000  # serials of one set never share a seed with those of another


@dataclass(frozen=True)
class Wanted:
    """One product to be made."""

    serial: str
    seed: int
    kind: str = ""
    flaw: Flaw = Flaw.NONE
    label: bool = True


def plan(dataset: Dataset, count: int) -> list[Wanted]:
    """Normal products in every part, defects of known kinds everywhere, of new kinds in the test.

    A third of the test products and a tenth of the others are defective.
    """
    wanted = []
    turns = dict.fromkeys(Split.values, 0)
    for place in range(count):
        serial = f"합성-{place + 1:04d}"
        split = clips.part_of(dataset, serial)
        turns[split] += 1
        kinds = generator.KINDS if split == Split.TEST else generator.KNOWN
        every = 3 if split == Split.TEST else 10
        defective = turns[split] % every == 0
        kind = kinds[turns[split] // every % len(kinds)] if defective else ""
        wanted.append(Wanted(serial, (dataset.generator_seed or 0) * SCALE + place, kind))
    return wanted


def run(
    dataset: Dataset, wanted: list[Wanted], *, by: User, now: datetime, progress: Progress
) -> dict[str, int]:
    """Make, store, extract and label each product; those that are there are not made again."""
    there = set(dataset.products.filter(clips__isnull=False).values_list("serial", flat=True))
    for done, row in enumerate(wanted):
        progress(done, len(wanted) + 1, f"{row.serial} 만들기")
        if row.serial not in there:
            make(dataset, row, by=by, now=now)
    progress(len(wanted), len(wanted) + 1, "중복 확인")
    found = clips_jobs.look_for_duplicates(dataset)
    progress(len(wanted) + 1, len(wanted) + 1, "")
    return {"products": len(wanted), "duplicates": found}


def make(dataset: Dataset, row: Wanted, *, by: User, now: datetime) -> Clip:
    """Make one film and take it through the same door as a firm's own."""
    made = generator.product(row.seed, row.kind, flaw=row.flaw)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        generator.write(made, path, flaw=row.flaw)
        film = ContentFile(path.read_bytes(), name=f"{row.serial}.mp4")
    (taken,) = clips.look(dataset, [film], row.serial)
    clip = clips.put(dataset, taken, by=by, now=now)
    product = clip.product
    Product.objects.filter(pk=product.pk).update(
        shape=generator.SHAPE_LABELS[made.shape],
        true_size_mm=made.size_mm if row.kind else None,
    )
    clips_jobs.extract(clip, dataset)
    if row.label:
        mark = Mark.DEFECT if row.kind else Mark.NORMAL
        labelling.label(product, mark=mark, defect=row.kind, by=None, now=now)
    return clip


def kinds() -> Iterator[tuple[str, str]]:
    """Every kind of defect the generator knows, with its word."""
    yield from generator.KIND_LABELS.items()
