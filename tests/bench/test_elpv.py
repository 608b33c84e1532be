"""The optional benchmark: a clear error without the package, and finite features of any cell."""

import numpy as np
import pytest

from bench import elpv
from kamp.vision.errors import ExtraMissing


def test_without_the_package_the_error_says_how_to_install_it(monkeypatch) -> None:
    monkeypatch.setattr(elpv, "load_dataset", None)
    assert not elpv.available()
    with pytest.raises(ExtraMissing, match="elpv"):
        elpv.measure()


def test_every_cell_has_the_same_numbers() -> None:
    rng = np.random.default_rng(0)
    cells = [rng.integers(0, 256, (300, 300), np.uint8), np.zeros((300, 300), np.uint8)]
    described = [elpv.describe(cell, mono=True) for cell in cells]
    assert described[0].shape == described[1].shape
    assert all(np.isfinite(one).all() for one in described)
