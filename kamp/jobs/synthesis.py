"""Synthetic products (합성): films by the generator, stored, extracted and labelled."""

import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.files.base import ContentFile

from kamp.jobs.clips import extract, find_duplicates
from kamp.models import Clip, Dataset, Product
from kamp.services import clips, labelling
from kamp.states import Mark, Split
from kamp.vision.synthetic import generator
from kamp.vision.synthetic.generator import Flaw
from portal.jobs.progress import Progress
from portal.models import User

SEEDS_OF_A_SET = 1_000_000  # so that products of two sets never share a seed


@dataclass(frozen=True)
class ProductSpec:
    """One product to make; `kind` of defect is "" for a normal one."""

    serial: str
    seed: int
    kind: str = ""
    flaw: Flaw = Flaw.NONE
    label: bool = True


def plan(dataset: Dataset, count: int) -> list[ProductSpec]:
    """Plan products: a third of the test part is defective, a tenth of the others.

    Kinds of defects that nobody labels for training occur in the test part only.
    """
    specs = []
    seen = dict.fromkeys(Split.values, 0)
    for place in range(count):
        serial = f"합성-{place + 1:04d}"
        split = clips.split_of(dataset, serial)
        seen[split] += 1
        kinds = generator.KINDS if split == Split.TEST else generator.KNOWN
        every = 3 if split == Split.TEST else 10
        defective = seen[split] % every == 0
        kind = kinds[seen[split] // every % len(kinds)] if defective else ""
        seed = (dataset.generator_seed or 0) * SEEDS_OF_A_SET + place
        specs.append(ProductSpec(serial, seed, kind))
    return specs


def run(
    dataset: Dataset, specs: list[ProductSpec], *, by: User, now: datetime, progress: Progress
) -> dict[str, int]:
    """Make the products that the set does not have yet, then look for duplicates.

    A second run continues where the first stopped. Returns counts: products, duplicates.
    """
    existing = set(dataset.products.filter(clips__isnull=False).values_list("serial", flat=True))
    for done, spec in enumerate(specs):
        progress(done, len(specs) + 1, f"{spec.serial} 만들기")
        if spec.serial not in existing:
            make(dataset, spec, by=by, now=now)
    progress(len(specs), len(specs) + 1, "중복 확인")
    pairs = find_duplicates(dataset)
    progress(len(specs) + 1, len(specs) + 1, "")
    return {"products": len(specs), "duplicates": pairs}


def make(dataset: Dataset, spec: ProductSpec, *, by: User, now: datetime) -> Clip:
    """Make one product; its film passes the same checks as a firm's upload."""
    made = generator.product(spec.seed, spec.kind, flaw=spec.flaw)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        generator.write(made, path, flaw=spec.flaw)
        film = ContentFile(path.read_bytes(), name=f"{spec.serial}.mp4")
    (checked,) = clips.check_files(dataset, [film], spec.serial)
    clip = clips.store(dataset, checked, by=by, now=now)
    product = clip.product
    Product.objects.filter(pk=product.pk).update(
        shape=generator.SHAPE_LABELS[made.shape],
        true_size_mm=made.size_mm if spec.kind else None,
    )
    extract(clip, dataset)
    if spec.label:
        mark = Mark.DEFECT if spec.kind else Mark.NORMAL
        labelling.label(product, mark=mark, defect=spec.kind, by=None, now=now)
    return clip
