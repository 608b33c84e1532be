"""A small synthetic set, made once: 40 normals to learn from, 20 normals and 20 defects to judge."""

from pathlib import Path

import pytest

from kamp.vision.decoding import decode
from kamp.vision.evidence.examine import Evidence, examine
from kamp.vision.learning.model import Model, Sample, train
from kamp.vision.synthetic import generator

SEED = 4_200_000


def evidence_of(made: generator.Product) -> Evidence:
    with decode.from_frames(made.frames, bits_per_px=0.5) as clip:
        return examine(clip)


def sample(seed: int, kind: str = "") -> Sample:
    evidence = evidence_of(generator.product(seed, kind))
    assert evidence.vector is not None
    return Sample(f"K-{seed}", evidence.vector, evidence.traits, kind)


@pytest.fixture(scope="session")
def normals() -> list[Sample]:
    return [sample(SEED + number) for number in range(60)]


@pytest.fixture(scope="session")
def defects() -> list[Sample]:
    kinds = (*generator.KNOWN, *generator.UNSEEN)
    return [sample(SEED + 100 + number, kinds[number % 5]) for number in range(20)]


@pytest.fixture(scope="session")
def trained(normals: list[Sample]) -> Model:
    """Anomaly first: 20 normals to fit, 20 to set the threshold, no defect label."""
    return train(normals[:20], normals[20:40])


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "합성-crack.mp4"
    generator.write(generator.product(SEED + 900, "crack"), path)
    return path
