"""The inspection on held-out products: defects found, speed, memory."""

import os
import tempfile
import time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench import elpv
from bench.environment import Environment, EnvironmentFailed, Log
from bench.parts import synthetic
from bench.parts.synthetic import SEEDS, Product
from bench.report import Row, milliseconds, peak_bytes, times
from kamp.rules.evaluation import Rate
from kamp.vision.decoding import decode
from kamp.vision.evidence import pictures
from kamp.vision.evidence.examine import examine
from kamp.vision.learning.judge import judge
from kamp.vision.learning.measure import confusion, pod, roc
from kamp.vision.learning.model import Model, train
from kamp.vision.synthetic import generator
from kamp.vision.synthetic.generator import KINDS, KNOWN, UNSEEN, Difficulty

PART = "inspection"
DRAWS = 5  # of 20 + 20 normals
TIMED = 40  # products
SHORT, LONG = 5.0, 0.5  # conveyor pixels per frame: ten times the frames


def measure(environment: Environment, template: str, *, quick: bool, log: Log) -> list[Row]:
    log("the standard synthetic set (합성)")
    standard = environment.run_part(template, PART, task="standard", quick=quick)
    rows = _standard_rows(standard) + _few_rows(standard)
    log("the hard synthetic set (합성)")
    rows += _hard_rows(environment.run_part(template, PART, task="hard", quick=quick))
    log("time on one core, growth")
    rows += _speed_rows(environment.run_part(template, PART, task="speed", quick=quick))
    grown = [
        environment.run_part(template, PART, task="growth", quick=quick, step=step)
        for step in (SHORT, LONG)
    ]
    rows += _growth_rows(*grown)
    log("real solar cells, where the extra is installed")
    return rows + _elpv_rows(environment.run_part(template, PART, task="elpv", quick=quick))


def run(*, task: str, quick: bool, step: float = SHORT) -> dict[str, Any]:
    if task in ("standard", "hard"):
        return _accuracy(Difficulty(task), quick)
    if task == "growth":
        return _growth(step)
    return _speed(quick) if task == "speed" else _elpv(quick)


# --- Measurements --------------------------------------------------------------------------------


def _accuracy(difficulty: Difficulty, quick: bool) -> dict[str, Any]:
    products = synthetic.make(difficulty, quick=quick)
    parts = {
        split: [one for one in products if one.split == split]
        for split in ("fit", "threshold", "test", "unseen")
    }
    model = train([one.sample for one in parts["fit"]], [one.sample for one in parts["threshold"]])
    test, unseen = parts["test"], parts["unseen"]
    truth = np.array([bool(one.sample.kind) for one in test])
    flagged = model.flagged(synthetic.vectors(test)).astype(float)
    counted = confusion(flagged, truth, 0.5)
    known = roc(model.known_score(synthetic.vectors(test)), truth)
    alone = roc(model.anomaly_score(synthetic.vectors(test)), truth)
    caught = model.flagged(synthetic.vectors(unseen))
    kinds = {
        kind: _pair(
            Rate(
                int(
                    sum(c for c, one in zip(caught, unseen, strict=True) if one.sample.kind == kind)
                ),
                sum(one.sample.kind == kind for one in unseen),
            )
        )
        for kind in UNSEEN
    }
    return {
        "seed": SEEDS[difficulty],
        "fitted": [model.facts["fit_normals"], model.facts["fit_defects"]],
        "accuracy": _pair(counted.accuracy),
        "miss": _pair(counted.miss),
        "false_reject": _pair(counted.false_reject),
        "auroc": known.auroc,
        "auroc_anomaly": alone.auroc,
        "unseen": _pair(Rate(int(caught.sum()), len(unseen))),
        "kinds": kinds,
        "exact": _pair(
            Rate(sum(one.shift_px == generator.STEP for one in products), len(products))
        ),
        "a90": _a90(model, [*test, *unseen]),
        "few": _few(parts),
    }


def _a90(model: Model, products: list[Product]) -> float | None:
    """Return the visibility d' at which nine of ten defects are found."""
    bad = [one for one in products if one.sample.kind]
    result = model.flagged(synthetic.vectors(bad))
    return pod(np.array([one.d_prime for one in bad]), result).a90


def _few(parts: dict[str, list[Product]]) -> dict[str, list[int]]:
    """Count errors with 20 + 20 normals and no defect label, summed over several draws."""
    normals = [one for split in ("fit", "threshold") for one in parts[split] if not one.sample.kind]
    held = [one for one in parts["test"] if not one.sample.kind]
    known = [one for one in parts["test"] if one.sample.kind]
    totals = {"false_reject": [0, 0], "known": [0, 0], "unseen": [0, 0]}
    for draw in range(DRAWS):
        drawn = np.random.default_rng(draw).permutation(len(normals))[:40]
        fit, threshold = (
            [normals[i].sample for i in drawn[half]] for half in (slice(20), slice(20, 40))
        )
        model = train(fit, threshold)
        groups = {"false_reject": held, "known": known, "unseen": parts["unseen"]}
        for name, group in groups.items():
            totals[name][0] += int(model.flagged(synthetic.vectors(group)).sum())
            totals[name][1] += len(group)
    return totals


