"""Training, drift and recalibration: forty normals without a label separate defects."""

from dataclasses import replace

import numpy as np
import pytest

from kamp.vision.errors import ModelUnreadable, TrainingRefused
from kamp.vision.learning import drift, model, split
from kamp.vision.learning.measure import confusion, roc

pytestmark = pytest.mark.xdist_group("inspection")  # one process makes the synthetic sets


def test_forty_normals_and_no_label_are_enough(trained, normals, defects) -> None:
    held = [*normals[40:], *defects]
    vectors = np.stack([one.vector for one in held])
    truth = np.array([bool(one.kind) for one in held])
    scores = trained.anomaly_score(vectors)
    assert roc(scores, truth).auroc > 0.97
    counted = confusion(scores, truth, trained.anomaly_threshold)
    assert counted.false_reject.value < 0.10
    assert counted.miss.value <= 0.10


def test_labelled_defects_raise_the_known_score_of_defects(normals, defects) -> None:
    both = model.train([*normals[:20], *defects[:10]], normals[20:40])
    known = both.known_score(np.stack([one.vector for one in defects[10:]]))
    usual = both.known_score(np.stack([one.vector for one in normals[40:]]))
    assert known.min() > np.median(usual)
    assert both.facts["fit_defects"] == 10


def test_the_same_products_give_the_same_bytes_in_any_order(trained, normals) -> None:
    again = model.train(normals[:20][::-1], normals[20:40][::-1])
    assert again.to_bytes() == trained.to_bytes()
    assert again.sha256 == trained.sha256


def test_another_product_gives_another_model(trained, normals) -> None:
    assert model.train(normals[1:21], normals[21:41]).sha256 != trained.sha256


def test_a_model_is_loaded_as_it_was_saved(trained, normals) -> None:
    loaded = model.load(trained.to_bytes())
    vectors = np.stack([one.vector for one in normals])
    assert loaded.sha256 == trained.sha256
    assert loaded.anomaly_threshold == trained.anomaly_threshold
    assert loaded.envelope == trained.envelope
    assert np.array_equal(loaded.anomaly_score(vectors), trained.anomaly_score(vectors))


def test_a_file_that_is_no_model_is_refused(trained, tmp_path) -> None:
    pickled = tmp_path / "evil.npz"
    np.savez(pickled, said=np.array([{"format": 1}], dtype=object))
    whole = trained.to_bytes()
    for data in (b"", b"PK\x03\x04", pickled.read_bytes(), whole[: len(whole) // 2], whole[:-30]):
        with pytest.raises(ModelUnreadable):
            model.load(data)


def test_an_artefact_of_other_features_is_refused(trained) -> None:
    arrays = {**trained.arrays, "precision": np.eye(3)}
    with pytest.raises(ModelUnreadable):
        model.load(replace(trained, arrays=arrays).to_bytes())


def test_every_reason_against_training_is_listed(normals) -> None:
    odd = replace(normals[0], vector=normals[0].vector[:5])
    with pytest.raises(TrainingRefused) as refused:
        model.train([*normals[:3], odd], [normals[0]])
    codes = {finding.code for finding in refused.value.findings}
    assert codes == {
        "too_few_fit", "too_few_threshold", "serial_on_both_sides", "vector_size",
    }  # fmt: skip


def test_normals_of_the_same_recipe_do_not_drift(trained, normals) -> None:
    assert not drift.check(trained, normals[40:]).drifted
    assert not drift.check(trained, normals[:5]).drifted


def test_another_recipe_drifts_and_recalibration_adapts_to_it(trained, normals) -> None:
    darker = [
        replace(one, serial=f"D{one.serial}", traits=replace(one.traits, level=80.0))
        for one in normals
    ]
    found = drift.check(trained, darker[:20])
    assert found.drifted
    assert found.message == "촬영 조건 변경, 재보정 필요"
    fresh = model.recalibrate(trained, darker[:20], darker[20:40])
    assert not drift.check(fresh, darker[40:]).drifted
    assert fresh.facts["recalibrated_from"] == trained.sha256


# --- The part of a product -----------------------------------------------------------------------


@pytest.mark.parametrize("key", [bytes([n]) * 32 for n in range(20)])
def test_normals_fill_both_parts_first_and_defects_go_where_they_are_used(key: bytes) -> None:
    normals = dict.fromkeys(split.Split, 0)
    defects = dict.fromkeys(split.Split, 0)
    for n in range(400):
        defective = n % 10 == 9
        part = split.part_of(f"제품-{n}", key=key, defective=defective, normals=normals, needed=20)
        (defects if defective else normals)[part] += 1
        if sum(normals.values()) == 40:
            assert (normals[split.Split.FIT], normals[split.Split.THRESHOLD]) == (20, 20)
    assert defects[split.Split.THRESHOLD] == 0
    assert min(defects[split.Split.FIT], defects[split.Split.TEST]) > 0
    assert normals[split.Split.TEST] > 30
