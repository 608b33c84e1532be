"""Measures, checked against values calculated by hand."""

import hashlib

import numpy as np
import pytest

from kamp.rules.evaluation import Rate
from kamp.rules.labelling import kappa
from kamp.vision.errors import MeasureRefused
from kamp.vision.evidence import duplicates
from kamp.vision.learning import measure, split
from kamp.vision.learning.split import Split

SCORES = np.array([0.1, 0.2, 0.3, 0.4, 0.6, 0.7])
BAD = np.array([False, False, True, False, True, True])


def test_the_interval_is_the_published_wilson_interval() -> None:
    low, high = Rate(81, 263).interval
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert Rate(0, 0).value is None
    assert Rate(0, 0).interval == (0.0, 1.0)
    assert Rate(0, 10).interval[0] == 0.0


def test_miss_and_false_reject_come_with_accuracy() -> None:
    counted = measure.confusion(SCORES, BAD, 0.35)
    assert counted.miss == Rate(1, 3)
    assert counted.false_reject == Rate(1, 3)
    assert counted.accuracy == Rate(4, 6)


def test_at_few_defects_most_alarms_are_false() -> None:
    counted = measure.Confusion(99, 1, 98, 2)
    positive, negative = counted.predictive(0.05)
    assert positive == pytest.approx(0.7226, abs=1e-4)
    assert negative == pytest.approx(0.9995, abs=1e-4)
    assert measure.Confusion(0, 0, 1, 0).predictive(0.1) == (None, None)


def test_the_roc_passes_its_corners_and_counts_ties_as_half() -> None:
    curve = measure.roc(SCORES, BAD)
    assert (curve.points[0], curve.points[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert curve.auroc == pytest.approx(8 / 9)
    assert measure.roc(np.zeros(6), BAD).auroc == 0.5
    for (reject, detected), threshold in zip(curve.points, curve.thresholds, strict=True):
        counted = measure.confusion(SCORES, BAD, threshold)
        assert counted.false_reject.value == pytest.approx(reject)
        assert 1 - counted.miss.value == pytest.approx(detected)


def test_a_roc_needs_both_kinds() -> None:
    with pytest.raises(MeasureRefused):
        measure.roc(SCORES, np.zeros(6, bool))


def test_costs_move_the_threshold() -> None:
    dear = measure.cheapest(SCORES, BAD, miss_cost=1e6, reinspection_cost=1, prevalence=0.1)
    cheap = measure.cheapest(SCORES, BAD, miss_cost=1, reinspection_cost=1e6, prevalence=0.1)
    assert dear.miss == 0
    assert cheap.false_reject == 0
    assert dear.threshold < cheap.threshold


def test_pod_rises_with_size_and_names_a90() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.uniform(1, 10, 400)
    found = rng.random(400) < 1 / (1 + np.exp(-8 * np.log(sizes / 4)))
    curve = measure.pod(sizes, found)
    assert curve.a50 == pytest.approx(4, abs=0.5)
    assert curve.a90 == pytest.approx(4 * np.exp(np.log(9) / 8), abs=0.7)
    assert list(curve.probability) == sorted(curve.probability)


def test_pod_has_no_a90_when_ninety_per_cent_is_never_reached() -> None:
    assert measure.pod(np.linspace(1, 10, 30), np.arange(30) % 2 == 0).a90 is None
    with pytest.raises(MeasureRefused):
        measure.pod(np.ones(9), np.ones(9, bool))


def test_kinds_never_trained_are_marked() -> None:
    table = measure.by_kind(
        ["", "", "void", "crack"], np.array([False, True, True, True]), frozenset({"crack"})
    )
    assert table == {
        "": (Rate(1, 2), True),
        "crack": (Rate(1, 1), True),
        "void": (Rate(1, 1), False),
    }


def test_kappa_measures_agreement_beyond_chance() -> None:
    assert kappa(["a", "a", "b", "b"], ["a", "a", "b", "b"]) == 1.0
    assert kappa(["a", "a", "b", "b"], ["a", "b", "a", "b"]) == 0.0
    assert kappa(["a", "a"], ["a", "a"]) is None
    assert kappa([], []) is None


def test_a_product_never_changes_its_split() -> None:
    key = b"of one dataset"
    sides = [split.split_of(f"K-{number}", key=key) for number in range(2_000)]
    assert [split.split_of(f" k-{number} ", key=key) for number in range(2_000)] == sides
    for side in Split:
        assert sides.count(side) / 2_000 == pytest.approx(split.SHARES[side] / 100, abs=0.04)
    assert [split.split_of(f"K-{number}", key=b"other") for number in range(2_000)] != sides


def item(key: str, picture: np.ndarray, *, serial: str = "", side: str = "fit") -> duplicates.Item:
    digest = hashlib.sha256(picture.tobytes()).hexdigest()
    thumb, phash = duplicates.thumb(picture), duplicates.phash(picture)
    return duplicates.Item(key, serial or key, side, digest, phash, thumb)


def test_duplicates_are_found_across_splits() -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.standard_normal((150, 290)).astype(np.float32) for _ in range(4)]
    # The same product at another exposure, a little noisier.
    brighter = pictures[0] * 1.3 + 5 + rng.standard_normal((150, 290)).astype(np.float32) * 0.1
    items = [item(f"p{number}", one) for number, one in enumerate(pictures)]
    items += [item("copy", pictures[1], side="test"), item("again", brighter, side="test")]
    found = {(one.first, one.second): one for one in duplicates.find(items)}
    assert set(found) == {("p1", "copy"), ("p0", "again")}
    assert found["p1", "copy"].exact
    assert not found["p0", "again"].exact
    assert all(one.crosses for one in found.values())


def test_two_clips_of_one_product_are_no_duplicates() -> None:
    picture = np.random.default_rng(1).standard_normal((150, 290)).astype(np.float32)
    assert duplicates.find([item("a", picture, serial="S"), item("b", picture, serial="S")]) == ()
    assert duplicates.find([]) == ()
