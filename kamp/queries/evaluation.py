"""Charts and figures of the evaluation page; those of synthetic data are marked 합성."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from kamp.models import InspectionModel
from kamp.rules.evaluation import Costs, Counts, Point, Rate, cheapest, evaluate
from kamp.states import DefectKind
from portal.paper.charts import Chart, bars, lines

STAGE_LABELS = {
    "decode": "읽기",
    "register": "위치 맞춤",
    "features": "특징 계산",
    "score": "판정",
    "judge": "판정",
    "draw": "그림 그리기",
    "wait": "대기",
}


@dataclass(frozen=True)
class Evaluation:
    """A model on its test products: at its own, the chosen and the cheapest threshold.

    `kinds`: label of a kind of defect, its detection rate, whether the model was trained on it.
    """

    own: Point
    chosen: Point
    cheapest: Point
    kinds: Sequence[tuple[str, Rate, bool]]
    charts: dict[str, Chart]


def evaluation(
    model: InspectionModel, *, costs: Costs, threshold: float | None = None
) -> Evaluation:
    """Evaluate a model at a threshold in standard deviations; without one, at its own."""
    rows = [(float(row[2]), bool(row[1])) for row in model.measures.get("test", ())]
    own = evaluate(rows, 0.0, costs)
    chosen = own if threshold is None else evaluate(rows, threshold, costs)
    kinds = _rates_by_kind(model, chosen.threshold)
    charts = {
        "confusion": _confusion(model, chosen.counts),
        "margins": _margins(model, rows, chosen.threshold),
    }
    if model.inspections.exists():
        charts["times"] = _times(model)
    if model.drifts.exists():
        charts["drift"] = _drift(model)
    if model.measures.get("roc"):
        charts["roc"] = _roc(model, chosen)
    if model.measures.get("pod"):
        charts["pod"] = _pod(model)
    if kinds:
        charts["kinds"] = bars(
            _title(model, "불량 종류별 찾은 비율(%)"),
            [label for label, _, _ in kinds],
            {"찾은 비율": [round((rate.value or 0) * 100, 1) for _, rate, _ in kinds]},
            unit="%",
        )
    if model.measures.get("learning"):
        charts["learning"] = _learning(model)
    return Evaluation(own, chosen, cheapest(rows, costs), kinds, charts)


def percent(value: float | None) -> str:
    """Write a share (0-1) as a percentage; "값 없음" for None."""
    return "값 없음" if value is None else f"{value * 100:.1f}%"


def rate_text(rate: Rate) -> str:
    """Write a rate with its counts and its 95 % interval."""
    if rate.value is None:
        return "값 없음"
    low, high = rate.interval
    return (
        f"{percent(rate.value)} ({rate.hits}/{rate.n}, 95% 구간 {low * 100:.1f}–{high * 100:.1f}%)"
    )


def _title(model: InspectionModel, title: str) -> str:
    return f"[합성] {title}" if model.is_synthetic else title


def _rates_by_kind(model: InspectionModel, threshold: float) -> list[tuple[str, Rate, bool]]:
    labels = dict(DefectKind.choices)
    trained = set(model.measures.get("trained_kinds", ()))
    names = sorted({row[1] for row in model.measures.get("test", ()) if row[1]})
    found = []
    for name in names:
        own = [row for row in model.measures["test"] if row[1] == name]
        hits = sum(row[2] > threshold for row in own)
        found.append((labels.get(name, name), Rate(hits, len(own)), name in trained))
    return found


def _confusion(model: InspectionModel, counts: Counts) -> Chart:
    return bars(
        _title(model, "시험 제품의 판정 (혼동 행렬)"),
        ["실제 정상", "실제 불량"],
        {
            "정상으로 판정": [counts.passed, counts.missed],
            "불량·의심으로 판정": [counts.rejected, counts.caught],
        },
        unit="개",
        label_header="실제",
    )


def _margins(model: InspectionModel, rows: Sequence[tuple[float, bool]], threshold: float) -> Chart:
    edges = [-4.0, -2.0, -1.0, 0.0, 1.0, 2.0, 4.0, 8.0]
    labels = ["−4σ 아래", *[f"{a:g}~{b:g}σ" for a, b in itertools.pairwise(edges)], "8σ 위"]

    def histogram(bad: bool) -> list[int]:
        counts = [0] * len(labels)
        for margin, defective in rows:
            if defective == bad:
                counts[sum(margin > edge for edge in edges)] += 1
        return counts

    return bars(
        _title(model, f"기준값까지의 거리별 제품 수 (지금 기준 {threshold:.1f}σ)"),
        labels,
        {"정상": histogram(False), "불량": histogram(True)},
        unit="개",
        label_header="거리",
    )


def _roc(model: InspectionModel, chosen: Point) -> Chart:
    curve = model.measures["roc"]
    points = [(x * 100, y * 100) for x, y in curve["points"]]
    reject, miss = chosen.counts.false_reject.value, chosen.counts.miss.value
    marks = []
    if reject is not None and miss is not None:
        marks = [(round(reject * 100, 1), round((1 - miss) * 100, 1), "지금 기준")]
    return lines(
        _title(model, f"ROC 곡선 (넓이 {curve['auroc']:.3f})"),
        {"모델": points, "우연": [(0, 0), (100, 100)]},
        x="잘못 걸러낸 정상품(%)",
        y="찾은 불량(%)",
        marks=marks,
        y_top=100,
    )


def _pod(model: InspectionModel) -> Chart:
    fitted = model.measures["pod"]
    points = [
        (round(size, 2), round(chance * 100, 1))
        for size, chance in zip(fitted["sizes"], fitted["probability"], strict=True)
    ]
    a90 = fitted["a90"]
    marks = [(round(a90, 1), 90, "90%를 찾는 크기")] if a90 is not None else []
    return lines(
        _title(model, f"크기별 찾을 확률 (불량 {fitted['n']}개)"),
        {"찾을 확률": points},
        x="불량의 크기(mm)",
        y="확률(%)",
        marks=marks if a90 is not None and points and a90 <= points[-1][0] else [],
        y_top=100,
    )


def _learning(model: InspectionModel) -> Chart:
    rows = model.measures["learning"]

    def share(row: dict[str, Any], part: str, whole: str) -> float:
        return round(row[part] * 100 / row[whole], 1) if row[whole] else 0.0

    return lines(
        _title(model, "정상 제품 수에 따른 성능 (불량 라벨 없이)"),
        {
            "찾은 불량": [(row["normals"], share(row, "caught", "defects")) for row in rows],
            "잘못 걸러낸 정상": [(row["normals"], share(row, "rejected", "good")) for row in rows],
        },
        x="학습에 쓴 정상 제품 수",
        y="비율(%)",
        y_top=100,
        x_names={row["normals"]: str(row["normals"]) for row in rows},
    )


def _times(model: InspectionModel) -> Chart:
    rows = list(model.inspections.order_by("-pk").values_list("times", flat=True)[:200])
    names = [name for name in STAGE_LABELS if any(name in row for row in rows)]
    names += sorted({name for row in rows for name in row} - set(STAGE_LABELS))
    values = [round(median([float(row[name]) for row in rows if name in row]), 1) for name in names]
    return bars(
        _title(model, f"판정 한 건에 걸린 시간 (가운뎃값, {len(rows)}건)"),
        [STAGE_LABELS.get(name, name) for name in names],
        {"시간": values},
        unit="ms",
        label_header="단계",
    )


def _drift(model: InspectionModel) -> Chart:
    rows = list(model.drifts.order_by("pk"))[-30:]
    return lines(
        _title(model, "촬영 조건 점검: 정상 제품 점수의 이동"),
        {"이동": [(place, round(abs(row.shift), 2)) for place, row in enumerate(rows, 1)]},
        x="점검",
        y="이동(σ)",
        x_names={place: f"{row.at:%m-%d}" for place, row in enumerate(rows, 1)},
    )