def _speed(quick: bool) -> dict[str, Any]:
    """Time each product from film to verdict, with a heatmap PNG of each frame, on one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    count = 10 if quick else TIMED
    with tempfile.TemporaryDirectory() as folder:
        model, paths = _small_model(Path(folder), count)
        _inspect(model, paths[0])
        stages: list[dict[str, float]] = []
        seconds, used = [], []
        for path in paths:
            started, cpu = time.perf_counter(), _cpu_seconds()
            stages.append(_inspect(model, path))
            seconds.append(time.perf_counter() - started)
            used.append(_cpu_seconds() - cpu)
    return {
        "seconds": seconds,
        "cpu": sum(used) / len(used),
        "stages": {name: median(one[name] for one in stages) for name in stages[0]},
    }


def _cpu_seconds() -> float:
    ticks = os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    fields = [
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        for pid in children
    ]
    return time.process_time() + sum((int(one[11]) + int(one[12])) / ticks for one in fields)


def _small_model(folder: Path, count: int) -> tuple[Model, list[Path]]:
    samples, paths = [], []
    for number in range(40 + count):
        kind = "" if number < 40 else ("", *KINDS)[number % 6]
        path = folder / f"합성-{number}.mp4"
        generator.write(generator.product(50_000_000 + number, kind), path)
        if number >= 40:
            paths.append(path)
            continue
        with decode.open_clip(path, mm_per_px=generator.MM_PER_PX) as clip:
            evidence = examine(clip)
        if evidence.vector is None:
            raise EnvironmentFailed(f"no object found in {path.name}")
        samples.append(synthetic.Sample(str(number), evidence.vector, evidence.traits))
    return train(samples[:20], samples[20:]), paths


def _inspect(model: Model, path: Path) -> dict[str, float]:
    started = time.perf_counter()
    with decode.open_clip(path, mm_per_px=generator.MM_PER_PX) as clip:
        decoded = time.perf_counter()
        evidence = examine(clip)
        result = judge(model, evidence, width=clip.shape[1])
        judged = time.perf_counter()
        for index, frame in enumerate(clip):
            pictures.overlay_png(frame, evidence, index)
    drawn = time.perf_counter() - judged
    return {"decode": (decoded - started) * 1_000, **result.times, "heatmaps": drawn * 1_000}


def _growth(step: float) -> dict[str, Any]:
    """Return seconds and peak memory of one product; a slower conveyor takes more frames."""
    made = generator.product(51_000_000, step=step)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "합성.mp4"
        generator.write(made, path)
        frames = len(made.frames)
        del made
        with decode.open_clip(path, mm_per_px=generator.MM_PER_PX) as clip:
            # Reset the peak, which the generator of the product set.
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            before = peak_bytes()
            first = next(islice(clip, 1))
            started = time.process_time()
            examine(clip)
            seconds = time.process_time() - started
    return {
        "frames": frames,
        "seconds": seconds,
        "grown": peak_bytes() - before,
        "pixels": first.size,
    }


def _elpv(quick: bool) -> dict[str, Any]:
    if not elpv.available() or quick:
        return {}
    result = elpv.measure(seed=0)
    return {
        "n_train": result.n_train,
        "accuracy": [result.correct, result.n_test],
        "auroc": result.auroc,
        "miss": [result.missed, result.defective],
        "false_reject": [result.rejected, result.n_test - result.defective],
        "seconds": result.seconds,
    }


def _pair(rate: Rate) -> list[int]:
    return [rate.hits, rate.n]


# --- Rows of the report --------------------------------------------------------------------------------


def _share(pair: list[int]) -> str:
    """Format as `98.5 % (394/400, 96.8-99.3)`: a share with its count and 95 % interval."""
    rate = Rate(*pair)
    low, high = rate.interval
    return (
        f"{100 * (rate.value or 0):.1f} % ({rate.hits}/{rate.n}, {100 * low:.1f}-{100 * high:.1f})"
    )


def _at_least(what: str, pair: list[int], goal: float) -> Row:
    return Row(
        PART, what, _share(pair), goal=f"≥ {goal:g} %", passed=100 * pair[0] >= goal * pair[1]
    )


def _at_most(what: str, pair: list[int], goal: float) -> Row:
    return Row(
        PART, what, _share(pair), goal=f"≤ {goal:g} %", passed=100 * pair[0] <= goal * pair[1]
    )


def _standard_rows(result: dict[str, Any]) -> list[Row]:
    name = f"합성 standard, seed {result['seed']}"
    normals, defects = result["fitted"]
    fitted = f"fitted on {normals} normals, {defects} of {', '.join(KNOWN)}"
    kinds = [_at_least(f"{name}: never trained, lamination", result["kinds"]["lamination"], 90)]
    kinds += [
        Row(PART, f"{name}: never trained, {kind}", _share(pair))
        for kind, pair in result["kinds"].items()
        if kind != "lamination"
    ]
    return [
        _at_most(f"{name}: missed defects ({fitted})", result["miss"], 1),
        Row(PART, f"{name}: normals stopped", _share(result["false_reject"])),
        _at_least(f"{name}: accuracy", result["accuracy"], 98.5),
        _area(f"{name}: AUROC", result["auroc"], 0.998),
        Row(PART, f"{name}: AUROC, distance from normals alone", f"{result['auroc_anomaly']:.4f}"),
        _at_least(f"{name}: kinds never trained, caught", result["unseen"], 95),
        *kinds,
        Row(PART, f"{name}: shift found to the pixel", _share(result["exact"])),
    ]


def _area(what: str, area: float, goal: float) -> Row:
    return Row(PART, what, f"{area:.4f}", goal=f"≥ {goal:g}", passed=area >= goal)


def _few_rows(result: dict[str, Any]) -> list[Row]:
    name = f"합성 standard, 20 + 20 normals, no label, {DRAWS} draws"
    few = result["few"]
    return [
        _at_most(f"{name}: normals stopped", few["false_reject"], 2),
        _at_least(f"{name}: known kinds caught", few["known"], 98),
        _at_least(f"{name}: other kinds caught", few["unseen"], 92),
    ]


def _hard_rows(result: dict[str, Any]) -> list[Row]:
    name = f"합성 hard (any contrast), seed {result['seed']}"
    a90 = "not reached" if result["a90"] is None else f"d' {result['a90']:.1f}"
    return [
        Row(PART, f"{name}: missed defects", _share(result["miss"])),
        Row(PART, f"{name}: normals stopped", _share(result["false_reject"])),
        Row(PART, f"{name}: accuracy", _share(result["accuracy"])),
        Row(PART, f"{name}: AUROC", f"{result['auroc']:.4f}"),
        Row(PART, f"{name}: kinds never trained, caught", _share(result["unseen"])),
        Row(PART, f"{name}: nine of ten found from", a90),
    ]


def _speed_rows(result: dict[str, Any]) -> list[Row]:
    mean, count = result["cpu"], len(result["seconds"])
    stages = ", ".join(f"{name} {spent:.0f}" for name, spent in result["stages"].items())
    return [
        Row(
            PART,
            f"film to verdict and heatmaps, one core: processor time, mean of {count}",
            milliseconds(mean),
            goal="≤ 150 ms",
            passed=mean <= 0.15,
        ),
        Row(PART, "the same on the clock, median", milliseconds(median(result["seconds"]))),
        Row(PART, "of it by stage, ms on the clock", stages),
    ]


def _growth_rows(short: dict[str, Any], long: dict[str, Any]) -> list[Row]:
    more = long["frames"] / short["frames"]
    slower = long["seconds"] / short["seconds"]
    held, film = long["grown"] / 2**20, long["frames"] * long["pixels"] / 2**20
    return [
        Row(
            PART,
            f"{long['frames']} frames against {short['frames']}: processor time",
            f"{long['seconds']:.1f} s",
            f"{short['seconds']:.1f} s",
            times(slower),
            f"≤ {more:.1f}x",
            slower <= more,
        ),
        Row(
            PART,
            f"memory taken for {long['frames']} frames ({film:.0f} MB of pixels)",
            f"{held:.0f} MB",
            f"{short['grown'] / 2**20:.0f} MB",
            goal="≤ 20 MB more",
            passed=long["grown"] - short["grown"] <= 20 * 2**20,
        ),
    ]


def _elpv_rows(result: dict[str, Any]) -> list[Row]:
    name = "ELPV, real solar cells"
    if not result:
        return [Row(PART, name, "not measured: needs the extra elpv, and no --quick")]
    floor = f"{100 * elpv.PUBLISHED_HANDMADE:.2f} % hand-made, {100 * elpv.PUBLISHED_CNN:.2f} % CNN"
    right, held = result["accuracy"]
    return [
        Row(PART, f"{name}: missed defects", _share(result["miss"])),
        Row(PART, f"{name}: good cells stopped", _share(result["false_reject"])),
        Row(
            PART,
            f"{name}: accuracy, {result['n_train']} to learn",
            _share(result["accuracy"]),
            floor,
            goal=f"≥ {100 * elpv.PUBLISHED_HANDMADE:.2f} %",
            passed=right / held >= elpv.PUBLISHED_HANDMADE,
        ),
        Row(PART, f"{name}: AUROC", f"{result['auroc']:.3f}"),
    ]
