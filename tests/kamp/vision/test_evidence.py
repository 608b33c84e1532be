"""Registration, evidence, the quality gate and the verdict."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from kamp.vision.decoding import decode
from kamp.vision.evidence import pictures
from kamp.vision.evidence.examine import examine
from kamp.vision.evidence.quality import gate
from kamp.vision.learning.judge import Verdict, judge
from kamp.vision.learning.model import Sample, train
from kamp.vision.synthetic import generator
from kamp.vision.synthetic.generator import Flaw
from tests.kamp.vision.conftest import SEED, evidence_of

pytestmark = pytest.mark.xdist_group("inspection")  # one process makes the synthetic sets


def filmed(tmp_path: Path, flaw: Flaw, kind: str = "") -> Path:
    path = tmp_path / ("합성.avi" if flaw == Flaw.MJPEG_Q5 else "합성.mp4")
    generator.write(generator.product(SEED + 950, kind, flaw=flaw), path, flaw=flaw)
    return path


@pytest.fixture(scope="module")
def cracked():
    return generator.product(SEED + 901, "crack")


def test_the_same_seed_gives_the_same_frames() -> None:
    first, second = (generator.product(SEED, "void") for _ in range(2))
    assert np.array_equal(first.frames, second.frames)
    assert not np.array_equal(first.frames, generator.product(SEED + 1, "void").frames)


@pytest.mark.parametrize("kind", generator.KINDS)
def test_standard_defects_reach_the_stated_visibility(kind) -> None:
    made = generator.product(SEED + 7, kind)
    assert made.d_prime >= generator.VISIBLE
    assert made.masks.any()
    assert made.size_mm > 0


def test_a_normal_product_has_no_defect() -> None:
    made = generator.product(SEED)
    assert (made.kind, made.d_prime, made.masks.any()) == ("", 0.0, False)


@pytest.mark.parametrize("step", [48, 31, 16])
def test_the_shift_is_measured_to_the_pixel(step) -> None:
    made = generator.product(SEED + 3, step=step)
    evidence = evidence_of(made)
    assert evidence.traits.shift_px == step
    assert evidence.traits.shift_confidence > 0.8
    assert set(np.diff(evidence.offsets)) == {step}


def test_the_same_frames_give_the_same_bits(cracked) -> None:
    first, second = evidence_of(cracked), evidence_of(cracked)
    assert np.array_equal(first.vector, second.vector)
    assert np.array_equal(first.heat, second.heat)
    assert first.phash == second.phash


def test_a_large_film_is_judged_at_the_working_scale(cracked) -> None:
    large = np.stack(
        [cv2.resize(f, (512, 384), interpolation=cv2.INTER_LINEAR) for f in cracked.frames]
    )
    small = np.stack([cv2.resize(f, (256, 192), interpolation=cv2.INTER_AREA) for f in large])
    assert evidence_of(cracked).traits.shift_px == 48
    with decode.from_frames(small) as clip:
        assert examine(clip).traits.shift_px == 48


def test_the_heat_is_where_the_defect_is(cracked) -> None:
    evidence = evidence_of(cracked)
    index = int(np.argmax(cracked.masks.sum((1, 2))))
    heat = evidence.heat_of(index, 256)
    row, column = np.unravel_index(int(heat.argmax()), heat.shape)
    near = cv2.dilate(cracked.masks[index].astype(np.uint8), np.ones((11, 11), np.uint8))
    assert near[row, column]


def test_pictures_are_png(cracked) -> None:
    evidence = evidence_of(cracked)
    frame = cracked.frames[6]
    drawn = [
        pictures.frame_png(frame),
        pictures.flattened_png(frame, contrast=2.0),
        pictures.flattened_png(np.full((64, 64), 128, np.uint8)),
        pictures.overlay_png(frame, evidence, 6),
        pictures.panorama_png(evidence),
        pictures.panorama_png(evidence, heat=True),
    ]
    assert all(one.startswith(b"\x89PNG") for one in drawn)
    overlay = cv2.imdecode(np.frombuffer(drawn[3], np.uint8), cv2.IMREAD_UNCHANGED)
    assert overlay.shape == (192, 256, 3)


# --- The verdict ---------------------------------------------------------------------------------


def judged(path: Path, trained) -> tuple[Verdict, set[str]]:
    with decode.open_clip(path, mm_per_px=0.8) as clip:
        found = judge(trained, examine(clip), width=clip.shape[1])
    return found.verdict, {reason.code for reason in found.reasons}


@pytest.fixture(scope="module")
def from_films(tmp_path_factory):
    """A model whose recipe is that of films, not of frames in memory."""
    folder = tmp_path_factory.mktemp("recipe")
    samples = []
    for number in range(40):
        path = folder / f"{number}.mp4"
        generator.write(generator.product(SEED + 300 + number), path)
        with decode.open_clip(path, mm_per_px=0.8) as clip:
            evidence = examine(clip)
        samples.append(Sample(f"F{number}", evidence.vector, evidence.traits))
    return train(samples[:20], samples[20:])


def test_a_normal_product_is_normal(tmp_path, from_films) -> None:
    assert judged(filmed(tmp_path, Flaw.NONE), from_films) == (Verdict.NORMAL, set())


def test_a_defect_nobody_labelled_is_suspected(tmp_path, from_films) -> None:
    assert judged(filmed(tmp_path, Flaw.NONE, "crack"), from_films) == (Verdict.UNKNOWN, set())


@pytest.mark.parametrize(
    ("flaw", "code"),
    [
        (Flaw.CRF30, "quality_compressed"),
        (Flaw.MJPEG_Q5, "recipe_codec"),
        (Flaw.LOW_DOSE, "recipe_level"),
        (Flaw.BLUR, "recipe_sharpness"),
        (Flaw.SATURATED, "quality_saturated"),
        (Flaw.NO_OBJECT, "quality_no_object"),
        (Flaw.SLOW, "recipe_shift"),
    ],
)
def test_a_bad_clip_is_held_with_its_reason_and_never_called_defective(
    tmp_path, from_films, flaw, code
) -> None:
    verdict, codes = judged(filmed(tmp_path, flaw), from_films)
    assert verdict == Verdict.HOLD
    assert code in codes


def test_a_judgement_holds_frame_scores_and_times(cracked, trained) -> None:
    evidence = evidence_of(cracked)
    found = judge(trained, evidence, width=256)
    assert len(found.frame_scores) == len(cracked.frames)
    assert max(found.frame_scores) == pytest.approx(float(evidence.heat.max()), abs=0.01)
    assert set(found.times) == {"register", "features", "judge"}
    assert found.known_score is None


def test_the_gate_alone_needs_no_model() -> None:
    assert gate(evidence_of(generator.product(SEED + 5)).traits) == ()


@pytest.mark.parametrize("kind", ["", "crack", "void"])
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_an_inverted_film_is_held_and_told(seed: int, kind: str) -> None:
    made = generator.product(seed, kind)
    for frames, codes in ((made.frames, []), (255 - made.frames, ["quality_inverted"])):
        with decode.from_frames(frames) as clip:
            assert [row.code for row in gate(examine(clip).traits)] == codes


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_a_film_without_a_product_is_measured_and_drawn(grey: int) -> None:
    with decode.from_frames(np.full((4, 96, 128), grey, np.uint8)) as clip:
        evidence = examine(clip)
        assert evidence.vector is None
        assert pictures.overlay_png(clip[0], evidence, 0) == pictures.frame_png(clip[0])
        assert pictures.panorama_png(evidence, heat=True)


def test_the_heat_is_drawn_by_the_scale_of_the_model(cracked) -> None:
    with decode.from_frames(cracked.frames) as clip:
        evidence = examine(clip)
        hottest = float(evidence.heat.max())
        at = max(range(len(clip)), key=lambda n: evidence.heat_of(n, clip.shape[1]).max())
        frame = clip[at]
        plain, cool, hot = (
            cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).astype(int)
            for data in (
                cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_GRAY2BGR))[1].tobytes(),
                pictures.overlay_png(frame, evidence, at, hot=hottest * 4),
                pictures.overlay_png(frame, evidence, at, hot=hottest),
            )
        )
    assert np.abs(cool - plain).max() < 4  # far below the threshold nothing is coloured
    assert np.abs(hot - plain).max() > 60
